"""Notes → a pulse: a clock that ticks with the music, at some metrical level.

Rhythm means the same at every tempo, so everything after this stage counts time in pulses instead of seconds.
The pulse is some level of the metre between 75 and 170 a minute, not necessarily the beat: it may be twice or
half as fast or lie at 3:2 to it. It is found from the autocorrelation of note onsets (in the manner of
Grosche & Müller's cyclic tempogram, ISMIR 2010), followed through time by dynamic programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FRAMES_PER_PULSE = 12
"""Halves, thirds and quarters of a pulse all fall on frames."""

SLOWEST_PULSE_BPM = 75.0
FASTEST_PULSE_BPM = 170.0
_PERIOD_STEP = 1.02
_SALIENCE_RATE_HZ = 50
_HOP_SECONDS = 1.0
_WINDOW_SECONDS = 14.0
_HOPS_AT_ONCE = 256
_CHANGE_COST = 2.0
_CHANGE_REACH = 3

MULTIPLES = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4, 6, 8)
"""Multiples of the pulse at which the repetition of onsets is looked at."""
_ALL_ONSETS_WEIGHTS = (4.0, 1.2, 1.4, 3.0, 1.8, 3.1, 5.1, 2.5, 3.0, 2.5, 3.5, 1.6, 4.6)
_LOW_ONSETS_WEIGHTS = (4.6, -0.2, 4.8, -0.6, 1.6, 3.7, -0.1, 1.2, 3.3, 1.0, 3.4, 2.3, 4.7)
_TYPICAL_BPM = 115.0
_OCTAVE_WEIGHTS = (-1.2, -3.5)
"""Of the pulse's distance from the typical tempo in octaves, and of its square. All weights were fitted with
``training/beats_pulse.py`` so that the beat, or an octave of it, is the most likely pulse."""


@dataclass(frozen=True)
class PulseClock:
    """Strictly increasing times (seconds) of frames 0, 1, 2 …, :data:`FRAMES_PER_PULSE` to a pulse."""

    seconds: FloatArray

    def frames_at(self, seconds: FloatArray) -> FloatArray:
        """Fractional frame at each time, within the clock's span."""
        return np.interp(seconds, self.seconds, np.arange(len(self.seconds), dtype=np.float64))

    def seconds_at(self, frames: FloatArray) -> FloatArray:
        """Time of each fractional frame, within the clock's span."""
        return np.interp(frames, np.arange(len(self.seconds), dtype=np.float64), self.seconds)

    @property
    def pulse_seconds(self) -> FloatArray:
        """Length of a pulse at each frame."""
        return np.asarray(np.gradient(self.seconds) * FRAMES_PER_PULSE, np.float64)


