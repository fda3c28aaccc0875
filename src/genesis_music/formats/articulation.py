"""Techniques as notation wants them: on the notehead where a gesture starts, and bends in few points."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from genesis_music.score import BendPoint, TabNote, TechniqueKind, Track

_LEGATO = (TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF, TechniqueKind.SLIDE)

BEND_STEPS = 12
"""Bend points lie on twelfths of the note, as in Guitar Pro."""

CORNER_TOLERANCE_SEMITONES = 0.3
"""Smaller wobbles of the contour are not written."""


@dataclass(frozen=True, slots=True)
class BendCorner:
    """A corner of a bend: ``position`` 0..1 of the note's length, height in quarter tones."""

    position: Fraction
    quarter_tones: int


def has(note: TabNote, kind: TechniqueKind) -> bool:
    """Whether the note carries a technique."""
    return any(technique.kind is kind for technique in note.techniques)


def legato_into(note: TabNote) -> TechniqueKind | None:
    """How the note is reached from the one before on its string: hammer-on, pull-off, slide or not at all."""
    return next((technique.kind for technique in note.techniques if technique.kind in _LEGATO), None)


def followers(track: Track) -> dict[str, TabNote]:
    """The note that each note is tied to by a hammer-on, pull-off or slide: by the id of the note **left**.

    The project marks these techniques on the note they arrive at; score formats mark where they start.
    """
    last: dict[int, TabNote] = {}
    found = {}
    for note in track.notes:
        if note.string is None:
            continue
        if note.string in last and legato_into(note) is not None:
            found[last[note.string].id] = note
        last[note.string] = note
    return found


def bend_corners(note: TabNote) -> tuple[BendCorner, ...]:
    """The contour of a bent note in its corners; empty for a note without a bend."""
    bend = next((technique for technique in note.techniques if technique.kind is TechniqueKind.BEND), None)
    if bend is None:
        return ()
    duration = note.note.duration_seconds
    if note.note.bend and duration > 0:
        heights = [_height(note.note.bend, duration * step / BEND_STEPS) for step in range(BEND_STEPS + 1)]
        if any(round(2 * height) for height in heights):
            return tuple(
                BendCorner(Fraction(step, BEND_STEPS), round(2 * heights[step])) for step in _corners(heights)
            )
    full = round(2 * (bend.semitones or 1.0))
    return (BendCorner(Fraction(0), 0), BendCorner(Fraction(1, 2), full), BendCorner(Fraction(1), full))


def _height(points: tuple[BendPoint, ...], seconds: float) -> float:
    """Semitones of a contour at a time, linear between its points and level outside."""
    before = points[0]
    for point in points:
        if point.offset_seconds >= seconds:
            gap = point.offset_seconds - before.offset_seconds
            share = (seconds - before.offset_seconds) / gap if gap > 0 else 1.0
            return before.semitones + max(share, 0.0) * (point.semitones - before.semitones)
        before = point
    return before.semitones


def _corners(heights: list[float]) -> list[int]:
    """Steps where a polyline has to turn to stay close to the contour (Ramer, 1972)."""

    def between(first: int, last: int) -> list[int]:
        slope = (heights[last] - heights[first]) / (last - first)
        errors = {
            step: abs(heights[step] - heights[first] - slope * (step - first))
            for step in range(first + 1, last)
        }
        worst = max(errors, key=errors.__getitem__, default=first)
        if errors.get(worst, 0.0) <= CORNER_TOLERANCE_SEMITONES:
            return [first]
        return between(first, worst) + between(worst, last)

    return [*between(0, len(heights) - 1), len(heights) - 1]
