"""Brings the tables up to date at a process's start; loads the migrations only where there is something to do."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from sqlalchemy import Engine, inspect, text

log = logging.getLogger(__name__)

_VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"


def bring_up_to_date(engine: Engine) -> None:
    """Upgrade the tables to what this program needs; safe when several processes start at once.

    Tables of a newer program stay as they are: during an upgrade, and after going back, both versions run on them.
    """
    present = present_revision(engine)
    if present is not None and present not in known_revisions():
        log.warning("the tables are of version %s, which a newer program made: left as they are", present)
    elif present != newest_file():
        from genesis_music.service.platform.migrate import migrate

        migrate(engine)


def present_revision(engine: Engine) -> str | None:
    """Version of the tables; ``None`` for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def known_revisions() -> list[str]:
    """Versions of all migrations that this program has, oldest first: the files' names are in order."""
    files = sorted(_VERSIONS.glob("[0-9]*.py"), key=lambda path: path.name)
    found = (re.search(r'^revision = "(.+)"', path.read_text(), re.MULTILINE) for path in files)
    return [match[1] for match in found if match]


def newest_file() -> str | None:
    """Version of the newest migration."""
    known = known_revisions()
    return known[-1] if known else None
