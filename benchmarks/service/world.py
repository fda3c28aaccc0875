"""The whole service in production mode on this machine, every part a process of its own."""

from __future__ import annotations

import secrets
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.sessions import start_session
from genesis_music.service.accounts.tables import User, UserPreferences
from genesis_music.service.config import ServiceSettings
from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.container import Platform
from genesis_music.service.wiring import service_platform
from tests.service.servers import (
    Postgres,
    S3Server,
    TestRedis,
    free_ports,
    postgres_user,
    scratch,
    start_primary,
    start_replica,
)

REAL_WORKER, NOTHING_WORKER = "genesis_music.service.worker", "benchmarks.service.nothing"
GENESIS = Path(sys.executable).with_name("genesis")
HOUR_SECONDS = 3600
START_SECONDS, POLL_SECONDS = 300.0, 0.02


@dataclass(frozen=True)
class Person:
    """Somebody with an account and an access token."""

    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What signs a request."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class World:
    """The servers, the service's processes, and the same parts for looking at them from here."""

    settings: ServiceSettings
    platform: Platform
    postgres: Postgres
    redis: TestRedis
    s3: S3Server
    api: ChildProcess
    url: str
    environment: dict[str, str]
    folder: Path

    @contextmanager
    def worker(self, module: str) -> Iterator[ChildProcess]:
        """Run a worker of one child process until the block ends."""
        log = self.folder / f"worker-{secrets.token_hex(3)}.log"
        child = ChildProcess([sys.executable, "-m", module], log=log, environment=self.environment)
        try:
            wait_until(lambda: b" is ready" in log.read_bytes(), START_SECONDS)
            yield child
        finally:
            child.stop(timeout_seconds=30.0)

    def servers(self) -> dict[str, int]:
        """Process ids of the parts beside the service."""
        return {
            "postgres primary": self.postgres.primary.pid,
            "postgres replica": self.postgres.replica.pid,
            "redis": self.redis.pid,
            "s3": self.s3.pid,
        }

    def people(self, count: int) -> list[Person]:
        """New users, each signed in."""
        return [self._person(f"{secrets.token_hex(6)}@example.com") for _ in range(count)]

    def _person(self, email: str) -> Person:
        with self.platform.database.writing() as session:
            row = User(email=email, password_hash="", role="user")
            session.add(row)
            session.flush()
            session.add(UserPreferences(user_id=row.id))
            signed_in = start_session(session, self.settings, row, RequestInfo("203.0.113.7", "benchmark"))
        return Person(email, signed_in.access.token)


@contextmanager
def whole_service(api_processes: int) -> Iterator[World]:
    """Start everything; it ends with the block."""
    with ExitStack() as stack:
        data = stack.enter_context(scratch("bench-postgres", owner=postgres_user()))
        folder = stack.enter_context(scratch("bench"))
        primary = start_primary(data)
        stack.callback(primary.stop)
        replica = start_replica(data, primary)
        stack.callback(replica.stop)
        postgres, redis = Postgres(primary, replica), TestRedis(_made(folder / "redis"))
        stack.callback(redis.stop)
        s3 = S3Server(_made(folder / "s3"))
        stack.callback(s3.stop)
        settings = _settings(postgres, redis, s3, folder)
        environment = environment_of(settings) | {"TMPDIR": str(_made(folder / "tmp"))}
        api, url = _start_api(environment, folder, api_processes)
        stack.callback(api.stop, 30.0)
        platform = stack.enter_context(service_platform(settings))
        yield World(settings, platform, postgres, redis, s3, api, url, environment, folder)


def environment_of(settings: ServiceSettings) -> dict[str, str]:
    """Settings as the environment of the service's processes; limits count, but nobody reaches them."""
    secret_key = settings.secret_keys[0].get_secret_value()
    return {
        "GENESIS_MODE": "production",
        "GENESIS_DATABASE_URL": settings.database_url,
        "GENESIS_DATABASE_REPLICA_URL": settings.database_replica_url,
        "GENESIS_REDIS_URL": settings.redis_url,
        "GENESIS_STORAGE_URL": settings.storage_url,
        "GENESIS_STORAGE_ACCESS_KEY": settings.storage_access_key.get_secret_value(),
        "GENESIS_STORAGE_SECRET_KEY": settings.storage_secret_key.get_secret_value(),
        "GENESIS_SECRET_KEYS": secret_key,
        "GENESIS_ACCESS_TOKEN_SECONDS": str(settings.access_token_seconds),
        "GENESIS_RATE_LIMIT_PER_MINUTE": str(settings.rate_limit_per_minute),
        "GENESIS_MAX_ACTIVE_JOBS": str(settings.max_active_jobs),
        "OMP_NUM_THREADS": "1",
    }


def await_answer(url: str, child: ChildProcess) -> None:
    """Return when an address of a child answers 200."""
    wait_until(lambda: child.exit_status is not None or answers(url), START_SECONDS)
    if child.exit_status is not None:
        raise SystemExit(f"the service ended with status {child.exit_status}")


def answers(url: str) -> bool:
    """Whether an address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition.

    Raises:
        SystemExit: it did not come.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:g} s in vain")
        time.sleep(POLL_SECONDS)


def _start_api(environment: dict[str, str], folder: Path, processes: int) -> tuple[ChildProcess, str]:
    [port] = free_ports(1)
    command: Sequence[str | Path] = [GENESIS, "serve", f"--port={port}", f"--workers={processes}"]
    child = ChildProcess(command, log=folder / "api.log", environment=environment)
    url = f"http://127.0.0.1:{port}"
    await_answer(f"{url}/health/live", child)
    return child, url


def _settings(postgres: Postgres, redis: TestRedis, s3: S3Server, folder: Path) -> ServiceSettings:
    primary, replica = postgres.create_database()
    values = {
        "database_url": primary,
        "database_replica_url": replica,
        "redis_url": redis.url,
        "storage_url": s3.url("bench"),
        "storage_access_key": s3.credentials.access_key_id,
        "storage_secret_key": s3.credentials.secret_access_key,
        "secret_keys": (secrets.token_hex(32),),
        "access_token_seconds": 4 * HOUR_SECONDS,
        "rate_limit_per_minute": 1_000_000,
        "max_active_jobs": 1000,
        "data_dir": folder,
    }
    return ServiceSettings.model_validate(values)


def _made(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o755)
    return folder
