"""The restore drill: everything is lost while people work, and comes back from the backups alone.

A primary with its log going into the bucket of backups all the time, a real transcription, a base backup, a copy of
the files; then more work, a mistake that must be undone, and at last the loss of the database's and the files' disks.
Restored twice into fresh clusters: as late as possible, which measures what is lost, and to the moment before the
mistake, which must give the same rows, the same files and a transcription that opens.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.storage import ObjectStore
from tests.live.installation import DATABASE, Installation, installation
from tests.service.servers import (
    PostgresServer,
    S3Server,
    TestRedis,
    free_ports,
    postgres_user,
    scratch,
    start_primary,
    until,
)

ROOT = Path(__file__).parents[2]
SONG = ROOT / "examples/morning-porch.ogg"
EMAIL = "ada@example.com"
FEW_SECONDS = {"end": "6"}
WAL_SECONDS = 2.0
HEARTBEAT_SECONDS = 0.02
ROLE = "CREATE ROLE backup REPLICATION LOGIN PASSWORD '{}'"


@dataclass(frozen=True)
class Truth:
    """What there was at a moment."""

    moment: datetime
    rows: dict[str, int]
    objects: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """What the drill measured."""

    lost_seconds: float
    """Between the last commit that was answered and the last one that came back."""
    latest_seconds: float
    """From the order to restore as late as possible to a primary that takes writes."""
    moment_seconds: float
    """From the order to restore to a moment, with all files, to a transcription that opens in the service."""
    rows: int
    objects: int
    wal_seconds: float = WAL_SECONDS

    def __str__(self) -> str:
        return (
            f"lost: {self.lost_seconds:.2f} s of commits (the log is sent every {self.wal_seconds:.0f} s)\n"
            f"restored as late as possible: a primary after {self.latest_seconds:.1f} s\n"
            f"restored to a moment: {self.rows} rows and {self.objects} files the same, "
            f"a transcription opened after {self.moment_seconds:.1f} s"
        )


@dataclass
class Heartbeat:
    """Commits all the time; knows the last commit that was answered."""

    postgres: PostgresServer
    last: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Commit while the block runs, or until the server is gone."""
        with self.postgres.connect(DATABASE) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS heartbeats (at double precision NOT NULL)")
        thread = threading.Thread(target=self._beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _beat(self) -> None:
        with suppress(psycopg.OperationalError), self.postgres.connect(DATABASE) as connection:
            while not self._stop.wait(HEARTBEAT_SECONDS):
                now = time.time()
                connection.execute("INSERT INTO heartbeats VALUES (%s)", (now,))
                self.last = now


class Backups:
    """The commands, as an operator or a schedule runs them."""

    def __init__(self, service: Installation, vault: S3Server, folder: Path) -> None:
        self.folder = folder
        self._service = service
        self.identity = folder / "identity"
        password = secrets.token_hex(16)
        with service.postgres.connect() as connection:
            connection.execute(ROLE.format(password))
        made = subprocess.run(
            [sys.executable, "-m", "deploy.backup", "new-key", self.identity],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        self.environment = {
            "GENESIS_BACKUP_URL": f"s3://backups/genesis?endpoint={vault.endpoint}",
            "GENESIS_BACKUP_ACCESS_KEY": vault.credentials.access_key_id,
            "GENESIS_BACKUP_SECRET_KEY": vault.credentials.secret_access_key,
            "GENESIS_BACKUP_RECIPIENT": made.stdout.strip().partition("=")[2],
            "GENESIS_BACKUP_DATABASE_URL": (
                f"postgresql://backup:{password}@127.0.0.1:{service.postgres.port}/postgres"
            ),
            "GENESIS_BACKUP_WAL_DIR": str(folder / "wal"),
            "GENESIS_BACKUP_WAL_SECONDS": str(WAL_SECONDS),
            "GENESIS_BACKUP_METRICS_DIR": str(folder / "metrics"),
            "GENESIS_METRICS_PORT": str(free_ports(1)[0]),
        }

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever that is."""
        return subprocess.run(
            [sys.executable, "-m", "deploy.backup", *map(str, command)],
            cwd=ROOT,
            env={**os.environ, **self._service.environment, **self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self, *command: str | Path, **environment: str) -> str:
        """Run a command that must succeed."""
        done = self.run(*command, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def restore(self, what: str, *options: str | Path, **environment: str) -> str:
        """Restore, with the key that only the one who restores has."""
        key = {"GENESIS_BACKUP_IDENTITY_FILE": str(self.identity)}
        return self.done("restore", what, *options, **(key | environment))

    @contextmanager
    def archiving(self) -> Iterator[ChildProcess]:
        """Send the log while the block runs."""
        child = ChildProcess(
            [sys.executable, "-m", "deploy.backup", "archive-wal"],
            log=self.folder / "archive.log",
            environment={**self._service.environment, **self.environment, "PYTHONPATH": str(ROOT)},
        )
        try:
            until(lambda: child.exit_status is not None or any((self.folder / "wal").glob("*")))
            assert child.exit_status is None, (self.folder / "archive.log").read_text()
            yield child
        finally:
            child.stop()


def drill() -> Outcome:
    """Lose everything and bring it back."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch("drill", owner=postgres_user()))
        vault = S3Server(made(folder / "vault"))
        stack.callback(vault.stop)
        truth, backups, heartbeat, song, file = _before_the_loss(folder / "before", vault)
        latest_seconds, last = _restore_latest(backups, folder / "latest")
        began = time.monotonic()
        _restore_moment(backups, folder / "moment", truth, song, file)
        return Outcome(
            lost_seconds=heartbeat.last - last,
            latest_seconds=latest_seconds,
            moment_seconds=time.monotonic() - began,
            rows=sum(truth.rows.values()),
            objects=len(truth.objects),
        )


def _before_the_loss(folder: Path, vault: S3Server) -> tuple[Truth, Backups, Heartbeat, str, bytes]:
    with ExitStack() as stack:
        postgres = start_primary(made(folder, postgres_user()))
        stack.callback(postgres.stop)
        redis = TestRedis(made(folder / "redis"))
        stack.callback(redis.stop)
        s3 = S3Server(made(folder / "s3"))
        stack.callback(s3.stop)
        service = stack.enter_context(installation(postgres, redis, s3, folder / "service"))
        service.start_server()
        service.start_worker()
        backups = Backups(service, vault, made(folder.with_name("backups")))
        archiver = stack.enter_context(backups.archiving())
        heartbeat = Heartbeat(postgres)
        stack.enter_context(heartbeat.beating())

        service.sign_up(EMAIL)
        song = service.transcribe(SONG, **FEW_SECONDS)
        file = service.file(song, "gp5")
        backups.done("backup-database")
        backups.done("backup-bucket")
        service.transcribe(SONG, end="3")  # people go on working after the backup
        service.call("POST", f"/transcribe/{song}/shares")
        truth = _truth(service)
        backups.done("backup-bucket")
        service.call("DELETE", f"/transcribe/{song}")  # the mistake
        time.sleep(2 * WAL_SECONDS)

        archiver.kill()  # the disaster: nothing says good-bye
        service.kill()
        for server in (postgres, s3, redis):
            server.kill()
        shutil.rmtree(folder)
    return truth, backups, heartbeat, song, file


def _truth(service: Installation) -> Truth:
    """Count and sum up all there is; between two counts of the heartbeat nothing else changes."""
    with service.postgres.connect(DATABASE) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        rows = _rows(connection)
        [moment] = connection.execute("SELECT clock_timestamp()").fetchone() or [datetime.now(UTC)]
    return Truth(moment, rows, _checksums(service))


def _rows(connection: psycopg.Connection) -> dict[str, int]:
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    counts = {}
    for (name,) in names:
        if name != "heartbeats":
            [counts[name]] = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() or [0]
    return counts


def _checksums(service: Installation) -> dict[str, str]:
    store = ObjectStore.from_url(
        service.environment["GENESIS_STORAGE_URL"], credentials=service.s3.credentials
    )
    keys = [found.key for found in store.list() if found.key.startswith(("audio/", "results/", "edits/"))]
    return {key: hashlib.sha256(store.get(key)).hexdigest() for key in keys}


def _restore_latest(backups: Backups, folder: Path) -> tuple[float, float]:
    """Return how long it took, and the last heartbeat that came back."""
    began = time.monotonic()
    with restored(backups, folder, "latest") as postgres:
        took = time.monotonic() - began
        with postgres.connect(DATABASE) as connection:
            [last] = connection.execute("SELECT max(at) FROM heartbeats").fetchone() or [0.0]
    return took, last


@contextmanager
def restored(backups: Backups, folder: Path, moment: str) -> Iterator[PostgresServer]:
    """A primary that was restored into a fresh folder."""
    made(folder, postgres_user())
    backups.restore("database", "--to", moment, "--data-dir", folder / "data")
    owned_by_postgres(folder / "data")
    postgres = PostgresServer(folder / "data", backups._service.postgres.password)
    try:
        until(lambda: not _recovering(postgres))
        yield postgres
    finally:
        postgres.stop()


def owned_by_postgres(folder: Path) -> None:
    """Give restored files to the user that PostgreSQL runs as."""
    if user := postgres_user():
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user, user)


def _recovering(postgres: PostgresServer) -> bool:
    with postgres.connect() as connection:
        return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)


def _restore_moment(backups: Backups, folder: Path, truth: Truth, song: str, file: bytes) -> None:
    """Everything is as it was: rows, files, and what a user sees."""
    with ExitStack() as stack:
        postgres = stack.enter_context(restored(backups, folder, truth.moment.isoformat()))
        redis = TestRedis(made(folder / "redis"))
        stack.callback(redis.stop)
        s3 = S3Server(made(folder / "s3"))
        stack.callback(s3.stop)
        service = stack.enter_context(installation(postgres, redis, s3, folder / "service"))
        backups.restore("bucket", "--to", truth.moment.isoformat(), **service.environment)
        with postgres.connect(DATABASE) as connection:
            assert _rows(connection) == truth.rows
        present = _checksums(service)
        assert {key: present.get(key) for key in truth.objects} == truth.objects
        service.start_server()
        service.sign_in(EMAIL)
        result = service.call("GET", f"/transcribe/{song}/result").json()
        assert result["tab"]["tracks"][0]["notes"]
        assert service.file(song, "gp5") == file


def made(folder: Path, owner: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if owner:
        shutil.chown(folder, owner)
    return folder
