"""Grips are held as a guitarist holds them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.tablature.hand import fret_mm, grip_of, shift_frets


def places(*frets):
    """From string 6 to string 1, as chord charts are written; ``None`` is not played."""
    return tuple((6 - i, fret) for i, fret in enumerate(frets) if fret is not None)


@pytest.mark.parametrize(
    ("name", "chart", "fingers", "barre"),
    [
        ("E minor", (0, 2, 2, 0, 0, 0), 2, False),
        ("G", (3, 2, 0, 0, 0, 3), 3, False),
        ("C", (None, 3, 2, 0, 1, 0), 3, False),
        ("F", (1, 3, 3, 2, 1, 1), 4, True),
        ("B minor", (None, 2, 4, 4, 3, 2), 4, True),
        ("B with three at the fourth fret", (None, 2, 4, 4, 4, 2), 4, True),
        ("power chord", (None, 3, 5, 5, None, None), 3, False),
        ("all open", (0, 0, 0, 0, 0, 0), 0, False),
    ],
)
def test_chords_take_the_fingers_a_teacher_would_use(name, chart, fingers, barre):
    grip = grip_of(places(*chart))
    assert (grip.fingers, grip.barre) == (fingers, barre)


@given(fret=st.integers(0, 20), capo=st.integers(0, 9))
def test_frets_get_narrower_up_the_neck(fret, capo):
    first = fret_mm(fret + 1, capo) - fret_mm(fret, capo)
    second = fret_mm(fret + 2, capo) - fret_mm(fret + 1, capo)
    assert 0 < second < first


def test_the_octave_is_half_the_string():
    assert fret_mm(12) == pytest.approx(324.0)


def test_the_hand_moves_only_when_a_fret_is_out_of_reach():
    assert shift_frets(5, [(3, 8)]) == 0
    assert shift_frets(5, [(3, 9)]) == 1
    assert shift_frets(5, [(3, 2)]) == -3
    assert shift_frets(5, [(3, 0)]) == 0
    assert shift_frets(None, [(3, 12)]) == 0
