"""Phrases that nobody recorded: the idioms of ``training/guitar_idioms.py`` in any tempo, key and tuning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES
from training.guitar.dynamics import random_dynamics
from training.guitar.lines import anywhere, repeated_notes, run
from training.guitar.strokes import Phrase, Stroke, one_at_a_time
from training.guitar.strumming import block_chords, chord_melody, strummed_accompaniment
from training.guitar_idioms import (
    BAR,
    Played,
    double_stops,
    lead_line,
    low_riff,
    picked_arpeggio,
    power_chords,
    strummed_chords,
    travis_picking,
    two_voices,
)

HIGHEST_FRET = 20
STRUM_SECONDS = (0.005, 0.06)
FASTEST_NOTES_PER_SECOND = 13.0
_WEIGHTED: tuple[tuple[Callable[[Generator], list[Played]], float], ...] = (
    (strummed_accompaniment, 0.30),
    (block_chords, 0.10),
    (chord_melody, 0.05),
    (strummed_chords, 0.05),
    (picked_arpeggio, 0.08),
    (travis_picking, 0.06),
    (two_voices, 0.06),
    (power_chords, 0.05),
    (low_riff, 0.03),
    (lead_line, 0.06),
    (run, 0.06),
    (repeated_notes, 0.05),
    (double_stops, 0.02),
    (anywhere, 0.03),
)
_STRUMMED = {strummed_accompaniment, block_chords, strummed_chords, power_chords}
TUNINGS = (
    (64, 59, 55, 50, 45, 38),
    (64, 59, 55, 50, 45, 38),
    (62, 57, 55, 50, 45, 38),
    (62, 59, 55, 50, 43, 38),
    (62, 57, 54, 50, 45, 38),
    (64, 59, 56, 52, 47, 40),
    (64, 61, 57, 52, 45, 40),
    (64, 60, 55, 48, 43, 36),
    (62, 57, 53, 48, 43, 36),
    (62, 59, 55, 50, 43, 36),
    (59, 54, 50, 45, 40, 33),
    (60, 55, 51, 46, 41, 36),
)
"""Drop D, DADGAD, open G, D, E, A, C, drop C, C, baritone and others, highest string first."""


def generated_phrase(seconds: float, random: Generator) -> Phrase:
    """A window of a generated part, in any tempo, with any capo; a fifth is in another tuning."""
    weights = np.array([weight for _, weight in _WEIGHTED])
    idiom = _WEIGHTED[random.choice(len(_WEIGHTED), p=weights / weights.sum())][0]
    played = [note for note in idiom(random) if note.fret <= HIGHEST_FRET]
    beat = _seconds_per_beat(played, random)
    ring = random.uniform(0.3, 4.0) if random.random() < 0.6 else 0.0
    length = max(note.onset + note.length for note in played) * beat
    start = random.uniform(-0.5, max(0.0, length - seconds))
    shown = [
        replace(stroke, onset_seconds=stroke.onset_seconds - start, end_seconds=stroke.end_seconds - start)
        for stroke in _strokes(played, beat, ring, idiom in _STRUMMED, random)
        if stroke.end_seconds > start and stroke.onset_seconds < start + seconds
    ]
    return Phrase(_tuning(random), tuple(one_at_a_time(shown)))


def _tuning(random: Generator) -> tuple[int, ...]:
    """Open strings with capo; the capo counts as the nut."""
    if random.random() < 0.2:
        return TUNINGS[random.integers(len(TUNINGS))]
    capo = int(random.integers(-3, 8)) if random.random() < 0.5 else 0
    return tuple(pitch + capo for pitch in STANDARD_OPEN_PITCHES)


def _seconds_per_beat(played: Sequence[Played], random: Generator) -> float:
    """A tempo at which the part can be played."""
    beat = 60 / random.uniform(55, 190)
    onsets = np.unique([note.onset for note in played])
    if len(onsets) < 2:
        return beat
    usual_step = float(np.median(np.diff(onsets)))
    return max(beat, random.uniform(1.0, 2.5) / (FASTEST_NOTES_PER_SECOND * usual_step))


def _strokes(
    played: Sequence[Played], beat: float, ring: float, strummed: bool, random: Generator
) -> list[Stroke]:
    """Notes of one moment are strummed or struck together; a string rings on for up to ``ring`` seconds."""
    dynamics = random_dynamics(random)
    jitter = random.uniform(0.0, 0.012)
    strum = float(np.exp(random.uniform(*np.log(STRUM_SECONDS)))) if strummed else random.uniform(0, 0.012)
    gap = random.uniform(0.0, 0.3) if random.random() < 0.5 else 0.0
    moments: dict[float, list[Played]] = defaultdict(list)
    for note in played:
        moments[round(note.onset, 4)].append(note)
    strokes = []
    for moment, notes in moments.items():
        down = bool(not strummed or (moment * 2) % 2 < 0.5 or random.random() < 0.3)
        ordered = sorted(notes, key=lambda note: note.string, reverse=down)
        at = moment * beat + random.normal(0, jitter)
        accent = random.normal(0, 0.06)
        width = strum * random.uniform(0.6, 1.4) / max(1, len(notes) - 1)
        bar_end = (moment // BAR + 1) * BAR * beat
        for place, note in enumerate(ordered):
            onset = at + place * width * random.uniform(0.7, 1.3)
            end = max(onset + note.length * beat * (1 - gap), min(onset + ring, bar_end))
            velocity = dynamics.velocity(note.string, random, accent)
            strokes.append(Stroke(onset, end, note.string, note.fret, velocity))
    return strokes
