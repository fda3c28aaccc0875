"""The whole service in production mode: every part a process of its own, every part to be broken on purpose."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from genesis_music.service.config import ServiceSettings
from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.migrate import migrate
from genesis_music.service.wiring import service_platform
from tests.faults.quick import LISTENING_SECONDS
from tests.service.platforms import PUBLIC_URL, SECRET_KEY
from tests.service.processes import children, descendants
from tests.service.proxy import FaultyProxy, faulty_proxy
from tests.service.servers import (
    Postgres,
    S3Server,
    TestRedis,
    free_ports,
    until,
)

MARK = "GENESIS_FAULTS_RUN"
"""Environment variable by which a process is known to be one of ours, whoever its parent is."""
LEASE_SECONDS = 8
DISK_MEGABYTES = 16
PATIENCE_SECONDS = 180.0
"""How long a condition is waited for on a machine that is busy with other things."""
APPLICATION = "genesis_music.service.app:from_environment"
SUPERVISION_SECONDS = 0.2
SETTLING_SECONDS = 15.0
"""After a part is back, connections that have been lost may still show themselves for so long."""


class Program:
    """A process of the service, which is started again whenever it ends by itself, as by any supervisor."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path, url: str = "") -> None:
        """``url`` is where a server process listens; a worker has none and says in its log that it is ready."""
        self._command, self._environment = command, dict(environment)
        self._log, self.url = log, url
        self._lock = threading.Lock()
        self._added: Mapping[str, str] = {}
        self._run()

    def kill(self) -> None:
        """As a crash would."""
        self.child.send(signal.SIGKILL)

    def restart(self, **environment: str) -> None:
        """End it in order, and start it again, from now on with ``environment`` added to its own."""
        with self._lock:
            self.child.stop(timeout_seconds=30.0)
            self._added = environment
            self._run()

    def stop(self) -> None:
        """End it in order, for good (or until it is restarted)."""
        with self._lock:
            self._wanted = False
            self.child.stop(timeout_seconds=30.0)

    def supervise(self) -> None:
        """Start it again if it has ended by itself."""
        with self._lock:
            if self._wanted and self.child.exit_status is not None:
                self.child.stop()
                self._run()

    def ready(self) -> bool:
        """Whether it can do its work since it was last started."""
        if self.url:
            return answers(f"{self.url}/health/live")
        return b" is ready" in self._log.read_bytes()[self._log_start :]

    def children(self) -> list[int]:
        """Its own child processes, once it is ready."""
        return children(self.child.pid) if self.ready() else []

    def _run(self) -> None:
        self._wanted = True
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        self.child = ChildProcess(
            self._command, log=self._log, environment=self._environment | dict(self._added)
        )


@dataclass
class World:
    """All processes, and when which part was away."""

    settings: ServiceSettings
    platform: Platform
    postgres: Postgres
    redis: TestRedis
    s3: S3Server
    s3_proxy: FaultyProxy
    environment: dict[str, str]
    folder: Path
    small_disk: Path
    """Temporary folders of the first server and the first worker are on a disk of their own."""
    apis: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)
    """Since when and until when (monotonic) a part could not be expected to answer."""

    @contextmanager
    def outage(self) -> Iterator[None]:
        """While the block runs, and a little after it, an answer may be 503."""
        began = time.monotonic()
        self.away.append((began, float("inf")))
        place = len(self.away) - 1
        try:
            yield
        finally:
            self.away[place] = (began, time.monotonic() + SETTLING_SECONDS)

    def was_away(self, moment: float) -> bool:
        """Whether a part was away at that moment."""
        return any(began <= moment <= ended for began, ended in self.away)

    def start(self, count: int) -> None:
        """Start so many server processes and workers."""
        for number in range(count):
            [port] = free_ports(1)
            command = [sys.executable, "-m", "uvicorn", "--factory", APPLICATION, f"--port={port}"]
            self.apis.append(self._program(f"api-{number}", command, f"http://127.0.0.1:{port}"))
            command = [sys.executable, "-m", "tests.faults.worker_main"]
            self.workers.append(self._program(f"worker-{number}", command))

    def await_ready(self) -> None:
        """Return when every process of the service can do its work."""
        for program in (*self.apis, *self.workers):
            wait_until(program.ready, "all processes are ready")

    @contextmanager
    def supervised(self) -> Iterator[None]:
        """While the block runs processes that end are started again."""
        ending = threading.Event()

        def look_after() -> None:
            while not ending.wait(SUPERVISION_SECONDS):
                for program in (*self.apis, *self.workers):
                    program.supervise()

        supervisor = threading.Thread(target=look_after, daemon=True)
        supervisor.start()
        try:
            yield
        finally:
            ending.set()
            supervisor.join()

    def _program(self, name: str, command: list[str], url: str = "") -> Program:
        environment = self.environment | self._temporary(name)
        return Program(command, environment, self.folder / f"{name}.log", url)

    @contextmanager
    def only_real_workers(self) -> Iterator[None]:
        """``genesis worker`` and nothing else while the block runs."""
        quick, command = self.workers, str(Path(sys.executable).with_name("genesis"))
        for worker in quick:
            worker.stop()
        self.workers = [self._program("worker-real", [command, "worker", "--processes", "1"])]
        try:
            yield
        finally:
            self.workers[0].stop()
            self.workers = quick
            for worker in quick:
                worker.restart()

    def temporaries(self) -> list[Path]:
        """Temporary folders of all processes."""
        return [*self.folder.glob("tmp/*"), *self.small_disk.glob("*-0")]

    def _temporary(self, name: str) -> dict[str, str]:
        folder = (self.small_disk if name.endswith("-0") else self.folder / "tmp") / name
        folder.mkdir(parents=True, exist_ok=True)
        return {"TMPDIR": str(folder)}

    def strays(self) -> list[str]:
        """Processes of this run that no living part owns."""
        owned = {os.getpid()}
        for program in (*self.apis, *self.workers):
            owned |= {program.child.pid, *descendants(program.child.pid)}
        mark = f"{MARK}={self.environment[MARK]}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (process / "environ").read_bytes() and int(process.name) not in owned:
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        watchers = ("/bin/sh ", "cat ")
        return [command for command in found if command and not command.startswith(watchers)]

    def stop(self) -> None:
        """End all processes of the service."""
        for program in (*self.workers, *self.apis):
            with suppress(ProcessLookupError):
                program.child.send(signal.SIGCONT)
        for program in (*self.workers, *self.apis):
            program.stop()


