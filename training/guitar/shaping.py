"""Give a recorded note the colour of another string: its inharmonicity, pluck comb and decay."""

from __future__ import annotations

import numpy as np

from training.guitar.bank import Waveform
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.strings import Floats, StringSpec, partials_hz

MOST_COMB_DB = 9.0
_SIZE = 1 << 17
_BANDS_HZ = np.array([0.0, 350.0, 700.0, 1400.0, 2800.0, 5600.0, 11025.0])
_EXTRA_DECAY = (-1.0, 8.0)


def restring(
    waveform: Waveform,
    frequency_hz: float,
    was: StringSpec,
    was_inharmonicity: float,
    becomes: StringSpec,
    pluck_from_bridge: float,
) -> Waveform:
    """A note of ``frequency_hz`` as it would sound on another string at the same pitch.

    Every partial keeps its own envelope and moves to where the other string's stiffness puts it: its slice of the
    whole note's spectrum is shifted, which leaves the attack in place. Between the strings' pluck combs (the hand
    stays ``pluck_from_bridge`` of the open length from the bridge) and decay rates the difference is applied.
    """
    old_fret = 12 * np.log2(frequency_hz / was.frequency_hz(0))
    new_fret = 12 * np.log2(frequency_hz / becomes.frequency_hz(0))
    nyquist = SAMPLE_RATE_HZ / 2
    old = partials_hz(frequency_hz, was_inharmonicity, nyquist)
    new = partials_hz(frequency_hz, becomes.inharmonicity(new_fret), nyquist)
    count = min(len(old), len(new))
    old, new = old[:count], new[:count]
    spectrum = np.fft.rfft(waveform, _SIZE)
    moved = _moved(spectrum, old, new)
    if abs(new_fret - old_fret) < 0.5:
        return np.fft.irfft(moved, _SIZE)[: len(waveform)].astype(np.float32)
    moved = moved * _comb_change(count, new, old_fret, new_fret, pluck_from_bridge)
    slower = becomes.decay(new_fret, _BANDS_HZ) - was.decay(old_fret, _BANDS_HZ)
    return _decayed(moved, np.clip(slower, *_EXTRA_DECAY), len(waveform))


def flageolet(waveform: Waveform, spec: StringSpec, harmonic: int) -> Waveform:
    """Keep every so-many-th partial of an open string."""
    partial = partials_hz(spec.frequency_hz(0), spec.inharmonicity(0), SAMPLE_RATE_HZ / 2)
    borders = np.round((partial[1:] + partial[:-1]) / 2 * _SIZE / SAMPLE_RATE_HZ).astype(np.int64)
    spectrum = np.fft.rfft(waveform, _SIZE)
    number = np.searchsorted(borders, np.arange(len(spectrum)), side="right") + 1
    return np.fft.irfft(spectrum * (number % harmonic == 0), _SIZE)[: len(waveform)].astype(np.float32)


def _moved(spectrum: np.ndarray, old_hz: Floats, new_hz: Floats) -> np.ndarray:
    """Each partial's slice of the spectrum, halfway to its neighbours, shifted to its new place."""
    per_bin = SAMPLE_RATE_HZ / _SIZE
    shift = np.round((new_hz - old_hz) / per_bin).astype(np.int64)
    borders = np.round((new_hz[1:] + new_hz[:-1]) / 2 / per_bin).astype(np.int64)
    bins = np.arange(len(spectrum))
    source = bins - shift[np.searchsorted(borders, bins, side="right")]
    return spectrum[np.clip(source, 0, len(spectrum) - 1)]


def _comb_change(
    count: int, partial_hz: Floats, old_fret: float, new_fret: float, pluck_from_bridge: float
) -> Waveform:
    n = np.arange(1, count + 1)
    combs = [
        0.15 + np.abs(np.sin(np.pi * n * min(0.5, pluck_from_bridge * 2 ** (fret / 12))))
        for fret in (old_fret, new_fret)
    ]
    change_db = np.clip(20 * np.log10(combs[1] / combs[0]), -MOST_COMB_DB, MOST_COMB_DB)
    frequencies = np.arange(_SIZE // 2 + 1) * (SAMPLE_RATE_HZ / _SIZE)
    gain: Waveform = (10 ** (np.interp(frequencies, partial_hz, change_db) / 20)).astype(np.float32)
    return gain


def _decayed(spectrum: np.ndarray, extra_decay: Floats, length: int) -> Waveform:
    """Extra decay in 1/s at each of the bands' edges, in overlapping bands that add up to the whole."""
    frequencies = np.arange(len(spectrum)) * (SAMPLE_RATE_HZ / _SIZE)
    time = np.arange(length, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    out = np.zeros(length, np.float32)
    for band, rate in enumerate(extra_decay):
        weights = np.interp(frequencies, _BANDS_HZ, np.arange(len(_BANDS_HZ)) == band).astype(np.float32)
        out += np.fft.irfft(spectrum * weights, _SIZE)[:length] * np.exp(-np.float32(rate) * time)
    return out
