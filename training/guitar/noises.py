"""Sounds that are no notes: noise, hum, knocks on body and muted strings, squeaking fingers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import lfilter

from training.guitar.bank import Waveform, save_arrays
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.libraries import from_onset, read_mono

KNOCKS = (
    "karoryfer.shinyguitar/Samples/*/perc_*.wav",
    "karoryfer.shinyguitar/Samples/*/mute_string*.wav",
    "karoryfer.emilyguitar/noises/muted*.wav",
    "karoryfer.emilyguitar/noises/pickrest*.wav",
)
SQUEAKS = ("karoryfer.emilyguitar/noises/fingering*.wav",)
LONGEST_SECONDS = 0.7
RECORDED_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class RecordedNoises:
    """What players do beside notes, as recorded; each peaks at 1. Empty where the libraries are absent."""

    knocks: tuple[Waveform, ...] = ()
    squeaks: tuple[Waveform, ...] = ()


def read_noises(libraries: Path, cache_folder: Path) -> RecordedNoises:
    """Read the noises of the libraries; kept in ``cache_folder`` for the next time."""
    cache = cache_folder / "noises.npz"
    if not cache.exists():
        save_arrays(cache, knocks=_read(libraries, KNOCKS), squeaks=_read(libraries, SQUEAKS))
    with np.load(cache) as file:
        return RecordedNoises(*(tuple(file[kind].astype(np.float32)) for kind in ("knocks", "squeaks")))


def _read(libraries: Path, patterns: Sequence[str]) -> NDArray[np.float16]:
    """One noise per row."""
    count = round(LONGEST_SECONDS * SAMPLE_RATE_HZ)
    rows = []
    for path in sorted(path for pattern in patterns for path in libraries.glob(pattern)):
        sound = from_onset(read_mono(path))[:count].copy()
        fade = min(len(sound), count // 4)
        sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        rows.append(np.pad(sound / max(float(np.abs(sound).max()), 1e-9), (0, count - len(sound))))
    return np.array(rows, np.float16).reshape(len(rows), count)


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


def add_knocks(sound: Waveform, level: float, recorded: RecordedNoises, random: Generator) -> None:
    """Fingers on the body and on muted strings: recorded, or bursts of noise and a low resonance or two."""
    for at in random.uniform(0, len(sound), random.integers(1, 7)).astype(int):
        part = _any(recorded.knocks, random) if random.random() < RECORDED_SHARE else None
        part = _knock(random) if part is None else part
        _add(sound, np.float32(level * random.uniform(0.1, 1)) * part, int(at))


def _any(recorded: Sequence[Waveform], random: Generator) -> Waveform | None:
    return recorded[random.integers(len(recorded))] if recorded else None


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


def add_squeaks(sound: Waveform, level: float, recorded: RecordedNoises, random: Generator) -> None:
    """Fingers sliding along wound strings: recorded, or a whistle whose pitch follows the finger's speed."""
    for at in random.uniform(0, len(sound), random.integers(1, 4)).astype(int):
        part = _any(recorded.squeaks, random) if random.random() < RECORDED_SHARE else None
        part = _squeak(random) if part is None else part
        _add(sound, np.float32(level * random.uniform(0.1, 1)) * part, int(at))


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
