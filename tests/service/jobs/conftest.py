"""Real workers in processes of their own, on the same parts as the test."""

import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from genesis_music.service.config import ServiceSettings
from genesis_music.service.jobs.attempts import JobAttempts
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.service import JobService, NewJob
from genesis_music.service.jobs.states import ENDED
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.tables import SourceType, Transcription
from tests.service.jobs.tiny import TinyHandler
from tests.service.servers import await_ready, free_ports, until


@dataclass
class Bench:
    """Submits jobs of the tiny handler and looks at what becomes of them."""

    platform: Platform
    jobs: JobService

    @property
    def attempts(self) -> JobAttempts:
        return JobAttempts(self.jobs.changes)

    def submit(self, user_id: UUID, options: dict[str, Any] | None = None, **new: Any) -> UUID:
        with self.platform.database.writing(user_id) as session:
            row = Transcription(user_id=user_id, source_type=SourceType.FILE)
            session.add(row)
            session.flush()
            kind = new.pop("kind", JobKind.TRANSCRIBE)
            return self.jobs.submit(session, NewJob(row.id, user_id, kind, options or {}, **new)).id

    def job(self, job_id: UUID) -> Job:
        with self.platform.database.writing() as session:
            return session.get_one(Job, job_id)

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
        until(lambda: self.job(job_id).status in statuses)
        return self.job(job_id)

    def await_end(self, job_id: UUID) -> Job:
        return self.await_status(job_id, *ENDED)

    def children_of(self, job_id: UUID) -> list[int]:
        """Process ids of the workers' children that have begun attempts, in order."""
        return [int(pid) for pid in self.platform.redis.lrange(f"attempts:{job_id}", 0, -1)]

    def ends_of(self, job_id: UUID) -> list[str]:
        """What the handler was told of the job's end."""
        return [text.decode() for text in self.platform.redis.lrange(f"ended:{job_id}", 0, -1)]

    def left_behind(self, job_id: UUID) -> bool:
        return self.platform.storage.exists(f"partial/{job_id}")


@pytest.fixture
def bench(platform: Platform) -> Iterator[Bench]:
    queue = JobQueue(platform.settings, platform.redis)
    yield Bench(platform, JobService(platform, TinyHandler(platform), queue))
    queue.close()


def environment_of(settings: ServiceSettings) -> dict[str, str]:
    """The settings as environment variables."""
    return {
        "GENESIS_MODE": settings.mode,
        "GENESIS_PUBLIC_URL": settings.public_url,
        "GENESIS_DATABASE_URL": settings.database_url,
        "GENESIS_DATABASE_REPLICA_URL": settings.database_replica_url,
        "GENESIS_REDIS_URL": settings.redis_url,
        "GENESIS_STORAGE_URL": settings.storage_url,
        "GENESIS_SECRET_KEYS": ",".join(key.get_secret_value() for key in settings.secret_keys),
        "GENESIS_WORKER_PROCESSES": str(settings.worker_processes),
        "GENESIS_MAX_ATTEMPTS": str(settings.max_attempts),
        "GENESIS_LEASE_SECONDS": str(settings.lease_seconds),
        "GENESIS_RATE_LIMITS_ENABLED": "false",
    }


StartWorker = Callable[..., ChildProcess]


@pytest.fixture
def start_worker(platform: Platform, tmp_path: Path) -> Iterator[StartWorker]:
    """Start workers with the tiny handler; they end with the test."""
    started: list[ChildProcess] = []
    log = tmp_path / "worker.log"

    def start(**settings: Any) -> ChildProcess:
        environment = environment_of(platform.settings.model_copy(update=settings))
        command = [sys.executable, "-m", "tests.service.jobs.worker_main"]
        started.append(ChildProcess(command, log=log, environment=environment))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()
    print(log.read_text() if log.exists() else "")


@dataclass
class ApiServer:
    """A process that serves HTTP and sockets."""

    url: str
    child: ChildProcess


StartApi = Callable[..., ApiServer]


@pytest.fixture
def start_api(platform: Platform, tmp_path: Path) -> Iterator[StartApi]:
    """Start server processes as production does; they end with the test."""
    started: list[ApiServer] = []
    log = tmp_path / "api.log"

    def start(**settings: Any) -> ApiServer:
        [port] = free_ports(1)
        environment = environment_of(platform.settings.model_copy(update=settings))
        application = "genesis_music.service.app:from_environment"
        command = [sys.executable, "-m", "uvicorn", "--factory", application, f"--port={port}"]
        server = ApiServer(
            f"http://127.0.0.1:{port}", ChildProcess(command, log=log, environment=environment)
        )
        started.append(server)
        await_ready(server.child, lambda: answers(f"{server.url}/health/live"))
        return server

    yield start
    for server in started:
        server.child.stop()
    print(log.read_text() if log.exists() else "")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
