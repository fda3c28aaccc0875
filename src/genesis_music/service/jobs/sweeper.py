"""Finds what the queue has lost: jobs without a message, jobs whose worker is gone, retries that are due.

One sweeper works at a time (a lock in Redis); two would do no harm, since every step is checked in the database.
"""

from __future__ import annotations

import logging
import threading
import time
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from genesis_music.service.jobs.attempts import JobAttempts
from genesis_music.service.jobs.queue import QUEUES, JobQueue
from genesis_music.service.jobs.repository import JobRepository, Sent
from genesis_music.service.jobs.service import JobService
from genesis_music.service.platform.database import database_now
from genesis_music.service.platform.turn import Turn

log = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0
BATCH = 200
MOST_MISSING = 10_000
MISSING_SECONDS = 5.0
"""A message that is neither in its queue nor claimed for so long is lost; if not, a second one does no harm."""


class Sweeper:
    """Repairs the queue from the database."""

    def __init__(self, jobs: JobService, attempts: JobAttempts) -> None:
        self._database = jobs.platform.database
        self._jobs = jobs
        self._attempts = attempts
        self._queue: JobQueue = jobs.queue
        self._since: dict[Sent, float] = {}
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
        for queue in QUEUES:
            self._send_unsent(queue)
        self._send_missing()

    def _take_over_silent(self) -> None:
        with Session(self._database.primary) as session:
            silent = JobRepository(session).silent(database_now(session), limit=BATCH)
        for job_id in silent:
            job = self._attempts.take_over(job_id)
            if job is not None:
                log.warning("job %s: its worker is gone; it is %s now", job_id, job.status)

    def _send_unsent(self, queue: str) -> None:
        with Session(self._database.primary) as session:
            unsent = JobRepository(session).unsent(queue, database_now(session), limit=BATCH)
        for job_id in unsent:
            self._send(job_id)

    def _send_missing(self) -> None:
        """Send again what was handed out and nobody claims: its worker is gone, or Redis has lost it.

        Where others wait at its level its turn had come: it goes before them.
        """
        now = time.monotonic()
        missing = self._handed_out()
        self._since = {sent: self._since.get(sent, now) for sent in missing}
        overdue = [sent for sent in missing if now - self._since[sent] >= MISSING_SECONDS]
        for sent in overdue[:BATCH]:
            log.warning("the message of job %s is lost; it is sent again", sent.job_id)
            self._send(sent.job_id, first=missing[sent])

    def _handed_out(self) -> dict[Sent, bool]:
        """Messages that nobody has claimed yet; and whether others wait behind them."""
        found: dict[Sent, bool] = {}
        for queue, levels in self._queue.reached().items():
            with Session(self._database.primary) as session:
                for sent in JobRepository(session).handed_out(queue, levels, limit=MOST_MISSING):
                    found[sent] = levels[sent.level] is not None
        return found

    def _send(self, job_id: UUID, *, first: bool = False) -> None:
        with self._database.writing() as session:
            self._jobs.send_again(session, job_id, first=first)
