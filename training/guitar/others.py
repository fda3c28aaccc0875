"""What is no guitar: silence, noise, hum, knocks, drums and other instruments. Nothing to report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.random import Generator

from training.guitar.bank import Waveform, save_arrays
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.noises import RecordedNoises, add_knocks, add_squeaks, coloured_noise, hum
from training.guitar.soundfont import render_notes

NOTE_SECONDS = 2.5
DRUMS = tuple(range(35, 60))
OTHER_PROGRAMS = (16, 19, 21, 40, 41, 42, 48, 52, 53, 56, 57, 60, 64, 65, 66, 68, 71, 73, 75, 80, 81, 88, 89)
"""General MIDI: organs, accordion, strings, voices, brass, reeds, flutes, synthesizers; nothing that is plucked."""
OTHER_PITCHES = (48, 55, 62, 69, 76, 83)


@dataclass(frozen=True, eq=False)
class Others:
    """Single notes of a General MIDI sound set; ``melodic[program]`` holds them by ``OTHER_PITCHES``."""

    drums: tuple[Waveform, ...]
    melodic: tuple[tuple[Waveform, ...], ...]


def build_others(soundfont: Path, path: Path) -> None:
    """Render the notes of all instruments that are no guitar into one file."""
    drums = render_notes(soundfont, 0, DRUMS, 100, NOTE_SECONDS, drums=True)
    melodic = [
        render_notes(soundfont, program, OTHER_PITCHES, 90, NOTE_SECONDS) for program in OTHER_PROGRAMS
    ]
    save_arrays(path, drums=np.array(drums, np.float16), melodic=np.array(melodic, np.float16))


def read_others(path: Path) -> Others:
    """Read what ``build_others`` wrote."""
    with np.load(path) as file:
        drums, melodic = file["drums"].astype(np.float32), file["melodic"].astype(np.float32)
    return Others(tuple(drums), tuple(tuple(notes) for notes in melodic))


def nothing_to_hear(count: int, others: Others | None, noises: RecordedNoises, random: Generator) -> Waveform:
    """A recording without a guitar, peak 1 or silent."""
    if others is not None and random.random() < 0.5:
        return (drums if random.random() < 0.4 else melody)(count, others, random)
    if random.random() < 0.3:
        return np.zeros(count, np.float32)
    if random.random() < 0.4:
        return _knocks(count, noises, random)
    return (_noise if random.random() < 0.6 else _hum)(count, random)


def _noise(count: int, random: Generator) -> Waveform:
    """Steady, or swelling like traffic and breath."""
    noise = coloured_noise(count, random)
    if random.random() < 0.5:
        knots = random.uniform(0, 1, random.integers(3, 20)) ** 2
        noise = noise * np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)
    return _normalised(noise)


def _hum(count: int, random: Generator) -> Waveform:
    return _normalised(hum(count, random) + 0.05 * coloured_noise(count, random))


def _knocks(count: int, noises: RecordedNoises, random: Generator) -> Waveform:
    sound = 0.001 * coloured_noise(count, random)
    for _ in range(random.integers(1, 4)):
        add_knocks(sound, 1.0, noises, random)
    if random.random() < 0.5:
        add_squeaks(sound, 1.0, noises, random)
    return _normalised(sound)


def drums(count: int, others: Others, random: Generator) -> Waveform:
    """A drum pattern, repeated with variations; peak 1."""
    out = np.zeros(count, np.float32)
    step = round(60 / random.uniform(70, 170) / 4 * SAMPLE_RATE_HZ)
    for _ in range(random.integers(2, 6)):
        drum = others.drums[random.integers(len(others.drums))]
        pattern = random.random(16) < random.uniform(0.08, 0.5)
        for index in range(count // step + 1):
            if pattern[index % 16]:
                _add(out, drum * np.float32(random.uniform(0.3, 1)), index * step)
    return _normalised(out)


def melody(count: int, others: Others, random: Generator) -> Waveform:
    """One to three voices of an instrument that is no guitar; peak 1."""
    out = np.zeros(count, np.float32)
    notes = others.melodic[random.integers(len(others.melodic))]
    for _ in range(random.integers(1, 4)):
        at = 0
        while at < count:
            index = int(random.integers(len(notes)))
            ratio = 2 ** (random.integers(-3, 4) / 12)
            sound = soxr.resample(notes[index], SAMPLE_RATE_HZ * ratio, SAMPLE_RATE_HZ, "LQ")
            length = min(len(sound), round(float(random.choice([0.2, 0.4, 0.8, 1.6])) * SAMPLE_RATE_HZ))
            fade = min(length, SAMPLE_RATE_HZ // 20)
            sound = sound[:length].copy()
            sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
            _add(out, sound, at)
            at += length
    return _normalised(out)


def _normalised(sound: Waveform) -> Waveform:
    peak = float(np.abs(sound).max())
    return (sound / peak if peak > 0 else sound).astype(np.float32)


def _add(sound: Waveform, part: Waveform, start: int) -> None:
    end = min(len(sound), start + len(part))
    sound[start:end] += part[: max(0, end - start)]
