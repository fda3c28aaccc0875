import numpy as np
import pytest

from training.guitar_idioms import IDIOMS, generate_part
from training.guitar_shapes import frets


@pytest.mark.parametrize("seed", range(40))
def test_a_string_holds_one_note_at_a_time(seed):
    sounding = {}
    for note in generate_part(np.random.default_rng(seed)):
        assert note.onset >= sounding.get(note.string, 0.0) - 1e-9
        sounding[note.string] = note.onset + note.length


@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.__name__)
def test_every_idiom_stays_on_the_neck(idiom):
    for seed in range(20):
        notes = idiom(np.random.default_rng(seed))
        assert all(1 <= note.string <= 6 and 0 <= note.fret <= 24 for note in notes)


def test_shapes_are_read_from_the_low_string_up():
    assert frets("x32010") == {5: 3, 4: 2, 3: 0, 2: 1, 1: 0}
    assert frets("022xxx", at=3) == {6: 3, 5: 5, 4: 5}
