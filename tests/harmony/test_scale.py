import pytest

from genesis_music.harmony.scale import SCALES, scale_name
from genesis_music.score import Key, Note


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_played_through_is_named(name):
    intervals = SCALES[name]
    notes = [Note(i * 0.5, 0.5, 57 + interval) for i, interval in enumerate((*intervals, 12))]
    mode = "minor" if 3 in intervals and 4 not in intervals else "major"
    assert scale_name(notes, Key(9, mode)) == f"A {name}"


def test_without_notes_the_scale_is_that_of_the_key():
    assert scale_name([], Key(4, "minor")) == "E natural minor"
