"""Render guitar parts with real multisamples: every onset, end, pitch and string is known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from genesis_music.score import BendPoint, Note
from training.guitar.bank import PRE_ONSET_SECONDS, Waveform
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.libraries import LIBRARIES, Sample, read_samples

INSTRUMENTS = ("shiny-acoustic", "shiny-electric", "emily", "spanish")


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note to render: on which string, exact pitch, and whether it is struck or only fretted."""

    note: Note
    string: int
    pitch_exact: float
    legato: bool = False


def load_samples(libraries: Path, instrument: str) -> list[Sample]:
    """Read one of the ``INSTRUMENTS`` (see ``training/guitar/libraries.py``); every sample peaks at 1."""
    library = next(library for library in LIBRARIES if library.name == instrument)
    return [
        replace(sample, waveform=sample.waveform / max(float(np.abs(sample.waveform).max()), 1e-6))
        for sample in read_samples(libraries, library)
    ]


def render(
    notes: Sequence[PlayedNote], samples: Sequence[Sample], seconds: float, random: Generator
) -> Waveform:
    """Sum all notes; a string's note stops where its own duration or the next note on the string says."""
    out = np.zeros(round(seconds * SAMPLE_RATE_HZ), dtype=np.float32)
    for played in notes:
        sample = _choose(samples, played, random)
        waveform = _pitched(sample, played, random)
        level = 10 ** ((played.note.velocity - 1) * 24 / 20)
        start = round((played.note.onset_seconds - PRE_ONSET_SECONDS) * SAMPLE_RATE_HZ)
        begin = max(0, start)
        part = waveform[begin - start : len(out) - start]
        out[begin : begin + len(part)] += level * part
    return out


def _choose(samples: Sequence[Sample], played: PlayedNote, random: Generator) -> Sample:
    """Pick a near pitch and the layer nearest to the velocity, then any take of it."""
    layers = sorted({sample.layer for sample in samples})
    wanted = layers[round(played.note.velocity * (len(layers) - 1))]
    nearest = min(abs(sample.pitch_midi - played.pitch_exact) for sample in samples)
    near = [s for s in samples if abs(s.pitch_midi - played.pitch_exact) <= nearest + 1]
    closest_layer = min(abs(sample.layer - wanted) for sample in near)
    takes = [sample for sample in near if abs(sample.layer - wanted) == closest_layer]
    return takes[random.integers(len(takes))]


def _pitched(sample: Sample, played: PlayedNote, random: Generator) -> Waveform:
    """Resample to the exact pitch and bend, then release; a legato note lacks the attack."""
    duration = played.note.duration_seconds
    release = random.uniform(0.015, 0.09)
    time = np.arange(round((duration + 3 * release) * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    semitones = played.pitch_exact - sample.pitch_midi + _bend_at(played.note.bend, time)
    position = np.cumsum(2 ** (semitones / 12)) - 1
    envelope = np.exp(-np.maximum(time - duration, 0) / release)
    if played.legato:
        position += random.uniform(0.03, 0.08) * SAMPLE_RATE_HZ
        envelope *= random.uniform(0.4, 0.9) * np.minimum(1, time / 0.006)
    shifted = np.interp(position, np.arange(len(sample.waveform)), sample.waveform, right=0.0)
    return (envelope * shifted).astype(np.float32)


def _bend_at(bend: tuple[BendPoint, ...], time: NDArray[np.float64]) -> NDArray[np.float64]:
    if not bend:
        return np.zeros_like(time)
    return np.interp(time, [p.offset_seconds for p in bend], [p.semitones for p in bend])


def in_a_room(dry: Waveform, random: Generator) -> Waveform:
    """Colour, overdrive a little, add body, room and noise, as microphones and pickups do."""
    wet = _equalise(dry, random)
    if random.random() < 0.25:
        drive = random.uniform(1, 4)
        wet = np.tanh(drive * wet / np.abs(wet).max()) / drive
    if random.random() < 0.8:
        wet = reverberate(wet, random)
    peak = float(np.abs(wet).max())
    noise_db = random.uniform(-75, -38)
    noise = random.standard_normal(len(wet)) * peak * 10 ** (noise_db / 20)
    wet = wet + _equalise(noise.astype(np.float32), random)
    gain: Waveform = (wet * random.uniform(0.1, 0.9) / peak).astype(np.float32)
    return gain


def _equalise(dry: Waveform, random: Generator) -> Waveform:
    """A smooth random frequency response, a few dB up and down per octave."""
    frequencies = np.fft.rfftfreq(len(dry), 1 / SAMPLE_RATE_HZ)
    octaves = np.log2(np.maximum(frequencies, 40) / 40)
    knots = random.normal(0, random.uniform(1, 6), 10)
    gain_db = np.interp(octaves, np.linspace(0, 8.2, 10), knots)
    return np.fft.irfft(np.fft.rfft(dry) * 10 ** (gain_db / 20), len(dry)).astype(np.float32)


def reverberate(dry: Waveform, random: Generator) -> Waveform:
    """Add a room of random length and level: exponentially decaying noise."""
    seconds = random.uniform(0.1, 0.9)
    time = np.arange(round(1.5 * seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    impulse = random.standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    impulse *= random.uniform(0.05, 0.5) / np.sqrt(np.sum(impulse**2))
    impulse[0] = 1
    length = len(dry) + len(impulse)
    spectrum = np.fft.rfft(dry, length) * np.fft.rfft(impulse, length)
    return np.fft.irfft(spectrum, length)[: len(dry)].astype(np.float32)
