"""Whose turn it is, on which queue, and how long it may take: from what is known when a job is put into the queue."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from genesis_music.service.config import ServiceSettings
from genesis_music.service.jobs.tables import Job, JobKind

LEVELS = 10
"""Levels of the queue: 0 goes first."""


class Priority(IntEnum):
    """The level of a user's only job; with every doubling of their unfinished jobs the next ones wait a level more."""

    HIGH = 0
    NORMAL = 2
    LOW = 5


def fair_level(priority: Priority, active_jobs: int) -> int:
    """Level (0 first, 9 last) of a new job of a user who has ``active_jobs`` unfinished ones already.

    One user's hundred jobs take the last levels, so the first job of anybody else overtakes nearly all of them.
    """
    return min(LEVELS - 1, priority + active_jobs.bit_length())


def queue_for(settings: ServiceSettings, *, separating: bool) -> str:
    """Separation goes where the graphics cards are, if there are any."""
    return "gpu" if separating and settings.gpu_available else "cpu"


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """After ``soft_seconds`` the attempt is told to end, after ``hard_seconds`` its process is killed."""

    soft_seconds: int
    hard_seconds: int


_SECONDS_PER_AUDIO_SECOND = {JobKind.TRANSCRIBE: 2.0, JobKind.RETAB: 0.5}
_SEPARATION_SECONDS_PER_AUDIO_SECOND = 8.0
"""About ten times what was measured on one slow core (benchmarks/results/speed.json): a limit for what hangs."""


def time_limits(
    settings: ServiceSettings, kind: JobKind, *, separating: bool, audio_seconds: float | None
) -> TimeLimits:
    """Limits from the length of the recording; where it is not known yet, from the longest allowed."""
    seconds = settings.max_duration_seconds if audio_seconds is None else audio_seconds
    rate = _SECONDS_PER_AUDIO_SECOND[kind] + (_SEPARATION_SECONDS_PER_AUDIO_SECOND if separating else 0.0)
    soft = settings.attempt_seconds + rate * seconds
    return TimeLimits(math.ceil(soft), math.ceil(soft + settings.kill_after_seconds))


def separates(job: Job) -> bool:
    """Whether the job takes a band apart first: its option ``separate`` names a model."""
    return bool(job.options.get("separate"))


def longest_limit(settings: ServiceSettings) -> int:
    """Seconds that no attempt of any job can exceed."""
    return time_limits(settings, JobKind.TRANSCRIBE, separating=True, audio_seconds=None).hard_seconds
