"""A recording as a telephone in a living room would have made it: the same every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genesis_music.audio.recording import Samples

BAND_HZ = (300.0, 3400.0)
"""Of a telephone; each edge is a Butterworth filter of order ``BAND_ORDER`` (24 dB per octave), without delay."""
BAND_ORDER = 4
ROOM_SECONDS = 0.3
"""Reverberation time: a furnished room."""
ROOM_DB = -6.0
"""Energy of the room's sound against the direct sound."""
NOISE_DB = -30.0
"""Noise in the band, against the mean level of the recording: clearly heard in pauses."""
SEED = 0


def as_by_phone(samples: Samples, sample_rate_hz: int) -> Samples:
    """Put a recording, mono ``[n]``, into a small room, limit its band, and add noise; ``[n]``, peak 0.9.

    Silence stays silent.
    """
    random = np.random.default_rng(SEED)
    heard = _band_limited(_in_room(samples.astype(np.float64), sample_rate_hz, random), sample_rate_hz)
    noise = _band_limited(random.standard_normal(len(heard)), sample_rate_hz)
    heard = heard + noise * (_level(heard) * 10 ** (NOISE_DB / 20) / _level(noise))
    peak = np.abs(heard).max()
    return (heard * (0.9 / peak if peak else 0.0)).astype(np.float32)


def _level(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def _in_room(
    dry: NDArray[np.float64], sample_rate_hz: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Add noise that fades by 60 dB in ``ROOM_SECONDS``, the usual model of a diffuse room."""
    time = np.arange(round(ROOM_SECONDS * sample_rate_hz)) / sample_rate_hz
    room = random.standard_normal(len(time)) * 10 ** (-3 * time / ROOM_SECONDS)
    room *= 10 ** (ROOM_DB / 20) / np.sqrt(np.sum(room**2))
    room[0] = 1.0
    length = len(dry) + len(room)
    wet: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(dry, length) * np.fft.rfft(room, length), length)
    return wet[: len(dry)]


def _band_limited(samples: NDArray[np.float64], sample_rate_hz: int) -> NDArray[np.float64]:
    low, high = BAND_HZ
    hz = np.maximum(np.fft.rfftfreq(len(samples), 1 / sample_rate_hz), 1e-3)
    gain = 1 / np.sqrt((1 + (low / hz) ** (2 * BAND_ORDER)) * (1 + (hz / high) ** (2 * BAND_ORDER)))
    limited: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(samples) * gain, len(samples))
    return limited
