"""What a player does, before it sounds: strokes on strings, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from genesis_music.score import BendPoint


class Manner(Enum):
    """How a string is made to sound."""

    PLUCKED = "plucked"
    LEGATO = "legato"
    PALM_MUTED = "palm muted"
    CHOKED = "choked"
    DEAD = "dead"
    HARMONIC = "harmonic"


@dataclass(frozen=True, slots=True)
class Stroke:
    """One note on a string (1 = highest); ``fret`` counts from the capo; seconds from the window's start.

    ``end_seconds`` is when the finger lets go, if the string's next stroke does not come first. What is not meant
    is no note and may be softer than any, its velocity below 0.
    """

    onset_seconds: float
    end_seconds: float
    string: int
    fret: int
    velocity: float = 0.7
    manner: Manner = Manner.PLUCKED
    bend: tuple[BendPoint, ...] = ()
    is_meant: bool = True


@dataclass(frozen=True, slots=True)
class Phrase:
    """Strokes on a guitar; ``open_pitches_midi`` as they sound with tuning and capo, highest string first."""

    open_pitches_midi: tuple[int, ...]
    strokes: tuple[Stroke, ...]


LEAST_SECONDS = 0.03


def one_at_a_time(strokes: Sequence[Stroke]) -> list[Stroke]:
    """Strokes in time order, each ending at its string's next; of two at once the later in the list stays."""
    kept: list[Stroke] = []
    for string in {stroke.string for stroke in strokes}:
        following: float | None = None
        own = [stroke for stroke in strokes if stroke.string == string]
        for stroke in sorted(own, key=lambda item: item.onset_seconds, reverse=True):
            end = stroke.end_seconds if following is None else min(stroke.end_seconds, following)
            if end - stroke.onset_seconds >= LEAST_SECONDS:
                kept.append(replace(stroke, end_seconds=end))
                following = stroke.onset_seconds
    return sorted(kept, key=lambda stroke: stroke.onset_seconds)
