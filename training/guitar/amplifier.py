"""Amplifiers and loudspeakers: from clean to high gain, without aliasing."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.random import Generator
from scipy.signal import lfilter

from training.guitar.bank import Waveform
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.rooms import FREQUENCIES_HZ, Magnitude

DRIVE_DB = {"clean": (-6.0, 6.0), "crunch": (8.0, 20.0), "high gain": (22.0, 40.0)}
_OVERSAMPLING = {"clean": 2, "crunch": 2, "high gain": 8}


def amplify(dry: Waveform, channel: str, random: Generator) -> Waveform:
    """Overdrive a sound whose peaks are near 1; ``channel`` is a key of ``DRIVE_DB``.

    High-passed before (a tight bass), bent asymmetrically, then once more, at several times the sample rate: the
    second bend of high gain makes the even harmonics of a tube, and it evens out the level as amplifiers do.
    """
    rate = SAMPLE_RATE_HZ * _OVERSAMPLING[channel]
    gain = 10 ** (random.uniform(*DRIVE_DB[channel]) / 20)
    pole = np.exp(-2 * np.pi * random.uniform(40, 350 if channel == "high gain" else 120) / SAMPLE_RATE_HZ)
    tight = lfilter([1, -1], [1, -pole], dry).astype(np.float32)
    sound = soxr.resample(tight, SAMPLE_RATE_HZ, rate, "LQ")
    bias = np.float32(random.uniform(0, 0.3))
    sound = np.tanh(np.float32(gain) * sound + bias) - np.tanh(bias)
    if channel == "high gain":
        sound = np.tanh(np.float32(random.uniform(1.5, 4)) * sound)
    bent: Waveform = soxr.resample(sound, rate, SAMPLE_RATE_HZ, "MQ")[: len(dry)]
    return bent


def loudspeaker(random: Generator) -> Magnitude:
    """The response of a guitar loudspeaker and the microphone before it.

    Little below its resonance, a presence peak at 2-4 kHz, nothing above 4-7 kHz, narrow dips in between.
    """
    octaves = np.log2(np.maximum(FREQUENCIES_HZ, 20))
    low, high = np.log2(random.uniform(60, 120)), np.log2(random.uniform(3800, 7000))
    gain_db = -18 * np.maximum(low - octaves, 0) - random.uniform(24, 60) * np.maximum(octaves - high, 0)
    peaks = [(random.uniform(80, 160), 4.0, 0.5), (random.uniform(1800, 4200), random.uniform(2, 9), 0.6)]
    peaks += [(float(np.exp(random.uniform(6, 8.5))), random.uniform(-9, 4), 0.2) for _ in range(5)]
    for centre, height, width in peaks:
        gain_db += height * np.exp(-(((octaves - np.log2(centre)) / width) ** 2))
    return (10 ** (gain_db / 20)).astype(np.float32)


def compress(sound: Waveform, random: Generator) -> Waveform:
    """Even out the level: a compressor with some milliseconds of attack and a slow release."""
    step = SAMPLE_RATE_HZ // 200
    count = -(-len(sound) // step)
    blocks = np.pad(np.abs(sound), (0, count * step - len(sound))).reshape(count, step).max(axis=1)
    release = np.exp(-1 / (200 * random.uniform(0.05, 0.4)))
    level = np.empty(count)
    held = 0.0
    for index, peak in enumerate(blocks.tolist()):
        held = max(peak, held * release)
        level[index] = held
    level_db = 20 * np.log10(np.maximum(level, 1e-4) / max(level.max(), 1e-4))
    threshold_db, ratio = random.uniform(-35, -10), random.uniform(2, 8)
    gain_db = -np.maximum(level_db - threshold_db, 0) * (1 - 1 / ratio)
    smooth = np.interp(np.arange(len(sound)), (np.arange(count) + 0.5) * step, gain_db)
    return (sound * 10 ** (smooth / 20)).astype(np.float32)


def chorus(sound: Waveform, random: Generator) -> Waveform:
    """The sound beside a copy of itself whose delay wavers."""
    time = np.arange(len(sound)) / SAMPLE_RATE_HZ
    wave = 1 + np.sin(2 * np.pi * (random.uniform(0.2, 3.0) * time + random.random()))
    delay = (random.uniform(0.004, 0.015) + random.uniform(0.0005, 0.002) * wave) * SAMPLE_RATE_HZ
    position = np.maximum(np.arange(len(sound)) - delay, 0)
    k = position.astype(np.intp)
    x = (position - k).astype(np.float32)
    copy = sound[k] * (1 - x) + sound[np.minimum(k + 1, len(sound) - 1)] * x
    return (sound + np.float32(random.uniform(0.3, 0.9)) * copy).astype(np.float32)
