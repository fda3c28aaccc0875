import numpy as np
import pytest

from genesis_music.rhythm.beat_decoder import decode_beats, period_grid
from genesis_music.rhythm.beat_network import BeatActivations


def activations(beat_frames: np.ndarray, numbers: np.ndarray, frames: int) -> BeatActivations:
    """Sure of every beat and downbeat, and of nothing else."""
    beat, downbeat = np.full(frames, -4, np.float32), np.full(frames, -4, np.float32)
    beat[beat_frames] = 4
    downbeat[beat_frames[numbers == 1]] = 4
    return BeatActivations(beat, downbeat, np.zeros(frames, np.float32))


def decode(found: BeatActivations, metres=(2, 3, 4)):
    periods = period_grid(6, 30)
    return decode_beats(found, periods_frames=periods, period_scores=np.zeros_like(periods), metres=metres)


@pytest.mark.parametrize("bar_beats", [2, 3, 4])
@pytest.mark.parametrize("period", [9, 12, 17])
def test_clear_beats_and_bars_are_found_exactly(period, bar_beats):
    beats = 5 + period * np.arange(24)
    numbers = (np.arange(24) + 1) % bar_beats + 1
    decoded = decode(activations(beats, numbers, beats[-1] + 4))
    assert decoded.frames.tolist() == beats.tolist()
    assert decoded.numbers.tolist() == numbers.tolist()
    assert set(decoded.bar_beats.tolist()) == {bar_beats}


def test_beats_without_evidence_are_filled_in():
    beats = 12 * np.arange(24)
    kept = np.r_[0:10, 13:24]
    decoded = decode(activations(beats[kept], kept % 4 + 1, 282))
    assert decoded.frames.tolist() == beats.tolist()


def test_a_change_of_metre_is_followed_when_it_is_plain():
    numbers = np.array([1, 2, 3, 4] * 8 + [1, 2, 3] * 8)
    beats = 12 * np.arange(len(numbers))
    decoded = decode(activations(beats, numbers, beats[-1] + 6))
    assert decoded.numbers.tolist() == numbers.tolist()


def test_periods_between_frames_are_followed():
    beats = np.rint(12.4 * np.arange(40)).astype(int)
    decoded = decode(activations(beats, np.arange(40) % 4 + 1, beats[-1] + 6))
    assert decoded.frames.tolist() == beats.tolist()


def test_only_the_metres_asked_for_are_used():
    beats = 12 * np.arange(24)
    decoded = decode(activations(beats, np.arange(24) % 4 + 1, 290), metres=(3,))
    assert set(decoded.bar_beats.tolist()) == {3}
