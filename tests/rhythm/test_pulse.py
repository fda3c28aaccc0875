import numpy as np
import pytest

from genesis_music.rhythm.pulse import FRAMES_PER_PULSE, find_pulse


def eighths(tempo_bpm: float, beats: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Even eighths with a low note on every beat."""
    onsets = np.arange(2 * beats) * 30 / tempo_bpm
    return onsets, np.where(np.arange(2 * beats) % 2 == 0, 45.0, 64.0)


@pytest.mark.parametrize("tempo_bpm", [60, 80, 97, 120, 150, 190])
def test_the_pulse_is_the_beat_or_an_octave_of_it(tempo_bpm):
    onsets, pitches = eighths(tempo_bpm)
    clock = find_pulse(onsets, pitches, onsets[-1])
    octaves = np.log2(60 / np.median(clock.pulse_seconds) / tempo_bpm)
    assert octaves == pytest.approx(round(octaves), abs=0.03)


def test_the_pulse_follows_a_slow_change_of_tempo():
    onsets, pitches = eighths(110)
    warped = onsets + 0.004 * onsets**2
    clock = find_pulse(warped, pitches, warped[-1])
    spacing = np.diff(clock.frames_at(warped)) / FRAMES_PER_PULSE
    assert np.ptp(spacing[8:-8]) < 0.06


@pytest.mark.parametrize("duration_seconds", [0.05, 1.0, 61.3])
def test_the_clock_covers_the_recording_in_increasing_steps(duration_seconds):
    clock = find_pulse(np.array([0.0]), np.array([60.0]), duration_seconds)
    assert clock.seconds[0] == 0
    assert clock.seconds[-1] >= duration_seconds
    assert np.all(np.diff(clock.seconds) > 0)


def test_frames_and_seconds_are_inverse():
    clock = find_pulse(*eighths(100), 30.0)
    times = np.linspace(0, 29, 50)
    assert clock.seconds_at(clock.frames_at(times)) == pytest.approx(times)


def test_the_limits_of_the_pulse_are_kept():
    onsets, pitches = eighths(120)
    clock = find_pulse(onsets, pitches, onsets[-1], slowest_bpm=85, fastest_bpm=95)
    tempo = 60 / clock.pulse_seconds
    assert tempo.min() > 84
    assert tempo.max() < 96
