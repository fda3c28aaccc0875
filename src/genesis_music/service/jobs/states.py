"""States of a job and every way from one to the next: pure functions, so that they can be tested to the last case.

``queued → running → complete | failed | cancelled``; an attempt that failed goes back to ``queued`` with a time before
which it is not tried again. ``complete`` is for ever; ``failed`` and ``cancelled`` end with a retry only.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from genesis_music.service.errors import ConflictError, NotFoundError
from genesis_music.service.jobs.tables import JobStatus

UNFINISHED = (JobStatus.QUEUED, JobStatus.RUNNING)
ENDED = (JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED)

BACKOFF_SECONDS = 5.0
LONGEST_BACKOFF_SECONDS = 300.0


class TransitionError(ConflictError):
    """The job is in a state that does not allow this."""


class LeaseLostError(TransitionError):
    """The job was cancelled, or another worker has taken it over: stop working on it."""

    code: ClassVar[str] = "lease-lost"


class JobGoneError(NotFoundError):
    """There is no such job (any more)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed. ``code`` is stable, ``message`` is for the user.

    ``retryable``: the same work may succeed another time (our fault); otherwise the input has to change.
    """

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class JobState:
    """What changes in a job's life; the fields are columns of :class:`~genesis_music.service.jobs.tables.Job`.

    ``worker`` names the one claim that may change a running job; a new claim gets a new name.
    """

    status: JobStatus = JobStatus.QUEUED
    attempts: int = 0
    worker: str = ""
    stage: str = ""
    progress: int = 0
    error_code: str = ""
    error_message: str = ""
    retryable: bool = False
    not_before: datetime | None = None
    lease_until: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


def claim(state: JobState, *, worker: str, now: datetime, lease_until: datetime) -> JobState:
    """Begin an attempt of a queued job that is due."""
    if state.status is not JobStatus.QUEUED or (state.not_before is not None and state.not_before > now):
        raise TransitionError(f"the job is {state.status} and cannot be started now")
    return replace(
        state,
        status=JobStatus.RUNNING,
        attempts=state.attempts + 1,
        worker=worker,
        stage="",
        progress=0,
        not_before=None,
        lease_until=lease_until,
        started_at=now,
    )


def advance(state: JobState, *, worker: str, stage: str, progress: int, lease_until: datetime) -> JobState:
    """Report progress (0..100), which also renews the lease."""
    _check_lease(state, worker)
    return replace(state, stage=stage, progress=progress, lease_until=lease_until)


def complete(state: JobState, *, worker: str, now: datetime) -> JobState:
    """End with a result."""
    _check_lease(state, worker)
    success = replace(state, progress=100, error_code="", error_message="", retryable=False)
    return _ended(success, JobStatus.COMPLETE, now)


def fail(
    state: JobState, failure: Failure, *, worker: str, now: datetime, max_attempts: int, retry_at: datetime
) -> JobState:
    """End an attempt without a result: back to the queue until ``retry_at``, or failed for good."""
    _check_lease(state, worker)
    return _failed(state, failure, now=now, max_attempts=max_attempts, retry_at=retry_at)


def lose(
    state: JobState, failure: Failure, *, now: datetime, max_attempts: int, retry_at: datetime
) -> JobState:
    """End an attempt whose worker has been silent for longer than its lease."""
    if state.status is not JobStatus.RUNNING or (state.lease_until is not None and state.lease_until > now):
        raise TransitionError(f"the job is {state.status} and its worker is not lost")
    return _failed(state, failure, now=now, max_attempts=max_attempts, retry_at=retry_at)


def give_back(state: JobState, *, worker: str) -> JobState:
    """Stop an attempt that was not at fault (its worker is told to end): it does not count."""
    _check_lease(state, worker)
    return replace(
        state, status=JobStatus.QUEUED, attempts=state.attempts - 1, worker="", stage="", lease_until=None
    )


def cancel(state: JobState, *, now: datetime) -> JobState:
    """End because the user no longer wants it."""
    if state.status not in UNFINISHED:
        raise TransitionError(f"The job is {state.status} already: there is nothing to cancel.")
    return _ended(state, JobStatus.CANCELLED, now)


def retry(state: JobState) -> JobState:
    """Start anew, with all attempts, what failed or was cancelled."""
    if state.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
        raise TransitionError(f"The job is {state.status}: only a failed or cancelled job can be retried.")
    return JobState()


def backoff(attempt: int, generator: random.Random) -> timedelta:
    """Pause after the ``attempt``-th failure: exponential with full jitter, so that retries do not come in waves.

    Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).
    """
    ceiling = min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2.0 ** (attempt - 1))
    return timedelta(seconds=generator.uniform(0.0, ceiling))


def _check_lease(state: JobState, worker: str) -> None:
    if state.status is not JobStatus.RUNNING or state.worker != worker:
        raise LeaseLostError(f"the job is {state.status} and no longer this worker's")


def _failed(
    state: JobState, failure: Failure, *, now: datetime, max_attempts: int, retry_at: datetime
) -> JobState:
    told = replace(state, error_code=failure.code, error_message=failure.message, retryable=failure.retryable)
    if not failure.retryable or state.attempts >= max_attempts:
        return _ended(told, JobStatus.FAILED, now)
    return replace(told, status=JobStatus.QUEUED, worker="", not_before=retry_at, lease_until=None)


def _ended(state: JobState, status: JobStatus, now: datetime) -> JobState:
    return replace(state, status=status, worker="", not_before=None, lease_until=None, completed_at=now)
