"""The one place where a job's state changes: the row, what it is about, and the event to those who follow it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from genesis_music.service.jobs.contract import JobHandler
from genesis_music.service.jobs.events import event_of
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.repository import JobRepository, state_of, write_state
from genesis_music.service.jobs.states import ENDED, JobGoneError, JobState
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.jobs.watch import change_of
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import after_commit, database_now

Transition = Callable[[JobState, datetime], JobState]
"""From a state and the present moment to the next state; raises ``TransitionError`` where there is no way."""


@dataclass(frozen=True)
class JobChanges:
    """Changes jobs inside the caller's transaction; the message and the event go out when it is committed."""

    platform: Platform
    handler: JobHandler
    queue: JobQueue

    def change(
        self,
        session: Session,
        job_id: UUID,
        transition: Transition,
        store: Callable[[Session], None] | None = None,
    ) -> Job:
        """Lock the job, make the transition, and let everything that follows from it follow.

        ``store`` writes what belongs to the new state; it is called only if the transition is allowed.

        Raises:
            JobGoneError: there is no such job (any more).
            TransitionError: its state does not allow the change.
        """
        job = JobRepository(session).lock(job_id)
        if job is None:
            raise JobGoneError("There is no such job.")
        now = database_now(session)
        before = state_of(job)
        state = transition(before, now)
        if store is not None:
            store(session)
        after_commit(session, change_of(job, before, state, now).count)
        write_state(job, state)
        if job.status is JobStatus.QUEUED and before.status is not JobStatus.QUEUED:
            job.enqueued_at = None  # the sweeper sends it when it is due
        if job.status in ENDED and job.started_at is not None and job.completed_at is not None:
            job.processing_time_ms = round((job.completed_at - job.started_at).total_seconds() * 1000)
        self.follow(session, job)
        return job

    def follow(self, session: Session, job: Job) -> None:
        """Bring what the job is about in step with it, and tell those who follow it."""
        session.flush()
        self.handler.changed(session, job)
        if job.status in ENDED:
            self.handler.ended(session, job)
        event, data = event_of(job, support_email=self.platform.settings.support_email)
        job_id = job.id
        after_commit(session, lambda: self.platform.publisher.publish(event, job_id, data))
