import pytest

from genesis_music.harmony.chords import recognise_chords
from genesis_music.harmony.qualities import QUALITIES
from genesis_music.score import Key

from .pieces import piece, steady_tempo_map


@pytest.mark.parametrize("quality", QUALITIES)
def test_every_quality_on_every_root_is_named(quality):
    wrong = []
    for root in range(12):
        notes, tempo_map = piece((root, quality))
        (chord,) = recognise_chords(
            notes, tempo_map, Key(root, "minor" if QUALITIES[quality].is_minor else "major")
        )
        if (chord.root, chord.quality) != (root, quality):
            wrong.append((root, chord.label))
    assert not wrong


def test_silence_has_no_chord():
    (chord,) = recognise_chords([], steady_tempo_map(8), Key(0, "major"))
    assert (chord.label, chord.root, chord.bass) == ("N.C.", None, None)
