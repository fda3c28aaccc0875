"""The fretting hand in millimetres: stretches, barrés, fingers and position shifts.

Distances are those of a 648 mm scale (the common long scale): fret n lies 648 · (1 - 2^(-n/12)) mm from the
nut, so the same stretch in frets is smaller higher up, with or without a capo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

SCALE_LENGTH_MM = 648.0
FINGERS = 4
HAND_FRETS = 4
"""A hand at rest covers four frets, one per finger."""

Place = tuple[int, int]
"""String (1 = highest) and fret (0 = open)."""


def fret_mm(fret: int, capo: int = 0) -> float:
    """Distance of a fret (counted from the capo) from the nut."""
    return SCALE_LENGTH_MM * (1.0 - float(2.0 ** (-(fret + capo) / 12.0)))


@dataclass(frozen=True, slots=True)
class Grip:
    """What the fretting hand must do to hold some places at once."""

    fingers: int
    """Fingers needed, a barré counted as one; more than four when it cannot be held as written."""
    barre: bool
    stretch_mm: float
    """Distance between the lowest and the highest fretted fret."""


@lru_cache(maxsize=4096)
def grip_of(places: tuple[Place, ...], capo: int = 0) -> Grip:
    """Work out how places are held; open strings cost nothing.

    A barré is assumed where four fingers do not suffice and the lowest fret is stopped on several strings
    without an open string between them.
    """
    frets = sorted(fret for _, fret in places if fret > 0)
    if not frets:
        return Grip(0, False, 0.0)
    stretch = fret_mm(frets[-1], capo) - fret_mm(frets[0], capo)
    if len(frets) <= FINGERS:
        return Grip(len(frets), False, stretch)
    if not _can_bar(places, frets[0]):
        return Grip(len(frets), False, stretch)
    return Grip(1 + sum(fret > frets[0] for fret in frets), True, stretch)


def _can_bar(places: Sequence[Place], fret: int) -> bool:
    stopped = [string for string, other in places if other == fret]
    opened = [string for string, other in places if other == 0]
    return len(stopped) >= 2 and not any(min(stopped) < string < max(stopped) for string in opened)


def shift_frets(position: int | None, places: Sequence[Place]) -> int:
    """Frets (signed) that the index finger must move from ``position`` so that the hand covers the places.

    ``None`` stands for a hand that has not played yet: it is already there. Open strings move nothing.
    """
    frets = [fret for _, fret in places if fret > 0]
    if not frets or position is None:
        return 0
    low, high = min(frets), max(frets)
    if low < position:
        return low - position
    return max(0, min(high - (HAND_FRETS - 1), low) - position)
