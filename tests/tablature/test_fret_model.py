import numpy as np
import pytest

from genesis_music.tablature.fret_model import FRETS, NotesInOrder, guitar_transposition, load_fret_model
from genesis_music.tablature.tunings import TUNINGS


def melody(pitches):
    count = len(pitches)
    onsets = np.arange(count) * 0.25
    return NotesInOrder(np.array(pitches), onsets, np.full(count, 0.25), np.arange(count))


@pytest.mark.parametrize(
    ("name", "capo", "semitones"),
    [
        ("standard", 0, 0),
        ("standard", 3, -3),
        ("drop-d", 0, 0),
        ("dadgad", 0, 0),
        ("half-step-down", 0, 1),
        ("drop-c", 0, 2),
        ("7-string", 0, 0),
        ("8-string", 0, 0),
        ("baritone", 0, 5),
        ("bass-4", 0, 12),
        ("bass-5", 0, 12),
        ("ukulele", 0, -5),
    ],
)
def test_other_instruments_are_laid_beside_the_guitar(name, capo, semitones):
    assert guitar_transposition(TUNINGS[name], capo) == semitones


def test_the_model_scores_every_fret_of_every_note():
    scores = load_fret_model().fret_scores(melody([60, 62, 64, 65, 67]))
    assert scores.shape == (5, FRETS)
    assert np.isfinite(scores).all()


def test_the_model_looks_at_the_neighbours_but_not_at_the_far_end_of_the_piece():
    near, far = [64] * 400, [64] * 400
    near[1], far[399] = 76, 76
    plain = load_fret_model().fret_scores(melody([64] * 400))[0]
    assert not np.allclose(load_fret_model().fret_scores(melody(near))[0], plain)
    assert np.allclose(load_fret_model().fret_scores(melody(far))[0], plain, atol=1e-5)