@contextmanager
def whole_service(
    postgres: Postgres,
    redis: TestRedis,
    s3: S3Server,
    folder: Path,
    *,
    webhook_host: str,
    public_url: str = "",
    disk_megabytes: int = DISK_MEGABYTES,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[World]:
    """Two server processes and two workers of two children each, on real parts.

    With ``public_url`` browsers reach them, and the storage, at that address. ``variables`` are added to the
    environment of all processes.
    """
    with ExitStack() as stack:
        proxy = stack.enter_context(faulty_proxy(int(s3.endpoint.rpartition(":")[2])))
        prefix = secrets.token_hex(6)
        settings = _settings(
            postgres, redis, s3, s3.url(prefix), folder, webhook_host, public_url or PUBLIC_URL
        )
        environment = _environment(settings) | {
            "GENESIS_STORAGE_URL": s3.url(prefix, f"http://127.0.0.1:{proxy.port}"),
            MARK: secrets.token_hex(8),
        }
        if public_url:
            environment["GENESIS_STORAGE_URL"] += f"&public_endpoint={public_url}"
        platform = stack.enter_context(service_platform(settings))
        migrate(platform.database.primary)
        disk = stack.enter_context(_small_disk(folder / "disk", disk_megabytes))
        environment |= variables
        world = World(settings, platform, postgres, redis, s3, proxy, environment, folder, disk)
        stack.callback(world.stop)
        world.start(2)
        stack.enter_context(world.supervised())
        yield world


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk that is soon full, where this user may mount one; else a plain folder."""
    folder.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=False
    )
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=False)


def _settings(
    postgres: Postgres,
    redis: TestRedis,
    s3: S3Server,
    storage_url: str,
    folder: Path,
    webhook_host: str,
    public_url: str,
) -> ServiceSettings:
    primary, replica = postgres.create_database()
    return ServiceSettings(
        public_url=public_url,
        database_url=primary,
        database_replica_url=replica,
        redis_url=redis.url,
        storage_url=storage_url,
        storage_access_key=s3.credentials.access_key_id,  # type: ignore[arg-type]
        storage_secret_key=s3.credentials.secret_access_key,  # type: ignore[arg-type]
        secret_keys=(SECRET_KEY,),  # type: ignore[arg-type]
        rate_limits_enabled=False,
        webhook_private_hosts=(webhook_host,),
        worker_processes=2,
        lease_seconds=LEASE_SECONDS,
        access_token_seconds=4 * 3600,
        max_active_jobs=500,
        data_dir=folder,
    )


def _environment(settings: ServiceSettings) -> dict[str, str]:
    return {
        "GENESIS_MODE": settings.mode,
        "GENESIS_PUBLIC_URL": settings.public_url,
        "GENESIS_DATABASE_URL": settings.database_url,
        "GENESIS_DATABASE_REPLICA_URL": settings.database_replica_url,
        "GENESIS_REDIS_URL": settings.redis_url,
        "GENESIS_STORAGE_ACCESS_KEY": settings.storage_access_key.get_secret_value(),
        "GENESIS_STORAGE_SECRET_KEY": settings.storage_secret_key.get_secret_value(),
        "GENESIS_SECRET_KEYS": SECRET_KEY,
        "GENESIS_RATE_LIMITS_ENABLED": "false",
        "GENESIS_WEBHOOK_PRIVATE_HOSTS": ",".join(settings.webhook_private_hosts),
        "GENESIS_WORKER_PROCESSES": str(settings.worker_processes),
        "GENESIS_LEASE_SECONDS": str(settings.lease_seconds),
        "GENESIS_ACCESS_TOKEN_SECONDS": str(settings.access_token_seconds),
        "GENESIS_MAX_ACTIVE_JOBS": str(settings.max_active_jobs),
        "OMP_NUM_THREADS": "1",
        LISTENING_SECONDS: "1.5",
    }


def answers(url: str) -> bool:
    """Whether an address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait patiently; fail with what was waited for."""
    try:
        until(condition, PATIENCE_SECONDS)
    except AssertionError:
        raise AssertionError(f"waited in vain: {what}") from None
