"""Finger-picked parts whose strings ring on: what strummed and single-line playing does not teach a decoder.

The idioms of ``training/guitar_idioms.py``, played in any tempo and key (capo), loud and soft. A string rings
until it is struck again, until the hand leaves the chord, or until it is damped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from genesis_music.score import Note
from training.guitar_idioms import (
    BAR,
    Idiom,
    Played,
    open_position_melody,
    picked_arpeggio,
    strummed_chords,
    travis_picking,
    two_voices,
)
from training.rendering import PlayedNote

PART_SECONDS = 20.0
_WEIGHTED: tuple[tuple[Idiom, float], ...] = (
    (picked_arpeggio, 0.4),
    (travis_picking, 0.3),
    (two_voices, 0.15),
    (open_position_melody, 0.1),
    (strummed_chords, 0.05),
)
LONGEST_RING_SECONDS = (2.0, 7.0)
LEAST_GAP_SECONDS, SHORTEST_SECONDS = 0.005, 0.05


@dataclass(frozen=True, slots=True)
class Manner:
    """How a part is played; ``ring_seconds`` is the longest a string is left to sound."""

    seconds_per_beat: float
    transpose: int
    detune: float
    ring_seconds: float
    leaves_chord: float
    timing_seconds: float
    level: float
    spread: float
    bass_accent: float
    hammer_rate: float


def pick(random: Generator) -> list[PlayedNote]:
    """Play one part of ``PART_SECONDS`` at most."""
    weights = np.array([weight for _, weight in _WEIGHTED])
    idiom = _WEIGHTED[random.choice(len(_WEIGHTED), p=weights / weights.sum())][0]
    manner = _manner(random)
    plucked: list[Played] = []
    while not plucked or plucked[-1].onset * manner.seconds_per_beat < PART_SECONDS:
        start = BAR * np.ceil(max((n.onset for n in plucked), default=-BAR) / BAR + 0.01)
        more = [Played(n.onset + start, n.length, n.string, n.fret) for n in idiom(random)]
        plucked += sorted(more, key=lambda note: note.onset)
    return _perform(_hammered(plucked, manner.hammer_rate, random), manner, random)


def _manner(random: Generator) -> Manner:
    rings = random.random() < 0.85
    return Manner(
        seconds_per_beat=60 / random.uniform(60, 150),
        transpose=int(random.integers(-3, 8)),
        detune=random.normal(0, 0.06),
        ring_seconds=random.uniform(*LONGEST_RING_SECONDS) if rings else random.uniform(0.2, 1.0),
        leaves_chord=random.choice([0.0, 0.5, 1.0]),
        timing_seconds=random.uniform(0.002, 0.012),
        level=random.uniform(0.5, 0.85),
        spread=random.uniform(0.03, 0.15),
        bass_accent=random.uniform(-0.1, 0.2),
        hammer_rate=random.choice([0.0, 0.0, 0.1]),
    )


def _hammered(plucked: Sequence[Played], rate: float, random: Generator) -> list[Played]:
    """Reach some fretted notes from a lower fret, a sixteenth later."""
    notes = []
    for note in plucked:
        if note.fret and note.length >= 0.5 and random.random() < rate:
            lower = max(0, note.fret - int(random.integers(1, 3)))
            notes.append(Played(note.onset, 0.25, note.string, lower))
            notes.append(Played(note.onset + 0.25, note.length - 0.25, note.string, note.fret))
        else:
            notes.append(note)
    return notes


def _perform(plucked: Sequence[Played], manner: Manner, random: Generator) -> list[PlayedNote]:
    """Notes in seconds, string by string; a hammered note is one that follows another at once."""
    performed = []
    for string in range(1, 7):
        own = sorted({n.onset: n for n in plucked if n.string == string}.values(), key=lambda n: n.onset)
        onsets = [n.onset * manner.seconds_per_beat + random.normal(0, manner.timing_seconds) for n in own]
        onsets = [0.3 + max(0.0, onset) for onset in onsets]
        for index, note in enumerate(own):
            following = onsets[index + 1] if index + 1 < len(own) else np.inf
            bar_end = 0.3 + (note.onset // BAR + 1) * BAR * manner.seconds_per_beat
            end = min(following - LEAST_GAP_SECONDS, onsets[index] + manner.ring_seconds)
            if note.fret and random.random() < manner.leaves_chord:
                end = min(end, max(bar_end - 0.02, onsets[index] + 0.1))
            hammered = (
                index > 0 and note.onset - own[index - 1].onset == 0.25 and note.fret > own[index - 1].fret
            )
            if onsets[index] < PART_SECONDS and end - onsets[index] >= SHORTEST_SECONDS:
                length = min(end, PART_SECONDS + 1) - onsets[index]
                performed.append(_sounded(note, onsets[index], length, hammered, manner, random))
    return sorted(performed, key=lambda item: item.note.onset_seconds)


def _sounded(
    note: Played, onset: float, seconds: float, hammered: bool, manner: Manner, random: Generator
) -> PlayedNote:
    pitch = note.pitch_midi + manner.transpose
    accent = manner.bass_accent if note.string >= 4 else 0.0
    velocity = float(np.clip(random.normal(manner.level + accent, manner.spread), 0.1, 1.0))
    exact = pitch + manner.detune + random.normal(0, 0.03)
    return PlayedNote(Note(onset, seconds, pitch, velocity), note.string, exact, legato=hammered)
