"""From the dry guitar to a recording: colour, drive, room, noise, level."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.guitar.bank import Waveform
from training.guitar.example import SAMPLE_RATE_HZ

_FFT_SECONDS = 131072 / SAMPLE_RATE_HZ


def record(dry: Waveform, random: Generator) -> Waveform:
    """Colour, overdrive, room, noise and gain, each at random."""
    sound = dry / max(float(np.abs(dry).max()), 1e-4)
    size = int(2 ** np.ceil(np.log2(len(sound) * 1.2)))
    response = smooth_eq(size, random)
    if random.random() < 0.25:
        drive = random.uniform(1, 4)
        sound = np.tanh(drive * sound) / drive
    if random.random() < 0.75:
        response = response * np.fft.rfft(room(random), size)
    sound = np.fft.irfft(np.fft.rfft(sound, size) * response, size)[: len(sound)].astype(np.float32)
    peak = max(float(np.abs(sound).max()), 1e-4)
    noise = coloured_noise(len(sound), random) * peak * 10 ** (random.uniform(-75, -38) / 20)
    level = 10 ** (random.uniform(-30, -0.5) / 20) / peak
    return ((sound + noise) * level).clip(-1, 1).astype(np.float32)


def smooth_eq(size: int, random: Generator) -> NDArray[np.float32]:
    """A smooth random frequency response, a few dB up and down per octave."""
    octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ), 40) / 40)
    gain_db = np.interp(octaves, np.linspace(0, 8.2, 10), random.normal(0, random.uniform(1, 6), 10))
    return (10 ** (gain_db / 20)).astype(np.float32)


def room(random: Generator) -> Waveform:
    """The impulse response of a room: exponentially decaying noise under the direct sound."""
    seconds = random.uniform(0.1, 0.9)
    time = np.arange(round(1.2 * seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    impulse = random.standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    impulse *= random.uniform(0.05, 0.5) / np.sqrt(np.sum(impulse**2))
    impulse[0] = 1
    return impulse.astype(np.float32)


def coloured_noise(count: int, random: Generator) -> Waveform:
    """White to pink noise of deviation 1."""
    size = int(2 ** np.ceil(np.log2(count)))
    spectrum = np.fft.rfft(random.standard_normal(size).astype(np.float32))
    frequencies = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ), 30)
    noise = np.fft.irfft(spectrum * frequencies ** -random.uniform(0, 1), size)[:count]
    return (noise / noise.std()).astype(np.float32)
