import numpy as np
import pytest

from training.guitar.annotated import AnnotatedNotes
from training.guitar.dynamics import QUIETEST, Dynamics, random_dynamics
from training.guitar.generated import generated_phrase


def test_a_string_that_is_held_back_is_softer():
    dynamics = Dynamics(0.7, 0.0, (0.0, 0.3, 0.3, 0.3, 0.3, 0.0), careless=0.0)
    random = np.random.default_rng(0)
    assert dynamics.velocity(1, random) == pytest.approx(0.7)
    assert dynamics.velocity(3, random) == pytest.approx(0.4)


def test_careless_strokes_are_softer_than_the_others():
    dynamics = Dynamics(0.8, 0.0, (0.0,) * 6, careless=0.3)
    random = np.random.default_rng(0)
    velocities = np.array([dynamics.velocity(2, random) for _ in range(2000)])
    assert np.mean(velocities < 0.75) == pytest.approx(0.3, abs=0.04)
    assert velocities.min() >= 0.4 - 1e-9


@pytest.mark.parametrize("seed", range(50))
def test_no_touch_is_silent_or_harder_than_the_hardest(seed):
    random = np.random.default_rng(seed)
    dynamics = random_dynamics(random)
    for string in range(1, 7):
        assert QUIETEST <= dynamics.velocity(string, random) <= 1


def test_within_a_chord_some_notes_are_much_softer_than_others():
    ranges = []
    for seed in range(150):
        strokes = generated_phrase(4.0, np.random.default_rng(seed)).strokes
        onsets = np.array([stroke.onset_seconds for stroke in strokes])
        order = np.argsort(onsets)
        for group in np.split(order, np.flatnonzero(np.diff(onsets[order]) > 0.05) + 1):
            if len(group) >= 4:
                velocities = [strokes[index].velocity for index in group]
                ranges.append(max(velocities) - min(velocities))
    assert len(ranges) > 50
    assert np.percentile(ranges, 90) > 0.4 > np.percentile(ranges, 25)


def test_dense_excerpts_are_played_more_often_than_sparse_ones():
    notes = AnnotatedNotes(np.array([0, 100, 500]), np.zeros((500, 4), np.float32))
    assert notes.weights == pytest.approx([1 / 3, 2 / 3])
