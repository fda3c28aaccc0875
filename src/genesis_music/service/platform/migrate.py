"""Bring the database's tables to the version this program needs; safe when several processes start at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from genesis_music.service.platform.database import WRITES
from genesis_music.service.platform.patience import unhurried

log = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent.parent / "migrations"
_LOCK = 4_736_373
"""An arbitrary number: the advisory lock that one migrating process holds in PostgreSQL."""
LOCK_SECONDS = 3
TRIES = 10
LONGEST_SECONDS = 4 * 3600.0


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade (or, to an older ``revision``, downgrade) in one transaction per step.

    A step may take as long as it needs, but waits only so long for a table that others use: who waits for one keeps
    everybody who comes later waiting as well.

    Raises:
        OperationalError: a table was in use all the time; the steps before are done, trying again goes on from there.
    """
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        if engine.dialect.name != "postgresql":
            _run(connection, revision)
            connection.commit()
            return
        with _alone(connection):
            for tries_left in reversed(range(TRIES)):
                if _done(connection, revision, tries_left):
                    break


def _done(connection: Connection, revision: str, tries_left: int) -> bool:
    """Migrate, unless a table is in use; that is an error only when it was the last try."""
    try:
        _run(connection, revision)
        connection.commit()
    except OperationalError as error:
        connection.rollback()
        if not isinstance(error.orig, LockNotAvailable) or not tries_left:
            raise
        log.warning("a table is in use, the migration tries again (%d tries left)", tries_left)
        return False
    return True


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Patient and with the advisory lock in the block; another process that migrates is waited for."""
    with unhurried(connection, LONGEST_SECONDS):
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
        connection.commit()
        try:
            yield
        finally:
            connection.rollback()
            connection.execute(text("RESET lock_timeout"))
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.execute(text("RESET statement_timeout"))
            connection.commit()


def current_revision(engine: Engine) -> str | None:
    """Version of the tables; ``None`` for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """Version this program was written for."""
    return ScriptDirectory(str(_FOLDER)).get_current_head()


def _run(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    older = {step.revision for step in script.iterate_revisions(present, "base")} if present else set()
    if revision == "base" or (revision in older and revision != present):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
