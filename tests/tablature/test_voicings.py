import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.tablature.fretboard import Place, places
from genesis_music.tablature.tunings import STANDARD
from genesis_music.tablature.voicings import fingers_needed, span_limit_frets, voicings


def held(shape):
    return [Place(6 - i, int(mark, 16)) for i, mark in enumerate(shape) if mark != "x"]


@pytest.mark.parametrize(
    ("shape", "fingers"),
    [
        ("022100", 2),
        ("x32010", 3),
        ("133211", 3),
        ("x24442", 2),
        ("577655", 3),
        ("555xxx", 1),
        ("x02220", 1),
        ("000000", 0),
        ("320033", 3),
    ],
)
def test_a_finger_laid_flat_saves_fingers(shape, fingers):
    assert fingers_needed(held(shape)) == fingers


def test_a_barre_cannot_lie_over_an_open_string():
    assert fingers_needed(held("1x0xx1")) == 2


@given(st.lists(st.integers(40, 76), min_size=1, max_size=6, unique=True))
def test_a_voicing_is_never_wider_than_a_hand_nor_needs_a_fifth_finger(pitches):
    found = voicings([places(pitch, STANDARD, 0, 24) for pitch in pitches], 6, 4)
    for strings, frets in zip(found.strings, found.frets, strict=True):
        fretted = frets[frets > 0]
        assert len(set(strings)) == len(pitches)
        assert not len(fretted) or np.ptp(fretted) <= span_limit_frets(int(fretted.min()), 4)
    assert (found.fingers <= 4).all()


def test_two_notes_that_only_one_string_has_cannot_sound_together():
    assert len(voicings([places(pitch, STANDARD, 0, 24) for pitch in (41, 42)], 6, 4)) == 0
