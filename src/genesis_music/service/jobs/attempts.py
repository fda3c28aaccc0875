"""What a worker does to a job: claim it, report progress, end the attempt. Only the holder of the lease can."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from genesis_music.service.jobs import states
from genesis_music.service.jobs.changes import JobChanges, Transition
from genesis_music.service.jobs.contract import Work
from genesis_music.service.jobs.failures import WORKER_LOST, report_lost
from genesis_music.service.jobs.repository import JobRepository
from genesis_music.service.jobs.states import Failure, JobGoneError, JobState, TransitionError
from genesis_music.service.jobs.tables import Job, JobStatus

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE_SECONDS = 120.0
"""How long the end of an attempt waits for a database that is away, before its work is lost."""

_jitter = random.Random()


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job. ``worker`` names this one claim."""

    work: Work
    worker: str


class JobAttempts:
    """Each method is one transaction (or, where it says so, waits for a database that is away)."""

    def __init__(self, changes: JobChanges) -> None:
        self._changes = changes
        self._database = changes.platform.database
        self._settings = changes.platform.settings

    def claim(self, job_id: UUID, worker: str) -> Lease | None:
        """Begin an attempt, or return ``None``: it is another's, it is not due, it has ended, or it is gone.

        A job whose worker was lost is taken over at once; a second message for the same job does nothing.
        """

        def begin(state: JobState, now: datetime) -> JobState:
            if state.status is JobStatus.RUNNING:
                state = self._lose(state, WORKER_LOST, now, retry_at=now)
            return states.claim(state, worker=worker, now=now, lease_until=self._lease_until(now))

        try:
            with self._database.writing() as session:
                job = self._changes.change(session, job_id, begin)
        except (TransitionError, JobGoneError) as error:
            log.info("job %s is not to be done: %s", job_id, error)
            return None
        return Lease(work_of(job), worker)

    def advance(self, lease: Lease, *, stage: str, percent: int) -> None:
        """Report progress and renew the lease.

        Raises:
            LeaseLostError: stop working.
            JobGoneError: the job was deleted; stop working.
        """

        def go_on(state: JobState, now: datetime) -> JobState:
            until = self._lease_until(now)
            return states.advance(
                state, worker=lease.worker, stage=stage, progress=percent, lease_until=until
            )

        with self._database.writing() as session:
            self._changes.change(session, lease.work.job_id, go_on)

    def complete(self, lease: Lease, store: Callable[[Session], None]) -> None:
        """Store the result and mark the job complete in one transaction: so there is exactly one result.

        Waits for a database that is away.

        Raises:
            LeaseLostError, JobGoneError: nothing was stored.
        """

        def end(state: JobState, now: datetime) -> JobState:
            return states.complete(state, worker=lease.worker, now=now)

        def transaction() -> None:
            with self._database.writing(lease.work.user_id) as session:
                self._changes.change(session, lease.work.job_id, end, store)

        _patiently(transaction)

    def fail(self, lease: Lease, failure: Failure) -> None:
        """End the attempt without a result. Waits for a database that is away.

        Raises:
            LeaseLostError, JobGoneError: it is not this worker's any more.
        """
        pause = states.backoff(lease.work.attempt, _jitter)

        def end(state: JobState, now: datetime) -> JobState:
            return states.fail(
                state,
                failure,
                worker=lease.worker,
                now=now,
                max_attempts=self._settings.max_attempts,
                retry_at=now + pause,
            )

        def transaction() -> None:
            with self._database.writing(lease.work.user_id) as session:
                self._changes.change(session, lease.work.job_id, end)

        _patiently(transaction)

    def take_over(self, job_id: UUID) -> Job | None:
        """End the attempt of a worker that has let its lease run out; ``None`` when it has not."""
        pause = states.backoff(1, _jitter)

        def lose(state: JobState, now: datetime) -> JobState:
            return self._lose(state, WORKER_LOST, now, retry_at=now + pause)

        try:
            with self._database.writing() as session:
                job = self._changes.change(session, job_id, lose)
        except (TransitionError, JobGoneError):
            return None
        self._follow_loss(job, WORKER_LOST)
        return job

    def lost(self, worker_start: str, failure: Failure = WORKER_LOST) -> None:
        """End the attempts of workers that are known to be dead, so that nobody waits for their leases to run out.

        The jobs are tried again at once, as far as they may be.
        """

        def lose(state: JobState, now: datetime) -> JobState:
            return self._lose(replace(state, lease_until=now), failure, now, retry_at=now)

        for job in self._change_held(worker_start, lose):
            self._follow_loss(job, failure)

    def give_back(self, worker_start: str) -> int:
        """Put the jobs of workers that were told to end back into the queue; return how many."""
        return len(
            self._change_held(worker_start, lambda state, _: states.give_back(state, worker=state.worker))
        )

    def clean_up(self, job_id: UUID) -> None:
        """Delete what a job that failed or was cancelled has left behind."""
        with self._database.writing() as session:
            job = JobRepository(session).find_by_id(job_id)
        if job is not None and job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
            self._changes.handler.clean_up(work_of(job))

    def _change_held(self, worker_start: str, transition: Transition) -> Sequence[Job]:
        with self._database.writing() as session:
            jobs = JobRepository(session).held_by(worker_start)
            for job in jobs:
                self._changes.change(session, job.id, transition)
        return jobs

    def _follow_loss(self, job: Job, failure: Failure) -> None:
        report_lost(job, failure)
        if job.status in states.ENDED:
            self._changes.queue.clean_up(job)

    def _lose(self, state: JobState, failure: Failure, now: datetime, *, retry_at: datetime) -> JobState:
        return states.lose(
            state, failure, now=now, max_attempts=self._settings.max_attempts, retry_at=retry_at
        )

    def _lease_until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._settings.lease_seconds)


def work_of(job: Job) -> Work:
    """Tell a handler what there is to do."""
    return Work(
        job_id=job.id,
        transcription_id=job.transcription_id,
        user_id=job.user_id,
        kind=job.kind,
        options=dict(job.options),
        attempt=job.attempts,
        request_id=job.request_id,
        trace_parent=job.trace_parent,
    )


def _patiently(transaction: Callable[[], T]) -> T:
    """Try again while the database is away: minutes of work are not thrown away for a restart of seconds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.2
    while True:
        try:
            return transaction()
        except OperationalError:
            if time.monotonic() + pause > deadline:
                raise
            log.warning("the database does not answer; the end of an attempt waits for it")
        time.sleep(pause)
        pause = min(5.0, pause * 2)
