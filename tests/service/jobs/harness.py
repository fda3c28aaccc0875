"""A place to work on jobs: the service's parts, real workers and real servers in processes of their own."""

import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from genesis_music.service.jobs.attempts import JobAttempts
from genesis_music.service.jobs.service import JobService, NewJob
from genesis_music.service.jobs.states import ENDED
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.container import Platform
from genesis_music.service.serve import environment_of
from genesis_music.service.transcriptions.tables import SourceType, Transcription
from tests.service.servers import START_SECONDS, await_ready, free_ports, until

WORKER = "tests.service.jobs.worker_main"
JOB_SECONDS = 180.0
"""A job that was lost waits for the end of a lease, a pause and its turn, and the processes that do it may be new."""
API = [sys.executable, "-m", "uvicorn", "--factory", "genesis_music.service.app:from_environment"]


@dataclass
class JobHarness:
    """Submits jobs of the tiny handler and looks at what becomes of them."""

    platform: Platform
    jobs: JobService
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """What its processes get besides the settings."""
    children: list[ChildProcess] = field(default_factory=list)

    @property
    def attempts(self) -> JobAttempts:
        return JobAttempts(self.jobs.changes)

    def submit(self, user_id: UUID, options: dict[str, Any] | None = None, **new: Any) -> UUID:
        with self.platform.database.writing(user_id) as session:
            row = Transcription(user_id=user_id, source_type=SourceType.FILE)
            session.add(row)
            session.flush()
            kind, not_before = new.pop("kind", JobKind.TRANSCRIBE), new.pop("not_before", None)
            job = self.jobs.submit(session, NewJob(row.id, user_id, kind, options or {}, **new))
            job.not_before = not_before
            return job.id

    def job(self, job_id: UUID) -> Job:
        with self.platform.database.writing() as session:
            return session.get_one(Job, job_id)

    def job_of_task(self, task_id: str) -> UUID:
        with self.platform.database.writing() as session:
            return session.scalars(select(Job.id).where(Job.celery_task_id == task_id)).one()

    def told(self, job_id: UUID) -> str:
        """All that the database and the queue know of a job, for the log of a test that fails."""
        job = self.job(job_id)
        known = {column.name: getattr(job, column.name) for column in Job.__table__.columns}
        return f"{known}; queue: {self.jobs.queue.reached()}, {self.messages_in_hand()} in hand"

    def transcription(self, job_id: UUID) -> Transcription:
        with self.platform.database.writing() as session:
            return session.get_one(Transcription, session.get_one(Job, job_id).transcription_id)

    def cancel(self, job_id: UUID) -> None:
        with self.platform.database.writing() as session:
            self.jobs.cancel(session, job_id)

    def retry(self, job_id: UUID, options: dict[str, Any] | None = None) -> None:
        with self.platform.database.writing() as session:
            self.jobs.retry(session, job_id, options)

    def await_status(self, job_id: UUID, *statuses: JobStatus) -> Job:
        try:
            until(lambda: self.job(job_id).status in statuses, JOB_SECONDS)
        except AssertionError:
            print("waited in vain for", self.told(job_id))
            raise
        return self.job(job_id)

    def await_end(self, job_id: UUID) -> Job:
        return self.await_status(job_id, *ENDED)

    def begun_by(self, job_id: UUID) -> list[int]:
        """Process ids of the workers' children that have begun attempts, in order."""
        return [int(pid) for pid in self.platform.redis.lrange(f"attempts:{job_id}", 0, -1)]

    def await_begun(self, job_id: UUID, attempts: int = 1) -> int:
        until(lambda: len(self.begun_by(job_id)) >= attempts)
        return self.begun_by(job_id)[attempts - 1]

    def ends_of(self, job_id: UUID) -> list[str]:
        """What the handler was told of the job's end."""
        return [text.decode() for text in self.platform.redis.lrange(f"ended:{job_id}", 0, -1)]

    def messages_in_hand(self) -> int:
        """How many messages workers hold, as kombu's Redis transport notes them."""
        return int(self.platform.redis.hlen("unacked"))

    def left_behind(self, job_id: UUID) -> bool:
        return self.platform.storage.exists(f"partial/{job_id}")

    def start_worker(self, program: str = WORKER, **settings: Any) -> ChildProcess:
        """A worker; by itself one with the tiny handler."""
        return self._start([sys.executable, "-m", program], "worker.log", settings)

    def start_api(
        self, command: Sequence[str] = API, *, patience_seconds: float = START_SECONDS, **settings: Any
    ) -> str:
        """A process that serves HTTP and sockets; its address."""
        [port] = free_ports(1)
        child = self._start([*command, f"--port={port}"], f"api-{port}.log", settings)
        await_ready(child, lambda: answers(f"http://127.0.0.1:{port}/health/live"), patience_seconds)
        return f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        for child in self.children:
            child.stop()

    def _start(self, command: list[str], log: str, changes: dict[str, Any]) -> ChildProcess:
        settings = self.platform.settings.model_copy(update=changes)
        environment = environment_of(settings) | {
            "GENESIS_WORKER_PROCESSES": str(settings.worker_processes),
            "GENESIS_MAX_ATTEMPTS": str(settings.max_attempts),
            "GENESIS_LEASE_SECONDS": str(settings.lease_seconds),
            "GENESIS_ATTEMPT_SECONDS": str(settings.attempt_seconds),
            "GENESIS_KILL_AFTER_SECONDS": str(settings.kill_after_seconds),
            "GENESIS_RATE_LIMITS_ENABLED": "false",
            "GENESIS_METRICS_PORT": str(settings.metrics_port or ""),
            **self.environment,
        }
        self.children.append(ChildProcess(command, log=self.folder / log, environment=environment))
        return self.children[-1]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
