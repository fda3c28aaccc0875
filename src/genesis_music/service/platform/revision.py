"""Brings the tables up to date at a process's start; loads the migrations only where there is something to do."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Engine, inspect, text

_VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"


def bring_up_to_date(engine: Engine) -> None:
    """Upgrade the tables to what this program needs; safe when several processes start at once."""
    if present_revision(engine) != newest_file():
        from genesis_music.service.platform.migrate import migrate

        migrate(engine)


def present_revision(engine: Engine) -> str | None:
    """Version of the tables; ``None`` for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def newest_file() -> str | None:
    """Version of the newest migration: the files' names are in order."""
    newest = max(_VERSIONS.glob("[0-9]*.py"), key=lambda path: path.name)
    found = re.search(r'^revision = "(.+)"', newest.read_text(), re.MULTILINE)
    return found[1] if found else None
