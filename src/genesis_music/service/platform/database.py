"""Tables' common base, sessions, and where they go: writes to the primary, reads to a replica that is up to date.

One synchronous way for API threads and workers alike (docs/decisions/0008). SQLite and PostgreSQL share one schema.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from genesis_music.service.platform.breaker import BreakerRule, OwnBreaker
from genesis_music.service.platform.metrics import Counter
from genesis_music.service.platform.patience import hurried, make_impatient

log = logging.getLogger(__name__)

READS = Counter(
    "genesis_database_reads_total", "Readings, by the server that answered: primary or replica.", ("server",)
)

POOL_SIZE = 20
WRITES = "genesis_writes"
"""Marks connections of write transactions: SQLite locks for those at their start, not at their first write."""
STATEMENT_TIMEOUT_MS = 15_000
PATIENCE_SECONDS = 20.0
"""How long a server may say nothing: more than it gives a statement, so that only a frozen one is given up."""
REPLICA_PATIENCE_SECONDS = 5.0
"""Reads that take longer are refused with 503; the next ones go to the primary."""
PROBE_SECONDS = 1.0
"""The same for the question whether the replica is up to date, which comes before every reading."""
REPLICA_RULE = BreakerRule((OperationalError,), threshold=1, open_seconds=15.0, trial_seconds=10.0)
"""A replica that failed once is left alone for a while: the primary knows everything it knows."""
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the time zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a moment without a time zone: it could mean anything."""
        if value is not None and value.tzinfo is None:
            raise ValueError("moments need a time zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the time zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JsonDocument = JSON().with_variant(JSONB(), "postgresql")
"""JSON that PostgreSQL keeps as ``jsonb``."""


def enum_column(kind: type[StrEnum]) -> Enum:
    """A column for one of a few words, kept as text with a check (a native enum is hard to extend)."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=24,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def utc_now() -> datetime:
    """The present moment, with its time zone."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JsonDocument, list[str]: JsonDocument}  # noqa: RUF012


class WriteMarks(Protocol):
    """Remembers how far the primary had written when a user last wrote (shared by all processes)."""

    def put(self, user_id: UUID, position: str) -> None:
        """Remember the position for a while."""

    def get(self, user_id: UUID) -> str | None:
        """Return the last position, or ``None`` when the user wrote nothing lately."""


class NoMarks:
    """For one database without a replica."""

    def put(self, user_id: UUID, position: str) -> None:
        """Forget it."""

    def get(self, user_id: UUID) -> str | None:  # noqa: ARG002
        """Return ``None``."""
        return None


class Database:
    """The primary and, when there is one, its read replica."""

    def __init__(self, url: str, replica_url: str = "", marks: WriteMarks | None = None) -> None:
        self.primary = make_engine(url)
        self.replica = make_engine(replica_url, is_replica=True) if replica_url else None
        self.replica_breaker = OwnBreaker(REPLICA_RULE)
        self._marks: WriteMarks = marks or NoMarks()
        self._primary_session = sessionmaker(self.primary, expire_on_commit=False)
        self._replica_session = sessionmaker(self.replica, expire_on_commit=False) if self.replica else None

    @contextmanager
    def writing(self, user_id: UUID | None = None) -> Iterator[Session]:
        """A transaction on the primary: committed at the end, rolled back when an error passes through.

        With ``user_id``, that user's next reads see what was written, wherever they go.
        """
        with self._primary_session.begin() as session:
            session.connection(execution_options={WRITES: True})
            yield session
        if self.replica is not None and user_id is not None:
            self._marks.put(user_id, self._position())

    @contextmanager
    def reading(self, user_id: UUID | None = None) -> Iterator[Session]:
        """A session for reading: on the replica when it has all that the user wrote, else on the primary."""
        with self._open_reader(user_id) as session:
            try:
                yield session
            except OperationalError:
                if session.bind is self.replica:
                    self.replica_breaker.note(success=False)
                raise

    def close(self) -> None:
        """Give all connections back."""
        self.primary.dispose()
        if self.replica is not None:
            self.replica.dispose()

    def _open_reader(self, user_id: UUID | None) -> Session:
        if self._replica_session is None or not self.replica_breaker.admits():
            READS.add(server="primary")
            return self._primary_session()
        session = self._replica_session()
        try:
            has_all = self._has_all(session, user_id)
        except DBAPIError as error:
            log.warning("the read replica does not answer, reading from the primary: %s", error.orig)
            self.replica_breaker.note(success=False)
        else:
            self.replica_breaker.note(success=True)
            if has_all:
                READS.add(server="replica")
                return session
        session.close()
        READS.add(server="primary")
        return self._primary_session()

    def _has_all(self, session: Session, user_id: UUID | None) -> bool:
        """Whether the replica has replayed what the user wrote; also proves that it answers."""
        position = self._marks.get(user_id) if user_id is not None else None
        statement = text(
            "SELECT CAST(:position AS pg_lsn) IS NULL OR pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)"
        )
        with hurried(session, PROBE_SECONDS):
            return bool(session.execute(statement, {"position": position}).scalar())

    def _position(self) -> str:
        with self.primary.connect() as connection:
            return str(connection.execute(text("SELECT pg_current_wal_lsn()")).scalar())


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Run ``action`` when the session's transaction is committed, and never if it is not. It must not raise."""
    event.listen(session, "after_commit", lambda _: action(), once=True)


def database_now(session: Session) -> datetime:
    """The present moment by the database's clock, which all machines share: theirs may differ."""
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def make_engine(url: str, *, is_replica: bool = False) -> Engine:
    """Connect to SQLite (write-ahead log, foreign keys on) or PostgreSQL; a replica gets little patience."""
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 5.0})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_pre_ping=not is_replica,  # it is asked before every reading whether it is up to date
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 2 if is_replica else 3,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
        },
    )
    make_impatient(engine, REPLICA_PATIENCE_SECONDS if is_replica else PATIENCE_SECONDS)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=5000", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock first: a reader that turned writer half way would fail when another wrote meanwhile."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
