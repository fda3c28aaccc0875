"""Techniques as notation formats want them: on the notehead where a gesture starts, and bends in few points."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from genesis_music.score import BendPoint, TabNote, TechniqueKind, Track

_LEGATO = (TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF, TechniqueKind.SLIDE)

BEND_STEPS = 12
"""Bend points lie on twelfths of the note, as in Guitar Pro."""


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
        heights = [
            round(2 * _height(note.note.bend, duration * step / BEND_STEPS)) for step in range(BEND_STEPS + 1)
        ]
        if any(heights):
            return _corners(heights)
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


def _corners(heights: list[int]) -> tuple[BendCorner, ...]:
    last = len(heights) - 1
    kept = [
        step
        for step in range(last + 1)
        if step in (0, last) or heights[step] - heights[step - 1] != heights[step + 1] - heights[step]
    ]
    return tuple(BendCorner(Fraction(step, last), heights[step]) for step in kept)
