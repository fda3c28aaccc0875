from itertools import pairwise

import numpy as np
import pytest

from training.picking import PART_SECONDS, pick


@pytest.fixture(scope="module")
def parts():
    random = np.random.default_rng(0)
    return [pick(random) for _ in range(20)]


def test_a_string_never_sounds_twice_at_once(parts):
    for part in parts:
        for string in range(1, 7):
            own = [item.note for item in part if item.string == string]
            assert all(a.end_seconds <= b.onset_seconds for a, b in pairwise(own))


def test_parts_are_full_of_ringing_notes_and_end_in_time(parts):
    for part in parts:
        assert len(part) >= 20
        assert max(item.note.end_seconds for item in part) <= PART_SECONDS + 1
    together = [sum(item.note.duration_seconds for item in part) / PART_SECONDS for part in parts]
    assert np.mean(together) > 2
