"""Questions about jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from genesis_music.service.accounts.tables import User
from genesis_music.service.jobs.states import UNFINISHED, JobState
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.platform.database import Base
from genesis_music.service.platform.repository import Repository


@dataclass(frozen=True, slots=True)
class QueueState:
    """Jobs of one queue in the database; ``oldest_at`` is when the longest waiting one was accepted."""

    queued: int = 0
    running: int = 0
    oldest_at: datetime | None = None


class Sent(NamedTuple):
    """A job's message: when it was sent, and to which level."""

    job_id: UUID
    enqueued_at: datetime
    level: int


class JobRepository(Repository[Job]):
    """Jobs; who wants to change one locks it first."""

    table: ClassVar[type[Base]] = Job

    def lock(self, job_id: UUID) -> Job | None:
        """Return the job as it is now; nobody else can change it before this transaction ends."""
        question = select(Job).where(Job.id == job_id).with_for_update()
        return self.session.scalars(question, execution_options={"populate_existing": True}).one_or_none()

    def count_active(self, user_id: UUID) -> int:
        """Unfinished jobs of a user. Locks the user: two requests at once cannot both be the last one allowed.

        The lock leaves the key alone: rows just inserted for the user hold that, and two of them would wait for
        each other for ever.
        """
        self.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
        question = select(func.count()).where(Job.user_id == user_id, Job.status.in_(UNFINISHED))
        return self.session.execute(question).scalar_one()

    def unsent(self, queue: str, now: datetime, *, limit: int) -> Sequence[UUID]:
        """Queued jobs that are due and have no message."""
        due = or_(Job.not_before.is_(None), Job.not_before <= now)
        question = select(Job.id).where(*_queued_in(queue), Job.enqueued_at.is_(None), due)
        return self.session.scalars(question.order_by(Job.priority, Job.created_at).limit(limit)).all()

    def handed_out(self, queue: str, reached: Sequence[datetime | None], *, limit: int) -> Sequence[Sent]:
        """Queued jobs whose messages have left the queue: at each level it has come so far (``None``: to its end)."""
        left = [
            and_(Job.priority == level, Job.enqueued_at < moment if moment else Job.enqueued_at.is_not(None))
            for level, moment in enumerate(reached)
        ]
        question = select(Job.id, Job.enqueued_at, Job.priority).where(*_queued_in(queue), or_(*left))
        rows = self.session.execute(question.order_by(Job.priority, Job.created_at).limit(limit))
        return [Sent(id_, at, level) for id_, at, level in rows if at is not None]

    def silent(self, now: datetime, *, limit: int) -> Sequence[UUID]:
        """Running jobs whose worker has let its lease run out."""
        question = select(Job.id).where(Job.status == JobStatus.RUNNING, Job.lease_until <= now).limit(limit)
        return self.session.scalars(question).all()

    def held_by(self, worker_start: str) -> Sequence[Job]:
        """Running jobs of the workers whose names begin so."""
        question = select(Job).where(
            Job.status == JobStatus.RUNNING, Job.worker.startswith(worker_start, autoescape=True)
        )
        return self.session.scalars(question.with_for_update()).all()

    def dead_letters(self, *, limit: int, before: tuple[datetime, UUID] | None = None) -> Sequence[Job]:
        """Jobs that failed for good by our fault, newest first."""
        question = select(Job).where(Job.status == JobStatus.FAILED, Job.retryable.is_(True))
        if before is not None:
            moment, id_ = before
            question = question.where(
                or_(Job.completed_at < moment, and_(Job.completed_at == moment, Job.id < id_))
            )
        return self.session.scalars(
            question.order_by(Job.completed_at.desc(), Job.id.desc()).limit(limit)
        ).all()

    def count_dead_letters(self) -> int:
        """How many jobs failed for good by our fault."""
        question = select(func.count()).where(Job.status == JobStatus.FAILED, Job.retryable.is_(True))
        return self.session.execute(question).scalar_one()

    def queue_states(self) -> dict[str, QueueState]:
        """Unfinished jobs by queue."""
        question = (
            select(Job.queue, Job.status, func.count(), func.min(Job.created_at))
            .where(Job.status.in_(UNFINISHED))
            .group_by(Job.queue, Job.status)
        )
        found: dict[str, QueueState] = {}
        for queue, status, count, oldest in self.session.execute(question):
            state = asdict(found.get(queue, QueueState()))
            if status is JobStatus.QUEUED:
                state["oldest_at"] = oldest
            found[queue] = QueueState(**(state | {str(status): count}))
        return found


def _queued_in(queue: str) -> tuple[ColumnElement[bool], ...]:
    return Job.status == JobStatus.QUEUED, Job.queue == queue


def state_of(job: Job) -> JobState:
    """Read the part of a row that the transitions know."""
    return JobState(**{field.name: getattr(job, field.name) for field in fields(JobState)})


def write_state(job: Job, state: JobState) -> None:
    """Write the state that a transition has returned."""
    for name, value in asdict(state).items():
        setattr(job, name, value)
