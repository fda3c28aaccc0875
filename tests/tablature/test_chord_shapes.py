import pytest

from genesis_music.harmony.qualities import QUALITIES, chord_pitch_classes
from genesis_music.tablature.chord_shapes import MAX_FINGERS, MAX_SPAN_FRETS, chord_voicing

STANDARD = (64, 59, 55, 50, 45, 40)
DADGAD = (62, 57, 55, 50, 45, 38)
UKULELE = (69, 64, 60, 67)


def spell(shape):
    return "".join("x" if fret is None else str(fret) for fret in reversed(shape))


def sounding(shape, tuning, capo=0):
    return [pitch + capo + fret for pitch, fret in zip(tuning, shape, strict=True) if fret is not None]


@pytest.mark.parametrize(
    ("root", "quality", "expected"),
    [
        (0, "major", "x32010"),
        (2, "major", "xx0232"),
        (4, "major", "022100"),
        (7, "major", "320003"),
        (9, "major", "x02220"),
        (5, "major", "133211"),
        (10, "major", "x13331"),
        (2, "minor", "xx0231"),
        (4, "minor", "022000"),
        (9, "minor", "x02210"),
        (6, "minor", "244222"),
        (11, "minor", "x24432"),
        (7, "7", "320001"),
        (11, "7", "x21202"),
        (0, "maj7", "x32000"),
        (2, "sus4", "xx0233"),
        (4, "5", "022xxx"),
    ],
)
def test_open_and_barre_chords_have_the_shapes_of_chord_books(root, quality, expected):
    assert spell(chord_voicing(root, quality, root, STANDARD)) == expected


@pytest.mark.parametrize("quality", QUALITIES)
def test_every_chord_is_playable_with_its_root_in_the_bass(quality):
    for root in range(12):
        shape = chord_voicing(root, quality, root, STANDARD)
        pitches = sounding(shape, STANDARD)
        fretted = [fret for fret in shape if fret]
        assert {pitch % 12 for pitch in pitches} <= chord_pitch_classes(root, quality)
        assert min(pitches) % 12 == root
        assert max(fretted) - min(fretted) <= MAX_SPAN_FRETS
        above_barre = sum(fret > min(fretted) for fret in fretted)
        assert above_barre < MAX_FINGERS or len(fretted) <= MAX_FINGERS


def test_a_slash_chord_has_its_bass_lowest():
    pitches = sounding(chord_voicing(0, "major", 7, STANDARD), STANDARD)
    assert min(pitches) % 12 == 7
    assert {pitch % 12 for pitch in pitches} == {0, 4, 7}


def test_a_capo_moves_open_shapes_up_the_neck():
    assert chord_voicing(2, "major", 2, STANDARD, 2) == chord_voicing(0, "major", 0, STANDARD)


@pytest.mark.parametrize("tuning", [DADGAD, UKULELE])
def test_other_tunings_get_chords_of_their_own(tuning):
    shape = chord_voicing(7, "major", 7, tuning)
    assert len(shape) == len(tuning)
    assert {pitch % 12 for pitch in sounding(shape, tuning)} == {7, 11, 2}


def test_an_instrument_with_one_string_has_no_chord_shapes():
    assert chord_voicing(0, "major", 0, (60,)) == ()
