"""The noise floor of a recording, per frequency band, from the recording itself.

Between and beneath the notes every band shows the noise for part of the time, so a low quantile of its power
over time tells the floor (minimum statistics: Martin, IEEE TSAP 2001). Deviations: one floor for the whole
recording (the hiss of a room or an amplifier stays), a quantile in place of the minimum, the median over
neighbouring bands, because a floor is smooth and a note that never stops is not, and at low frequencies no
more than pink noise has that fits the floor at high ones: where a guitar never rests, the quantile is music.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from genesis_music.audio.recording import Samples

SILENCE_DB = -120.0
"""The lowest level that is told apart, in dB relative to full scale."""

_QUANTILE = 0.1
_BIAS_DB = 10 * np.log10(-1 / np.log(1 - _QUANTILE))
"""Noise power is exponentially distributed: its mean lies this far above its 10 % quantile."""

_HIGHEST_DB = 40
_LOWEST_DB = -160
_LEVELS = _HIGHEST_DB - _LOWEST_DB + 1
"""Powers are counted in steps of 1 dB."""

_NEIGHBOURS = 8
_FRAMES_PER_LOOK = 2
"""Every second frame is looked at: the floor does not change so fast."""


@dataclass(frozen=True, slots=True, eq=False)
class NoiseProfile:
    """The floor of a recording.

    ``band_power`` is ``[frame_samples // 2 + 1]``: mean power of the noise in each band of a Hann-windowed
    frame, scaled so that the sum over bands is the mean square of the noise. ``level_db`` is the whole floor
    in dB relative to full scale; ``signal_db`` the level that the loudest tenth of the frames exceeds.
    """

    sample_rate_hz: int
    frame_samples: int
    band_power: NDArray[np.float32]
    level_db: float
    signal_db: float


def frame_samples(sample_rate_hz: int) -> int:
    """Frame length of the analysis: the power of two nearest to 46 ms."""
    return int(2 ** round(np.log2(0.0464 * sample_rate_hz)))


@cache
def hann(size: int) -> NDArray[np.float32]:
    """Periodic Hann window."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)


@dataclass(slots=True)
class NoiseMeter:
    """Collects what :class:`NoiseProfile` needs as samples pass; memory does not grow with length."""

    sample_rate_hz: int
    _rest: Samples = field(default_factory=lambda: np.empty(0, np.float32))
    _bands: NDArray[np.int64] = field(init=False)
    _totals: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        bands = frame_samples(self.sample_rate_hz) // 2 + 1
        self._bands = np.zeros((bands, _LEVELS), np.int64)
        self._totals = np.zeros(_LEVELS, np.int64)

    def add(self, samples: Samples) -> None:
        """Look at the next float32 ``[n]``."""
        step = frame_samples(self.sample_rate_hz) * _FRAMES_PER_LOOK
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) // step * step
        self._rest = joined[whole:]
        if whole:
            self._count(joined[:whole].reshape(-1, step)[:, : step // _FRAMES_PER_LOOK])

    def profile(self) -> NoiseProfile:
        """The floor of everything added so far; a floor of silence when that was less than a frame."""
        size = frame_samples(self.sample_rate_hz)
        quantile_db = _quantile_db(self._bands, _QUANTILE) + _BIAS_DB
        floor_db = _at_most_pink(_median_filter(quantile_db, _NEIGHBOURS))
        power = (10 ** (floor_db / 10)).astype(np.float32)
        return NoiseProfile(
            sample_rate_hz=self.sample_rate_hz,
            frame_samples=size,
            band_power=power,
            level_db=float(max(10 * np.log10(power.sum()), SILENCE_DB)),
            signal_db=float(max(_quantile_db(self._totals[np.newaxis], 0.9)[0], SILENCE_DB)),
        )

    def _count(self, frames: Samples) -> None:
        power = band_powers(frames)
        totals = power.sum(axis=1)
        audible = totals > 10 ** (SILENCE_DB / 10)  # digital silence says nothing about the noise
        levels = _level_index(power[audible])
        bands = self._bands.shape[0]
        flat = (levels + np.arange(bands) * _LEVELS).ravel()
        self._bands += np.bincount(flat, minlength=self._bands.size).reshape(self._bands.shape)
        self._totals += np.bincount(_level_index(totals[audible]), minlength=_LEVELS)


def band_powers(frames: Samples) -> NDArray[np.float32]:
    """Power per band ``[n, bands]`` of frames ``[n, frame_samples]``; its sum is the frame's mean square."""
    window = hann(frames.shape[1])
    spectrum = np.fft.rfft(frames * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    power[:, 1:-1] *= 2
    scale = 1 / (frames.shape[1] * float((window**2).sum()))
    return np.asarray(power * scale, np.float32)


def _level_index(power: NDArray[np.float32]) -> NDArray[np.int64]:
    decibels = 10 * np.log10(np.maximum(power, np.float32(10 ** (_LOWEST_DB / 10))))
    return np.asarray(np.clip(np.rint(decibels - _LOWEST_DB), 0, _LEVELS - 1), np.int64)


def _quantile_db(counts: NDArray[np.int64], quantile: float) -> NDArray[np.float64]:
    """Per row of a histogram over levels, the level below which ``quantile`` of the counts lie."""
    cumulative = counts.cumsum(axis=1)
    wanted = quantile * cumulative[:, -1:]
    index = (cumulative >= np.maximum(wanted, 1)).argmax(axis=1)
    return np.asarray(index + _LOWEST_DB, np.float64)


def _at_most_pink(floor_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cap the floor below a quarter of the highest frequency by pink noise fitted to the octave above."""
    quarter = len(floor_db) // 4
    octave = np.arange(quarter, 2 * quarter)
    band = np.arange(1, len(floor_db) + 1)
    pink_db = np.median(floor_db[octave] + 10 * np.log10(band[octave])) - 10 * np.log10(band)
    return np.where(band < quarter, np.minimum(floor_db, pink_db), floor_db)


def _median_filter(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    padded = np.pad(values, reach, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.asarray(np.median(windows, axis=1), np.float64)