def find_pulse(
    onset_seconds: FloatArray,
    pitch_midi: FloatArray,
    duration_seconds: float,
    slowest_bpm: float = SLOWEST_PULSE_BPM,
    fastest_bpm: float = FASTEST_PULSE_BPM,
) -> PulseClock:
    """Follow the pulse of notes from 0 to ``duration_seconds``; time and memory are linear in it.

    Args:
        onset_seconds: one per note, at least one, in any order.
        pitch_midi: one per note.
        duration_seconds: what the clock covers.
        slowest_bpm: lower limit of the pulse.
        fastest_bpm: upper limit of the pulse.
    """
    periods = period_candidates(slowest_bpm, fastest_bpm)
    evidence = period_evidence(onset_seconds, pitch_midi, duration_seconds, periods)
    weights = np.array((*_ALL_ONSETS_WEIGHTS, *_LOW_ONSETS_WEIGHTS, *_OCTAVE_WEIGHTS))
    path = periods[_smooth_path(np.einsum("hfp,f->hp", evidence, weights))]
    path = np.convolve(np.pad(path, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    return _clock(path, duration_seconds)


def period_candidates(
    slowest_bpm: float = SLOWEST_PULSE_BPM, fastest_bpm: float = FASTEST_PULSE_BPM
) -> FloatArray:
    """Pulse lengths in seconds, longest first, 2 % apart."""
    steps = max(1, round(np.log(fastest_bpm / slowest_bpm) / np.log(_PERIOD_STEP)))
    return np.asarray(60 / slowest_bpm * (slowest_bpm / fastest_bpm) ** (np.arange(steps + 1) / steps))


def period_evidence(
    onset_seconds: FloatArray, pitch_midi: FloatArray, duration_seconds: float, periods: FloatArray
) -> NDArray[np.float32]:
    """What speaks for each period around every second: ``[hops, features, periods]``.

    The features are the autocorrelation of all onsets, then of low onsets, at :data:`MULTIPLES` of the
    period, then the distance from a typical tempo in octaves and its square.
    """
    low = 1 / (1 + np.exp((pitch_midi - np.median(pitch_midi)) / 3))
    repeats = [
        _repetition(_salience(onset_seconds, weights, duration_seconds), periods)
        for weights in (np.ones_like(low), low)
    ]
    octaves = np.log2(60 / periods / _TYPICAL_BPM).astype(np.float32)
    prior = np.broadcast_to(np.stack([octaves, octaves**2]), (len(repeats[0]), 2, len(periods)))
    return np.concatenate([*repeats, prior], axis=1)


def _salience(onset_seconds: FloatArray, weights: FloatArray, duration_seconds: float) -> FloatArray:
    """Onset strength, compressed so that a chord counts little more than a note, smoothed over 60 ms."""
    length = int(duration_seconds * _SALIENCE_RATE_HZ) + 2
    position = np.clip(onset_seconds * _SALIENCE_RATE_HZ, 0, length - 2)
    left = position.astype(np.int64)
    share = position - left
    count = np.bincount(left, weights * (1 - share), length)
    count += np.bincount(left + 1, weights * share, length)
    smooth = np.convolve(count, [0.25, 0.5, 0.75, 0.5, 0.25], mode="same")
    return np.asarray(np.log1p(smooth), np.float64)


def _repetition(salience: FloatArray, periods: FloatArray) -> NDArray[np.float32]:
    """Normalised autocorrelation around every hop: ``[hops, multiples, periods]``."""
    window = int(_WINDOW_SECONDS * _SALIENCE_RATE_HZ)
    hop = int(_HOP_SECONDS * _SALIENCE_RATE_HZ)
    padded = np.pad(salience, (window // 2, window // 2 + hop))
    windows = sliding_window_view(padded, window)[::hop]
    lag = np.array(MULTIPLES)[:, None] * periods * _SALIENCE_RATE_HZ
    left = np.minimum(lag.astype(np.int64), window - 2)
    share = np.clip(lag - left, 0, 1).astype(np.float32)
    parts = []
    for start in range(0, len(windows), _HOPS_AT_ONCE):
        repeats = _autocorrelation(windows[start : start + _HOPS_AT_ONCE] * np.hanning(window))
        parts.append(repeats[:, left] * (1 - share) + repeats[:, left + 1] * share)
    return np.concatenate(parts)


def _autocorrelation(windows: FloatArray) -> NDArray[np.float32]:
    """Of every row, by the power spectrum, divided by its power."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, 2 * windows.shape[1])
    repeats = np.fft.irfft(np.abs(spectrum) ** 2)[:, : windows.shape[1]]
    return np.asarray(repeats / np.maximum(repeats[:, :1], 1e-6), np.float32)


def _smooth_path(scores: FloatArray) -> NDArray[np.int64]:
    """The best index per hop when every step away costs something (Viterbi)."""
    hops, periods = scores.shape
    shifts = np.arange(-_CHANGE_REACH, _CHANGE_REACH + 1)
    came_from = np.zeros((hops, periods), np.int64)
    total = scores[0]
    for hop in range(1, hops):
        padded = np.pad(total, _CHANGE_REACH, constant_values=-np.inf)
        options = sliding_window_view(padded, len(shifts)) - _CHANGE_COST * np.abs(shifts)
        best = options.argmax(axis=1)
        came_from[hop] = np.arange(periods) + shifts[best]
        total = options[np.arange(periods), best] + scores[hop]
    path = np.empty(hops, np.int64)
    path[-1] = total.argmax()
    for hop in range(hops - 1, 0, -1):
        path[hop - 1] = came_from[hop, path[hop]]
    return path


def _clock(period_at_hops: FloatArray, duration_seconds: float) -> PulseClock:
    """Integrate pulse lengths into frame times from 0 to beyond the end."""
    hop_seconds = np.arange(len(period_at_hops)) * _HOP_SECONDS
    speed = FRAMES_PER_PULSE / period_at_hops
    frames = np.concatenate([[0], np.cumsum((speed[1:] + speed[:-1]) / 2 * _HOP_SECONDS)])
    over = max(0.0, duration_seconds - hop_seconds[-1]) + 2 * period_at_hops[-1]
    hop_seconds = np.append(hop_seconds, hop_seconds[-1] + over)
    frames = np.append(frames, frames[-1] + over * speed[-1])
    last = int(np.ceil(np.interp(duration_seconds, hop_seconds, frames))) + 1
    return PulseClock(np.interp(np.arange(last + 1, dtype=np.float64), frames, hop_seconds))
