"""PostgreSQL's own programs and what the server says of itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from deploy.backup.errors import BackupError
from genesis_music.errors import SettingsError

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def program(name: str) -> Path:
    """Find one of PostgreSQL's programs, of the newest version that is installed."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(iter(newest_first), None)
    if found is None:
        raise BackupError(f"PostgreSQL's program {name} is not installed here.")
    return Path(found)


def environment(url: str) -> dict[str, str]:
    """Turn an address into the variables that PostgreSQL's programs read: a password is no one's to see in ``ps``.

    Raises:
        SettingsError: it is no address of PostgreSQL.
    """
    shape = "postgresql://backup:password@host:5432/postgres"
    try:
        parts = conninfo_to_dict(url) if url else {}
    except psycopg.ProgrammingError as error:
        raise SettingsError(f"GENESIS_BACKUP_DATABASE_URL: must look like {shape}.") from error
    if not parts.get("host"):
        raise SettingsError(f"GENESIS_BACKUP_DATABASE_URL: set it to {shape}.")
    unknown = sorted(set(parts) - set(VARIABLES))
    if unknown:
        raise SettingsError(f"GENESIS_BACKUP_DATABASE_URL: {', '.join(unknown)} is not supported.")
    return {VARIABLES[name]: str(value) for name, value in parts.items()} | {"LC_ALL": "C"}


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    """Connect for a question; what goes wrong is said in one line without the password."""
    environment(url)
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            yield connection
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise BackupError(
            f"The database does not answer, see GENESIS_BACKUP_DATABASE_URL: {reason}"
        ) from error


def run(name: str, *arguments: str | Path, variables: Mapping[str, str] | None = None) -> None:
    """Run a program to its end.

    Raises:
        BackupError: it failed; the message has its last words.
    """
    done = subprocess.run(
        [program(name), *arguments],
        env={**os.environ, "LC_ALL": "C", **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{name} failed: {last_words(done.stderr)}")


def last_words(text: str) -> str:
    """Return the last line of what a program said."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
