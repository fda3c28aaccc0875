"""Sounds that are no notes: noise, hum, knocks on the body, squeaking fingers."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.signal import lfilter

from training.guitar.bank import Waveform
from training.guitar.example import SAMPLE_RATE_HZ


def coloured_noise(count: int, random: Generator) -> Waveform:
    """White noise, and the same through a low pass, in any mixture; deviation 1."""
    white = random.standard_normal(count, dtype=np.float32)
    pole = np.float32(np.exp(-2 * np.pi * np.exp(random.uniform(np.log(30), np.log(3000))) / SAMPLE_RATE_HZ))
    dark = lfilter([np.sqrt(1 - pole**2)], [1, -pole], white).astype(np.float32)
    share = np.float32(random.uniform(0, 1))
    noise: Waveform = (1 - share) * white + share * dark
    return noise / max(float(noise.std()), 1e-9)


def hum(count: int, random: Generator) -> Waveform:
    """Mains hum with its harmonics, and the buzz of a dimmer now and then; peaks near 1."""
    time = np.arange(count, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    mains_hz = random.choice([50.0, 60.0]) * random.uniform(0.999, 1.001)
    harmonics = random.choice(np.arange(1, 16 if random.random() < 0.3 else 6), 4, replace=False)
    out = np.zeros(count, np.float32)
    for n in (1, 2, *harmonics):
        out += np.float32(random.uniform(0, 1) / n**0.5) * np.sin(np.float32(2 * np.pi * n * mains_hz) * time)
    return out / max(float(np.abs(out).max()), 1e-9)


def add_knocks(sound: Waveform, level: float, random: Generator) -> None:
    """Fingers on the body: bursts of noise and a low resonance or two."""
    for at in random.uniform(0, len(sound), random.integers(1, 7)).astype(int):
        _add(sound, level * random.uniform(0.1, 1) * _knock(random), int(at))


def _knock(random: Generator) -> Waveform:
    time = np.arange(SAMPLE_RATE_HZ // 5, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    burst = random.standard_normal(len(time), dtype=np.float32) * np.exp(
        -time / np.float32(random.uniform(0.002, 0.02))
    )
    width = int(random.integers(1, 12))
    burst = np.convolve(burst, np.hanning(2 * width + 1).astype(np.float32) / width, "same")
    for _ in range(random.integers(1, 4)):
        centre, fade = random.uniform(70, 450), random.uniform(0.01, 0.06)
        tone = np.sin(np.float32(2 * np.pi * centre) * time) * np.exp(-time / np.float32(fade))
        burst += np.float32(random.uniform(0.1, 1)) * tone
    return burst / max(float(np.abs(burst).max()), 1e-9)


def add_squeaks(sound: Waveform, level: float, random: Generator) -> None:
    """Fingers sliding along wound strings: whistling noise whose pitch follows the finger's speed."""
    for at in random.uniform(0, len(sound), random.integers(1, 4)).astype(int):
        _add(sound, level * random.uniform(0.1, 1) * _squeak(random), int(at))


def _squeak(random: Generator) -> Waveform:
    seconds = random.uniform(0.05, 0.3)
    time = np.linspace(0, 1, round(seconds * SAMPLE_RATE_HZ), dtype=np.float32)
    speed = np.sin(np.pi * np.clip(time, 0, 0.999)) ** random.uniform(0.5, 2)
    centre_hz = random.uniform(700, 4000) * (0.5 + speed)
    phase = 2 * np.pi * np.cumsum(centre_hz * random.uniform(0.95, 1.05, len(time))) / SAMPLE_RATE_HZ
    rough = random.standard_normal(len(time), dtype=np.float32)
    whistle = np.sin(phase) + 0.5 * np.sin(2 * phase)
    mixed = speed * (random.uniform(0.2, 1) * whistle + random.uniform(0.2, 1) * np.diff(rough, prepend=0))
    return (mixed / max(float(np.abs(mixed).max()), 1e-9)).astype(np.float32)


def _add(sound: Waveform, part: Waveform, start: int) -> None:
    end = min(len(sound), start + len(part))
    sound[start:end] += part[: end - start].astype(np.float32)
