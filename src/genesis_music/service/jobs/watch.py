"""What is counted and measured about jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from genesis_music.service.jobs.failures import TIMED_OUT, WORKER_LOST
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.repository import JobRepository
from genesis_music.service.jobs.states import ENDED, JobState
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.platform.database import Database, database_now
from genesis_music.service.platform.metrics import LONG_SECONDS, Counter, Histogram
from genesis_music.service.platform.metrics_server import Quantity, Reading, Sample

JOBS = Counter(
    "genesis_jobs_total",
    "Jobs that ended: complete, cancelled, refused (the user's to mend) or failed (ours to mend).",
    ("outcome", "queue"),
)
JOB_SECONDS = Histogram(
    "genesis_job_seconds", "Time of the last attempt at a job.", ("queue",), buckets=LONG_SECONDS
)
WAIT_SECONDS = Histogram(
    "genesis_job_wait_seconds", "Time from the queue to a worker.", ("queue",), buckets=LONG_SECONDS
)
ATTEMPTS = Counter(
    "genesis_job_attempts_total",
    "Attempts that ended: as jobs do, or lost (its process died), timed-out, returned (its worker was told to end).",
    ("outcome",),
)

QUEUE_LENGTH = Quantity("genesis_queue_length", "Messages that wait in the queue.", ("queue",))
QUEUE_OLDEST = Quantity("genesis_queue_oldest_seconds", "How long the first of them has waited.", ("queue",))
RUNNING = Quantity("genesis_jobs_running", "Jobs that a worker has.", ("queue",))
DEAD_LETTERS = Quantity(
    "genesis_dead_letters", "Jobs that failed for good by our fault and wait for a replay."
)

_LOSSES = {WORKER_LOST.code: "lost", TIMED_OUT.code: "timed-out"}


@dataclass(frozen=True, slots=True)
class JobChange:
    """What a transition has made of a job; taken down at once, counted when it is committed."""

    before: JobState
    after: JobState
    queue: str
    waited_seconds: float
    work_seconds: float

    def count(self) -> None:
        """Count it."""
        before, after = self.before, self.after
        if before.status is JobStatus.RUNNING and not self._goes_on:
            ATTEMPTS.add(outcome=_attempt_outcome(before, after))
        if after.status is JobStatus.RUNNING and not self._goes_on:
            WAIT_SECONDS.observe(self.waited_seconds, queue=self.queue)
        if after.status in ENDED:
            JOBS.add(outcome=_outcome(after), queue=self.queue)
        if after.status is JobStatus.COMPLETE:
            JOB_SECONDS.observe(self.work_seconds, queue=self.queue)

    @property
    def _goes_on(self) -> bool:
        """Whether it is still the same attempt."""
        return self.after.status is JobStatus.RUNNING and self.after.worker == self.before.worker


def change_of(job: Job, before: JobState, after: JobState, now: datetime) -> JobChange:
    """Take down a change of a job whose row is still as before."""
    waiting_since = job.enqueued_at or job.created_at
    working_since = after.started_at or now
    waited, worked = (now - waiting_since).total_seconds(), (now - working_since).total_seconds()
    return JobChange(before, after, job.queue, max(0.0, waited), max(0.0, worked))


def readings(queue: JobQueue, database: Database) -> tuple[Reading, ...]:
    """What is asked at every scrape: the real queue, and the table of jobs."""
    return (
        Reading("queue", lambda: _read_queue(queue, database)),
        Reading("jobs", lambda: _read_jobs(database)),
    )


def _read_queue(queue: JobQueue, database: Database) -> Iterator[Sample]:
    with Session(database.primary) as session:
        now = database_now(session)
    for name, length in queue.lengths().items():
        yield QUEUE_LENGTH(length, queue=name)
    for name, levels in queue.reached().items():
        sent = [moment for moment in levels if moment is not None and moment.year > 1]
        oldest = max((now - moment).total_seconds() for moment in sent) if sent else 0.0
        yield QUEUE_OLDEST(max(0.0, oldest), queue=name)


def _read_jobs(database: Database) -> Iterator[Sample]:
    with Session(database.primary) as session:
        repository = JobRepository(session)
        yield DEAD_LETTERS(repository.count_dead_letters())
        for name, state in repository.queue_states().items():
            yield RUNNING(state.running, queue=name)


def _outcome(state: JobState) -> str:
    if state.status is JobStatus.FAILED and not state.retryable:
        return "refused"
    return str(state.status)


def _attempt_outcome(before: JobState, after: JobState) -> str:
    if after.status in (JobStatus.COMPLETE, JobStatus.CANCELLED):
        return str(after.status)
    if after.attempts < before.attempts:
        return "returned"
    return _LOSSES.get(after.error_code, "failed" if after.retryable else "refused")
