"""What users and administrators do with jobs: submit, cancel, retry, replay."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from genesis_music.service.errors import TooManyRequestsError
from genesis_music.service.jobs.changes import JobChanges
from genesis_music.service.jobs.contract import JobHandler
from genesis_music.service.jobs.priorities import Priority, fair_level, queue_for, separates
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.repository import JobRepository
from genesis_music.service.jobs.states import cancel, retry
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.context import trace_parent
from genesis_music.service.platform.database import after_commit, database_now
from genesis_music.service.platform.headers import current_request_id

log = logging.getLogger(__name__)

BUSY_RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to be accepted. ``options`` are the handler's; only ``separate`` (a model's name) means something here.

    ``audio_seconds`` is the length of the recording, ``None`` where it is not known yet.
    """

    transcription_id: UUID
    user_id: UUID
    kind: JobKind
    options: dict[str, Any]
    audio_seconds: float | None = None
    priority: Priority = Priority.NORMAL


class JobService:
    """Works inside the caller's transaction; messages and events go out when that is committed.

    With the queue away nothing fails: the job waits in the database until the sweeper can send it.
    """

    def __init__(self, platform: Platform, handler: JobHandler, queue: JobQueue) -> None:
        self.platform = platform
        self.handler = handler
        self.queue = queue
        self.changes = JobChanges(platform, handler, queue)

    def submit(self, session: Session, new: NewJob) -> Job:
        """Accept work.

        Raises:
            TooManyRequestsError: the user has too many unfinished jobs.
        """
        repository = JobRepository(session)
        active = repository.count_active(new.user_id)
        self._check_limit(active)
        now = database_now(session)
        job = Job(
            id=uuid4(),
            transcription_id=new.transcription_id,
            user_id=new.user_id,
            celery_task_id=str(uuid4()),
            kind=new.kind,
            status=JobStatus.QUEUED,
            options=new.options,
            priority=fair_level(new.priority, active),
            attempts=0,
            stage="",
            progress=0,
            audio_seconds=new.audio_seconds,
            created_at=now,
            request_id=current_request_id(),
            trace_parent=trace_parent(),
        )
        job.queue = queue_for(self.platform.settings, separating=separates(job))
        session.add(job)
        self._enqueue(session, job, now)
        self.changes.follow(session, job)
        return job

    def cancel(self, session: Session, job_id: UUID) -> Job:
        """Stop a job, wherever it is: waiting, running, or waiting for its next attempt.

        Raises:
            JobGoneError: there is no such job.
            TransitionError: it has ended already.
        """
        job = self.changes.change(session, job_id, lambda state, now: cancel(state, now=now))

        def stop() -> None:
            self.queue.revoke(job.celery_task_id)
            if job.attempts:
                self.queue.clean_up(job)

        after_commit(session, stop)
        return job

    def retry(self, session: Session, job_id: UUID, options: dict[str, Any] | None = None) -> Job:
        """Start a failed or cancelled job anew, with other options if any are given.

        Raises:
            JobGoneError: there is no such job.
            TransitionError: it has not ended, or it is complete.
            TooManyRequestsError: the user has too many unfinished jobs.
        """
        job = self.changes.change(session, job_id, lambda state, _: retry(state))
        self._check_limit(JobRepository(session).count_active(job.user_id) - 1)
        self._begin_anew(session, job, options)
        return job

    def replay(self, session: Session, job_id: UUID) -> Job:
        """Start a failed job anew for an administrator: the user's limit does not count.

        Raises:
            JobGoneError, TransitionError: as for :meth:`retry`.
        """
        job = self.changes.change(session, job_id, lambda state, _: retry(state))
        self._begin_anew(session, job, None)
        return job

    def _begin_anew(self, session: Session, job: Job, options: dict[str, Any] | None) -> None:
        active = JobRepository(session).count_active(job.user_id) - 1
        if options is not None:
            job.options = options
            job.queue = queue_for(self.platform.settings, separating=separates(job))
        job.priority = fair_level(Priority.NORMAL, active)
        job.celery_task_id = str(uuid4())  # workers refuse the old one for ever once it was revoked
        job.processing_time_ms = None
        job.request_id, job.trace_parent = current_request_id(), trace_parent()
        self._enqueue(session, job, database_now(session))
        session.flush()

    def send_again(self, session: Session, job_id: UUID, *, first: bool = False) -> None:
        """Send a queued job's message, which was lost or is only due now.

        ``first``: before all others, as every job that has had its turn already.
        """
        job = JobRepository(session).lock(job_id)
        if job is not None and job.status is JobStatus.QUEUED:
            if first or job.started_at is not None:
                job.priority = Priority.HIGH
            self._enqueue(session, job, database_now(session))

    def _check_limit(self, active: int) -> None:
        most = self.platform.settings.max_active_jobs
        if active >= most:
            raise TooManyRequestsError(
                f"You have {active} unfinished jobs; {most} are allowed. Wait for some, or cancel them.",
                headers={"Retry-After": str(BUSY_RETRY_SECONDS)},
            )

    def _enqueue(self, session: Session, job: Job, now: datetime) -> None:
        """Send the message when the transaction is committed: a worker must never look for a job that is not there."""
        job.enqueued_at = now

        def send() -> None:
            if not self.queue.send(job):
                self._note_unsent(job.id)

        after_commit(session, send)

    def _note_unsent(self, job_id: UUID) -> None:
        """Let the sweeper send it as soon as the queue answers; if even this fails it finds out by itself."""
        try:
            with self.platform.database.writing() as session:
                job = JobRepository(session).lock(job_id)
                if job is not None and job.status is JobStatus.QUEUED:
                    job.enqueued_at = None
        except SQLAlchemyError:
            log.warning("a job could not be marked as unsent", exc_info=True)
