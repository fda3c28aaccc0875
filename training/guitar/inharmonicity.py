"""Measure a note's fundamental and inharmonicity from its partials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.strings import Floats

MOST_PARTIALS = 28
HIGHEST_HZ = 8000.0
LEAST_PROMINENCE = 8.0
_FROM_SECONDS, _TO_SECONDS = 0.02, 0.9
_SEARCH = 0.18


@dataclass(frozen=True, slots=True)
class Measured:
    """``frequency_hz`` of the first partial and ``inharmonicity`` B, from ``partials`` many partials."""

    frequency_hz: float
    inharmonicity: float
    partials: int


def measure(waveform: NDArray[np.float32], about_hz: float) -> Measured:
    """Fit ``f_n = n f_0 sqrt((1 + B n^2) / (1 + B))`` to an isolated note whose pitch is nearly ``about_hz``.

    Partials are found one after the other, each near where the ones before say it must be, as Barbancho et al.
    (2012) do; here all found so far are fitted by least squares, weighted by their prominence.
    """
    part = waveform[round(_FROM_SECONDS * SAMPLE_RATE_HZ) : round(_TO_SECONDS * SAMPLE_RATE_HZ)]
    size = 1 << 17
    magnitude = np.abs(np.fft.rfft(part * np.hanning(len(part)), size))
    per_bin = SAMPLE_RATE_HZ / size
    number, frequency, weight = [], [], []
    f0, b = about_hz, 0.0
    for n in range(1, MOST_PARTIALS + 1):
        expected = n * f0 * np.sqrt(1 + b * n**2)
        if expected > HIGHEST_HZ:
            break
        reach = about_hz * (0.06 if n == 1 else min(_SEARCH, 0.03 + 0.012 * n))
        peak_hz, prominence = _peak(magnitude, expected, reach, about_hz, per_bin)
        if prominence < LEAST_PROMINENCE:
            continue
        number.append(n)
        frequency.append(peak_hz)
        weight.append(np.log(prominence) * np.sqrt(n))
        f0, b = _fit(np.array(number), np.array(frequency), np.array(weight))
    kept = _without_outliers(np.array(number), np.array(frequency), np.array(weight), f0, b)
    f0, b = _fit(*kept) if len(kept[0]) else (about_hz, 0.0)
    return Measured(float(f0 * np.sqrt(1 + b)), float(b), len(kept[0]))


def _peak(
    magnitude: Floats, expected: float, reach: float, spacing: float, per_bin: float
) -> tuple[float, float]:
    """The highest peak near a frequency, and how many times higher than the middle of its surroundings it is."""
    low, high = round((expected - reach) / per_bin), round((expected + reach) / per_bin) + 1
    k = low + int(np.argmax(magnitude[low:high]))
    half = round(spacing / 2 / per_bin)
    floor = float(np.median(magnitude[max(0, k - half) : k + half]))
    a, c, d = np.log(magnitude[k - 1 : k + 2] + 1e-12)
    shift = 0.5 * (a - d) / (a - 2 * c + d) if low < k < high - 1 else 0.0
    return (k + float(shift)) * per_bin, float(magnitude[k]) / max(floor, 1e-12)


def _fit(n: Floats, frequency: Floats, weight: Floats) -> tuple[float, float]:
    """``(f_n / n)^2 = f^2 + f^2 B n^2`` is a line in ``n^2``; B is held at 0 until it can be told."""
    square = (frequency / n) ** 2
    if len(n) < 4:
        return float(np.sqrt(np.average(square, weights=weight))), 0.0
    slope, level = np.polyfit(n**2.0, square, 1, w=weight)
    return float(np.sqrt(max(level, 1.0))), float(np.clip(slope / level, 0.0, 3e-3))


def _without_outliers(
    n: Floats, frequency: Floats, weight: Floats, f0: float, b: float
) -> tuple[Floats, Floats, Floats]:
    off = np.abs(frequency - n * f0 * np.sqrt(1 + b * n**2)) / np.maximum(n, 4)
    good = off <= max(3 * float(np.median(off)) if len(off) else 0.0, 0.05)
    return n[good], frequency[good], weight[good]
