"""Single lines at the edge of what is playable: runs, tremolo, leaps, the same note over and over."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES
from training.guitar_idioms import Played
from training.guitar_shapes import SCALES

HIGHEST_FRET = 20


def run(random: Generator) -> list[Played]:
    """Up and down a scale across the strings, in sixteenths."""
    box = _box(random)
    place, direction = int(random.integers(len(box))), int(random.choice([-1, 1]))
    step = float(random.choice([0.25, 0.25, 1 / 6, 0.125]))
    played = []
    for index in range(int(random.integers(16, 64))):
        string, fret = box[place]
        played.append(Played(index * step, step, string, fret))
        if not 0 <= place + direction < len(box) or random.random() < 0.12:
            direction = -direction
        leap = int(random.choice([1, 1, 1, 1, 2, 3]))
        place = int(np.clip(place + direction * leap, 0, len(box) - 1))
    return played


def repeated_notes(random: Generator) -> list[Played]:
    """Tremolo picking and pedal notes: one pitch struck again and again, sometimes under or over others."""
    step = float(random.choice([0.5, 0.25, 0.25, 1 / 6, 0.125]))
    played: list[Played] = []
    onset = 0.0
    for _ in range(int(random.integers(2, 7))):
        string, fret = int(random.integers(1, 7)), int(random.integers(0, HIGHEST_FRET))
        bass = int(random.integers(4, 7))
        for index in range(int(random.integers(3, 13))):
            played.append(Played(onset, step, string, fret))
            if index == 0 and bass > string and random.random() < 0.4:
                played.append(Played(onset, 8 * step, bass, int(random.choice([0, 0, min(fret, 12)]))))
            onset += step
    return played


def anywhere(random: Generator) -> list[Played]:
    """Notes anywhere on the neck, one to three at a time: no habit of hands or harmony to lean on."""
    played: list[Played] = []
    onset = 0.0
    for _ in range(int(random.integers(8, 40))):
        position = int(random.integers(0, HIGHEST_FRET - 3))
        strings = random.choice(6, int(random.choice([1, 1, 2, 3])), replace=False) + 1
        length = float(random.choice([0.25, 0.5, 1, 2]))
        for string in strings:
            fret = 0 if random.random() < 0.1 else position + int(random.integers(0, 4))
            played.append(Played(onset, length, int(string), fret))
        onset += float(random.choice([0.25, 0.5, 0.5, 1]))
    return played


def _box(random: Generator) -> list[tuple[int, int]]:
    """A scale's places in one position over three to six strings, low to high."""
    degrees = list(SCALES.values())[random.integers(len(SCALES))]
    tonic, position = int(random.integers(12)), int(random.integers(0, HIGHEST_FRET - 3))
    low = int(random.integers(3, 7))
    high = int(random.integers(1, low - 1))
    box = [
        (string, fret)
        for string in range(low, high - 1, -1)
        for fret in range(position, position + 4)
        if (STANDARD_OPEN_PITCHES[string - 1] + fret - tonic) % 12 in degrees
    ]
    return box or [(low, position)]
