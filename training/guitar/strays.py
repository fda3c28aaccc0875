"""What sounds although nobody means it: a finger that leaves a string lets it sound open, one that lands strikes it.

Softer than a note, short, and never written down. What tells it from a note is where it comes: on an open string at the
end of what was fretted there, on a fretted one just before it is plucked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from numpy.random import Generator

from training.guitar.strokes import Manner, Phrase, Stroke
from training.guitar.voices import DYNAMIC_RANGE_DB

LEAVING_SHARE, LEAVING_MOST = 0.65, 0.7
LANDING_SHARE, LANDING_MOST = 0.3, 0.4
LEAVING_DB, LANDING_DB = (6.0, 28.0), (12.0, 30.0)
"""How much softer than the note that was or will be fretted."""
LEAVING_SECONDS, LANDING_SECONDS = (0.06, 0.6), (0.03, 0.12)
AFTER_SECONDS = 0.03
"""The open string may sound so much later than the fretted note has ended."""
FREE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Hand:
    """How often, 0..1, a finger that leaves or lands is heard."""

    leaving: float = 0.0
    landing: float = 0.0


def random_hand(random: Generator) -> Hand:
    """Two of three hands are heard when they let go, one of three when it lands."""

    def rate(share: float, most: float) -> float:
        return float(random.uniform(0.05, most)) if random.random() < share else 0.0

    return Hand(rate(LEAVING_SHARE, LEAVING_MOST), rate(LANDING_SHARE, LANDING_MOST))


def with_strays(phrase: Phrase, hand: Hand, random: Generator) -> Phrase:
    """The same phrase with the unmeant sounds of a hand between its strokes."""
    strokes = [
        stroke
        for string in range(1, 7)
        for stroke in _string([s for s in phrase.strokes if s.string == string], hand, random)
    ]
    return replace(phrase, strokes=tuple(sorted(strokes, key=lambda stroke: stroke.onset_seconds)))


def _string(own: list[Stroke], hand: Hand, random: Generator) -> Iterator[Stroke]:
    """The strokes of one string, with what is heard in the gaps that they leave."""
    for before, after in pairwise([None, *own, None]):
        if before is not None:
            yield before
        free_from = before.end_seconds if before is not None else 0.0
        if before is not None and _is_fretted(before) and random.random() < hand.leaving:
            begin = before.end_seconds + random.uniform(0, AFTER_SECONDS)
            end = begin + random.uniform(*LEAVING_SECONDS)
            free_from = end if after is None else min(end, after.onset_seconds)
            if free_from - begin > FREE_SECONDS:
                yield _stray(before, begin, free_from, 0, random.uniform(*LEAVING_DB))
        if after is not None and _is_fretted(after) and random.random() < hand.landing:
            begin = after.onset_seconds - random.uniform(*LANDING_SECONDS)
            if begin - free_from > FREE_SECONDS:
                yield _stray(after, begin, after.onset_seconds, after.fret, random.uniform(*LANDING_DB))


def _is_fretted(stroke: Stroke) -> bool:
    return stroke.fret > 0 and stroke.manner is not Manner.HARMONIC


def _stray(meant: Stroke, begin: float, end: float, fret: int, softer_db: float) -> Stroke:
    velocity = meant.velocity - softer_db / DYNAMIC_RANGE_DB
    return Stroke(begin, end, meant.string, fret, velocity, Manner.LEGATO, is_meant=False)
