"""Strummed accompaniment in many styles: dense chords are what is hardest to hear.

Beats as times; strings 1 (highest) to 6. A chord is a shape of ``training/guitar_shapes.py`` anywhere on the neck, or
one that nobody wrote down: chord tones under one hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES
from training.guitar_idioms import BAR, Played
from training.guitar_shapes import MOVABLE_SHAPES, OPEN_SHAPES, PROGRESSIONS, frets

Shape = dict[int, int]
CHORD_TONES = (
    (0, 4, 7),
    (0, 3, 7),
    (0, 4, 7, 11),
    (0, 3, 7, 10),
    (0, 4, 7, 10),
    (0, 4, 7, 10, 14),
    (0, 3, 7, 10, 14),
    (0, 4, 7, 9),
    (0, 3, 6, 10),
    (0, 3, 6, 9),
    (0, 4, 8),
    (0, 5, 7),
    (0, 2, 7),
    (0, 4, 9, 14),
    (0, 3, 7, 11),
    (0, 4, 10, 15),
    (0, 4, 11, 18),
)
REACH = 4
HIGHEST_POSITION = 14


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """``hits`` in steps of ``step`` beats within a bar; ``sounding`` is how much of the time to the next one rings."""

    step: float
    hits: tuple[int, ...]
    sounding: float


def strummed_accompaniment(random: Generator) -> list[Played]:
    """Some bars of chords in one rhythm with variations; now only the bass strings, now only the high ones."""
    chords = _chords(random)
    rhythm = _rhythm(random)
    bars_per_chord = float(random.choice([0.5, 1, 1, 1, 2]))
    partial, bass_first = random.uniform(0, 0.5), random.random() < 0.25
    played: list[Played] = []
    for bar in range(int(random.integers(4, 9))):
        hits = [hit for hit in rhythm.hits if random.random() < 0.95]
        for hit, after in zip(hits, [*hits[1:], round(BAR / rhythm.step)], strict=False):
            onset = bar * BAR + hit * rhythm.step
            shape = chords[int(onset / BAR / bars_per_chord) % len(chords)]
            strings = sorted(shape, reverse=True)
            if bass_first and hit == 0:
                strings = strings[:1]
            elif random.random() < partial and len(strings) > 3:
                keep = int(random.integers(2, len(strings)))
                strings = strings[-keep:] if random.random() < 0.7 else strings[:keep]
            length = (after - hit) * rhythm.step * rhythm.sounding
            played += [Played(onset, length, string, shape[string]) for string in strings]
    return played


def block_chords(random: Generator) -> list[Played]:
    """Unrelated chords, each struck once or several times: no harmony to guess by."""
    played: list[Played] = []
    onset = 0.0
    for _ in range(int(random.integers(6, 20))):
        shape = any_chord(random)
        beats = float(random.choice([0.25, 0.5, 0.5, 1, 1, 2]))
        for _ in range(int(random.choice([1, 1, 2, 4]))):
            played += [Played(onset, beats, string, fret) for string, fret in shape.items()]
            onset += beats
    return played


def chord_melody(random: Generator) -> list[Played]:
    """A chord under every few notes of a tune on its top string, as jazz players do."""
    played: list[Played] = []
    onset = 0.0
    for _ in range(int(random.integers(4, 10))):
        shape = any_chord(random)
        top = min(shape)
        played += [Played(onset, 2.0, string, fret) for string, fret in shape.items()]
        for _ in range(int(random.integers(0, 5))):
            onset += 0.5
            played.append(Played(onset, 0.5, top, max(0, shape[top] + int(random.integers(-3, 4)))))
        onset += 0.5 * int(random.integers(1, 3))
    return played


def _chords(random: Generator) -> list[Shape]:
    kind = random.random()
    if kind < 0.35:
        names = PROGRESSIONS[random.integers(len(PROGRESSIONS))]
        return [frets(OPEN_SHAPES[name][random.integers(len(OPEN_SHAPES[name]))]) for name in names]
    if kind < 0.6:
        root = int(random.integers(0, 10))
        steps = random.choice((0, 2, 3, 4, 5, 7, -2), 4)
        return [
            frets(MOVABLE_SHAPES[random.integers(len(MOVABLE_SHAPES))], max(0, root + int(step)))
            for step in steps
        ]
    return [any_chord(random) for _ in range(int(random.integers(2, 6)))]


def any_chord(random: Generator) -> Shape:
    """Chord tones within reach of one position, three to six strings next to each other or with gaps."""
    tones = CHORD_TONES[random.integers(len(CHORD_TONES))]
    root = int(random.integers(12))
    wanted = {(root + tone) % 12 for tone in tones}
    position = int(random.integers(0, HIGHEST_POSITION))
    shape: Shape = {}
    for string in range(6, 0, -1):
        opened = STANDARD_OPEN_PITCHES[string - 1]
        places = [f for f in range(max(1, position), position + REACH) if (opened + f) % 12 in wanted]
        if opened % 12 in wanted and (position < 4 or random.random() < 0.15):
            places.append(0)
        if places:
            shape[string] = int(random.choice(places))
    low = int(random.choice((6, 6, 5, 5, 4, 3)))
    high = int(random.choice((1, 1, 1, 2)))
    kept = {string: fret for string, fret in shape.items() if high <= string <= low}
    if low >= 5 and random.random() < 0.25:
        kept.pop(low - 1, None)
    return kept or shape or {1: 0}


def _rhythm(random: Generator) -> _Rhythm:
    """Eighths, sixteenths, triplets or swung: from four to a bar to every sixteenth."""
    step, slots = [(0.5, 8), (0.25, 16), (1 / 3, 12), (0.5, 8), (1.0, 4)][random.integers(5)]
    density = random.uniform(0.2, 1.0)
    hits = np.flatnonzero(random.random(slots) < density)
    sounding = float(random.choice([1.0, 1.0, 0.7, 0.4, 0.25]))
    return _Rhythm(step, (0, *(int(hit) for hit in hits if hit)), sounding)
