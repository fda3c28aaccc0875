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


# Share of the whole time each stage takes on a plain recording (benchmarks/results/speed.json).
_SHARE = {
    Stage.LOADING: 0.10,
    Stage.SEPARATING: 0.0,
    Stage.LISTENING: 0.70,
    Stage.BEAT: 0.06,
    Stage.CHORDS: 0.03,
    Stage.FRETS: 0.04,
    Stage.WRITING: 0.07,
}
_SHARE_WITH_SEPARATION = {stage: share * 0.1 for stage, share in _SHARE.items()} | {Stage.SEPARATING: 0.9}


def overall_fraction(progress: Progress, *, separating: bool) -> float:
    """Turn a stage's fraction into the fraction (0..1) of the whole transcription."""
    shares = _SHARE_WITH_SEPARATION if separating else _SHARE
    stages = list(Stage)
    before = sum(shares[stage] for stage in stages[: stages.index(progress.stage)])
    return min(1.0, before + shares[progress.stage] * progress.fraction)


ProgressCallback = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """Do nothing: the default callback."""
