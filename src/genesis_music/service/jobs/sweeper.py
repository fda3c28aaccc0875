"""Finds what the queue has lost: jobs without a message, jobs whose worker is gone, retries that are due.

One sweeper works at a time (a lock in Redis); two would do no harm, since every step is checked in the database.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from genesis_music.service.jobs.attempts import JobAttempts
from genesis_music.service.jobs.queue import QUEUES, JobQueue
from genesis_music.service.jobs.repository import JobRepository
from genesis_music.service.jobs.service import JobService
from genesis_music.service.platform.database import database_now
from genesis_music.service.platform.turn import Turn

log = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0
BATCH = 200
LOST_WHEN_EMPTY = timedelta(seconds=5)
"""A message that was sent this long ago, while its queue is empty, is lost; if not, a second one does no harm."""
LOST_IN_ANY_CASE = timedelta(minutes=15)


class Sweeper:
    """Repairs the queue from the database."""

    def __init__(self, jobs: JobService, attempts: JobAttempts) -> None:
        self._database = jobs.platform.database
        self._jobs = jobs
        self._attempts = attempts
        self._queue: JobQueue = jobs.queue
        self._turn = Turn(jobs.platform.redis, "sweeper")

    def run(self, stop: threading.Event) -> None:
        """Sweep every second until told to stop; what is away is waited for."""
        while not stop.is_set():
            try:
                if self._turn.mine():
                    self.sweep()
            except (SQLAlchemyError, RedisError) as error:
                log.warning("the sweep has to wait: %s", error)
            except Exception:
                log.exception("a sweep failed")
            stop.wait(PERIOD_SECONDS)

    def sweep(self) -> None:
        """Do it once."""
        self._take_over_silent()
        waiting = self._queue.lengths()
        for queue in QUEUES:
            self._send(queue, LOST_IN_ANY_CASE if waiting[queue] else LOST_WHEN_EMPTY)

    def _take_over_silent(self) -> None:
        with Session(self._database.primary) as session:
            silent = JobRepository(session).silent(database_now(session), limit=BATCH)
        for job_id in silent:
            job = self._attempts.take_over(job_id)
            if job is not None:
                log.warning("job %s: its worker is gone; it is %s now", job_id, job.status)

    def _send(self, queue: str, lost_after: timedelta) -> None:
        with Session(self._database.primary) as session:
            now = database_now(session)
            unsent = JobRepository(session).to_send(queue, now, lost_after=lost_after, limit=BATCH)
        for job_id in unsent:
            self._send_one(job_id)

    def _send_one(self, job_id: UUID) -> None:
        with self._database.writing() as session:
            self._jobs.send_again(session, job_id)
