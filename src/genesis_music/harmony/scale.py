"""Which scale a piece is drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from genesis_music.harmony.evidence import FloatArray
from genesis_music.score import Key, Note

SCALES: dict[str, tuple[int, ...]] = {
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "major blues": (0, 2, 3, 4, 7, 9),
}
FOREIGN_PROBABILITY = 0.06
"""Share of sounding time that ornaments and wrong notes may take outside the scale."""


def key_pitch_classes(key: Key) -> frozenset[int]:
    """The pitch classes of the key signature: major, or natural minor."""
    intervals = SCALES["major" if key.mode == "major" else "natural minor"]
    return frozenset((key.tonic + interval) % 12 for interval in intervals)


def leading_tone(key: Key) -> int:
    """The pitch class a semitone below the tonic (raised in minor)."""
    return (key.tonic + 11) % 12


def pitch_class_seconds(notes: Sequence[Note]) -> FloatArray:
    """``[12]``: confidence-weighted sounding time per pitch class, long notes counted up to two seconds."""
    totals = np.zeros(12)
    for note in notes:
        totals[note.pitch_midi % 12] += min(note.duration_seconds, 2.0) * note.confidence
    return totals


def scale_name(notes: Sequence[Note], key: Key) -> str:
    """Name the scale on the key's tonic that explains the notes best, e.g. ``"A dorian"``.

    The scale is the maximum-likelihood one when a scale of n notes gives each of them equal probability and shares a
    small rest among the other notes: a small scale wins when its missing notes really are missing.
    """
    totals = np.roll(pitch_class_seconds(notes), -key.tonic)
    if totals.sum() <= 0.0:
        return f"{key.tonic_name} {'major' if key.mode == 'major' else 'natural minor'}"
    share = totals / totals.sum()
    best = max(_candidates(key), key=lambda name: _log_likelihood(share, SCALES[name]))
    return f"{key.tonic_name} {best}"


def _candidates(key: Key) -> list[str]:
    third = 4 if key.mode == "major" else 3
    return [name for name, intervals in SCALES.items() if third in intervals] + (
        ["blues", "minor pentatonic"] if key.mode == "major" else []
    )


def _log_likelihood(share: FloatArray, intervals: tuple[int, ...]) -> float:
    inside = float(share[list(intervals)].sum())
    size = len(intervals)
    own, foreign = (1 - FOREIGN_PROBABILITY) / size, FOREIGN_PROBABILITY / (12 - size)
    return inside * math.log(own) + (1 - inside) * math.log(foreign)
