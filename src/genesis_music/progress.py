"""Progress of a transcription, as a stream of small events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The stages a user sees, in order; the value is what the page and the terminal print."""

    LOADING = "Loading"
    SEPARATING = "Separating"
    LISTENING = "Listening"
    BEAT = "Finding the beat"
    CHORDS = "Naming chords"
    FRETS = "Choosing frets"
    WRITING = "Writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """``fraction`` (0..1) of ``stage`` is done."""

    stage: Stage
    fraction: float


ProgressCallback = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """Do nothing: the default callback."""
