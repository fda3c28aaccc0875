"""Bring the database's tables to the version this program needs; safe when several processes start at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from genesis_music.service.platform.database import WRITES

_FOLDER = Path(__file__).parent.parent / "migrations"
_LOCK = 4_736_373
"""An arbitrary number: the advisory lock that one migrating process holds in PostgreSQL."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade (or, to an older ``revision``, downgrade) in one transaction per step."""
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
        try:
            _run(connection, revision)
            connection.commit()
        finally:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
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
