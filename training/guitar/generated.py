"""Phrases that nobody recorded: the idioms of ``training/guitar_idioms.py`` in any tempo, key and tuning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator

from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES
from training.guitar.strokes import Phrase, Stroke, one_at_a_time
from training.guitar_idioms import (
    BAR,
    Played,
    double_stops,
    lead_line,
    low_riff,
    open_position_melody,
    picked_arpeggio,
    power_chords,
    strummed_chords,
    travis_picking,
    two_voices,
)

HIGHEST_FRET = 20
STRUM_SECONDS = (0.005, 0.06)
_WEIGHTED: tuple[tuple[Callable[[Generator], list[Played]], float], ...] = (
    (strummed_chords, 0.40),
    (picked_arpeggio, 0.08),
    (travis_picking, 0.08),
    (power_chords, 0.08),
    (low_riff, 0.05),
    (open_position_melody, 0.05),
    (lead_line, 0.12),
    (two_voices, 0.08),
    (double_stops, 0.06),
)


def generated_phrase(seconds: float, random: Generator) -> Phrase:
    """A window of a generated part."""
    weights = np.array([weight for _, weight in _WEIGHTED])
    idiom = _WEIGHTED[random.choice(len(_WEIGHTED), p=weights / weights.sum())][0]
    played = idiom(random)
    beat = 60 / random.uniform(60, 190)
    capo = int(random.integers(-3, 8)) if random.random() < 0.6 else 0
    strummed = idiom in {strummed_chords, power_chords}
    ring = random.uniform(0.3, 4.0) if random.random() < 0.7 else 0.0
    length = max(note.onset + note.length for note in played) * beat
    start = random.uniform(-0.5, max(0.0, length - seconds))
    strokes = _strokes(played, beat, ring, strummed, random)
    shown = [
        Stroke(s.onset_seconds - start, s.end_seconds - start, s.string, s.fret, s.velocity)
        for s in strokes
        if s.end_seconds > start and s.onset_seconds < start + seconds and s.fret <= HIGHEST_FRET
    ]
    return Phrase(tuple(p + capo for p in STANDARD_OPEN_PITCHES), tuple(one_at_a_time(shown)))


def _strokes(
    played: Sequence[Played], beat: float, ring: float, strummed: bool, random: Generator
) -> list[Stroke]:
    """Notes of one moment are strummed or struck together; a string rings on for up to ``ring`` seconds."""
    level, spread = random.uniform(0.35, 0.9), random.uniform(0.03, 0.15)
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
            velocity = float(np.clip(random.normal(level + accent, spread), 0.05, 1))
            strokes.append(Stroke(onset, end, note.string, note.fret, velocity))
    return strokes
