"""A whole installation in production mode on this machine, every part a process of its own."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.faults.world import APPLICATION, Program, wait_until
from tests.service.platforms import PUBLIC_URL, SECRET_KEY
from tests.service.servers import (
    PostgresServer,
    S3Server,
    TestRedis,
    free_ports,
    postgres_user,
    scratch,
    start_primary,
)

DATABASE = "genesis"
PASSWORD = "nine lamps over water"
BUSY_SECONDS = 0.2


@dataclass
class Installation:
    """Server processes and workers on given parts; whoever asks the API is signed in."""

    postgres: PostgresServer
    redis: TestRedis
    s3: S3Server
    prefix: str
    folder: Path
    programs: list[Program] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are configured with."""
        return {
            "GENESIS_MODE": "production",
            "GENESIS_PUBLIC_URL": PUBLIC_URL,
            "GENESIS_DATABASE_URL": self.postgres.url(DATABASE),
            "GENESIS_REDIS_URL": self.redis.url,
            "GENESIS_STORAGE_URL": self.s3.url(self.prefix),
            "GENESIS_STORAGE_ACCESS_KEY": self.s3.credentials.access_key_id,
            "GENESIS_STORAGE_SECRET_KEY": self.s3.credentials.secret_access_key,
            "GENESIS_SECRET_KEYS": SECRET_KEY,
            "GENESIS_RATE_LIMITS_ENABLED": "false",
            "GENESIS_DATA_DIR": str(self.folder),
            "OMP_NUM_THREADS": "1",
        }

    def start_server(self, **environment: str) -> Program:
        """Start a server process."""
        [port] = free_ports(1)
        command = [sys.executable, "-m", "uvicorn", "--factory", APPLICATION, f"--port={port}"]
        return self._start(command, f"http://127.0.0.1:{port}", environment)

    def start_worker(self, **environment: str) -> Program:
        """Start a worker that really listens."""
        command = [str(Path(sys.executable).with_name("genesis")), "worker", "--processes", "1"]
        return self._start(command, "", environment)

    def start_quick_worker(self, **environment: str) -> Program:
        """Start a worker that hears a scale in whatever it gets."""
        return self._start([sys.executable, "-m", "tests.faults.worker_main"], "", environment)

    def _start(self, command: list[str], url: str, environment: dict[str, str]) -> Program:
        log = self.folder / f"program-{len(self.programs)}-{secrets.token_hex(2)}.log"
        program = Program(command, self.environment | environment, log, url)
        self.programs.append(program)
        wait_until(lambda: program.ready() or program.child.exit_status is not None, "a process is ready")
        assert program.child.exit_status is None, log.read_text()
        return program

    def stop(self) -> None:
        """End all its processes."""
        for program in self.programs:
            program.stop()

    def kill(self) -> None:
        """As a power cut would."""
        for program in self.programs:
            program.kill()
            program.child.wait()

    def call(self, method: str, path: str, **what) -> httpx.Response:
        """Ask the first server."""
        url = next(program.url for program in self.programs if program.url)
        answer = httpx.request(method, f"{url}/api/v1{path}", headers=self.headers, timeout=60.0, **what)
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def sign_up(self, email: str) -> None:
        """Make an account, signed in from now on."""
        self._signed(self.call("POST", "/auth/sign-up", json={"email": email, "password": PASSWORD}))

    def sign_in(self, email: str) -> None:
        """Sign in to an account there is."""
        self._signed(self.call("POST", "/auth/sign-in", json={"email": email, "password": PASSWORD}))

    def _signed(self, answer: httpx.Response) -> None:
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def transcribe(self, recording: Path, **options: str) -> str:
        """Upload a recording and wait for its tab; return the transcription's id."""
        files = {"file": (recording.name, recording.read_bytes())}
        ids = self.call("POST", "/transcribe", files=files, data=options).json()
        id_: str = ids["transcription_id"]
        wait_until(
            lambda: self._status(id_) not in ("queued", "processing", "running"), "the song is transcribed"
        )
        assert self._status(id_) == "complete"
        return id_

    def _status(self, id_: str) -> str:
        time.sleep(BUSY_SECONDS)
        return str(self.call("GET", f"/transcribe/{id_}").json()["status"])

    def file(self, id_: str, name: str) -> bytes:
        """One of a transcription's files."""
        return self.call("GET", f"/transcribe/{id_}/files/{name}", params={"redirect": "false"}).content


@contextmanager
def installation(
    postgres: PostgresServer, redis: TestRedis, s3: S3Server, folder: Path, prefix: str = "live"
) -> Iterator[Installation]:
    """An installation on given parts; its processes end with the block."""
    folder.mkdir(exist_ok=True)
    with postgres.connect() as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")
    parts = Installation(postgres, redis, s3, prefix, folder)
    try:
        yield parts
    finally:
        parts.stop()
        if os.environ.get("GENESIS_LIVE_LOGS"):
            for log in sorted(folder.glob("*.log")):
                print(f"--- {log.name}\n{log.read_text()[-8000:]}")


@contextmanager
def new_installation(name: str) -> Iterator[Installation]:
    """An installation on parts of its own, in ``folder.parent``; no process of the service runs yet."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch(name, owner=postgres_user()))
        postgres = start_primary(folder)
        stack.callback(postgres.stop)
        for part in ("redis", "s3"):
            (folder / part).mkdir()
        redis = TestRedis(folder / "redis")
        stack.callback(redis.stop)
        s3 = S3Server(folder / "s3")
        stack.callback(s3.stop)
        yield stack.enter_context(installation(postgres, redis, s3, folder / "service"))
