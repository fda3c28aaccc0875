from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.rhythm.beat_measures import BarredBeats, build_tempo_map, extend_beats, smooth_beat_times
from genesis_music.score import TimeSignature

COMMON = TimeSignature(4, 4)


def barred(seconds: np.ndarray, first_number: int = 1) -> BarredBeats:
    numbers = (np.arange(len(seconds)) + first_number - 1) % 4 + 1
    return BarredBeats(seconds, numbers, (COMMON,) * len(seconds))


def test_an_even_pulse_stays_as_it_is():
    even = 1.5 + 0.5 * np.arange(20)
    assert smooth_beat_times(even) == pytest.approx(even)


def test_a_steady_accelerando_stays_as_it_is():
    beats = np.arange(20.0)
    times = 0.6 * beats - 0.005 * beats**2
    assert smooth_beat_times(times) == pytest.approx(times)


def test_jitter_is_nearly_halved():
    even = 0.5 * np.arange(200)
    jitter = np.random.default_rng(0).normal(0, 0.02, 200)
    assert np.std(smooth_beat_times(even + jitter) - even) < 0.6 * np.std(jitter)


@given(
    first=st.floats(-3, 30),
    length=st.floats(0, 30),
    number=st.integers(1, 4),
    period=st.floats(0.25, 1.5),
)
def test_beats_are_fitted_to_any_span(first, length, number, period):
    beats = barred(5 + period * np.arange(12), number)
    fitted = extend_beats(beats, first, first + length)
    assert fitted.seconds[0] <= first
    assert fitted.numbers[-1] == 4
    assert 1 in fitted.numbers
    assert all((b - a) % 4 == 1 for a, b in pairwise(fitted.numbers.tolist()))


def test_a_pickup_is_measure_0_and_keeps_the_numbers_that_are_counted():
    tempo_map = build_tempo_map(barred(0.5 * np.arange(6), first_number=3), 1.0)
    assert [(beat.measure, beat.beat) for beat in tempo_map.beats] == [
        (0, 3), (0, 4), (1, 1), (1, 2), (1, 3), (1, 4),
    ]  # fmt: skip
    assert tempo_map.measures[0].length_quarters == 2
    assert [measure.tempo_bpm for measure in tempo_map.measures] == pytest.approx([120, 120])
