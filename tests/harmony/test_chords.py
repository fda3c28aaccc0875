import pytest

from genesis_music.harmony.chords import recognise_chords
from genesis_music.harmony.qualities import QUALITIES
from genesis_music.score import Key, Note

from .pieces import BEAT_SECONDS, piece, steady_tempo_map, strum


def in_key_of(root, quality):
    return Key(root, "minor" if QUALITIES[quality].is_minor else "major")


@pytest.mark.parametrize("quality", QUALITIES)
def test_every_quality_on_every_root_is_named(quality):
    wrong = []
    for root in range(12):
        notes, tempo_map = piece((root, quality))
        (chord,) = recognise_chords(notes, tempo_map, in_key_of(root, quality))
        if (chord.root, chord.quality) != (root, quality):
            wrong.append((root, chord.label))
    assert not wrong


def test_a_bass_other_than_the_root_makes_a_slash_chord():
    notes, tempo_map = piece((0, "major"), (0, "major", 7))
    assert [c.label for c in recognise_chords(notes, tempo_map, Key(0, "major"))][-1] == "C/G"


def test_power_chords_are_not_called_major():
    notes, tempo_map = piece((9, "5"), (5, "5"), (0, "5"), (7, "5"))
    chords = recognise_chords(notes, tempo_map, Key(9, "minor"))
    assert [chord.label for chord in chords] == ["A5", "F5", "C5", "G5"]


def test_labels_are_spelled_as_the_key_is_written():
    notes, tempo_map = piece((10, "major"))
    (chord,) = recognise_chords(notes, tempo_map, Key(5, "major"))
    assert chord.label == "Bb"


def test_silence_has_no_chord():
    (chord,) = recognise_chords([], steady_tempo_map(8), Key(0, "major"))
    assert (chord.label, chord.root, chord.bass, chord.roman) == ("N.C.", None, None, "")


def test_a_silent_measure_between_chords_has_no_chord():
    notes = strum(0, "major", 0) + strum(7, "major", 12)
    labels = [c.label for c in recognise_chords(notes, steady_tempo_map(16), Key(0, "major"))]
    assert labels == ["C", "N.C.", "G"]


def test_chords_change_on_beats_and_leave_no_gap():
    notes, tempo_map = piece((0, "major"), (9, "minor"), (5, "major"), (7, "7"))
    chords = recognise_chords(notes, tempo_map, Key(0, "major"))
    beats = {beat.onset_seconds for beat in tempo_map.beats} | {16 * BEAT_SECONDS}
    assert [c.onset_seconds for c in chords[1:]] == [c.end_seconds for c in chords[:-1]]
    assert {c.onset_seconds for c in chords} | {c.end_seconds for c in chords} <= beats


def test_an_arpeggio_is_one_chord():
    pitches = [48, 55, 60, 64] * 2 + [45, 52, 57, 60] * 2
    notes = [Note(i * BEAT_SECONDS, 2 * BEAT_SECONDS, pitch) for i, pitch in enumerate(pitches)]
    labels = [c.label for c in recognise_chords(notes, steady_tempo_map(16), Key(0, "major"))]
    assert [label.split("/")[0] for label in labels] in (["C", "Am"], ["C", "Am7"])


def test_confidence_is_lower_when_the_notes_name_no_chord():
    clear, tempo_map = piece((0, "major"))
    vague = [Note(0.0, 2.0, 60)]
    key = Key(0, "major")
    assert (
        recognise_chords(vague, tempo_map, key)[0].confidence
        < recognise_chords(clear, tempo_map, key)[0].confidence
    )
