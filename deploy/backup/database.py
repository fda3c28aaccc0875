"""Base backups of the database: a consistent copy of the whole cluster, streamed into the bucket.

``database/<moment>/base.tar.gz.age`` is the copy with the write-ahead log it needs to be consistent by itself;
``database/<moment>/manifest.json``, written last, describes it. A copy without a manifest is none.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import IO

import psycopg

from deploy.backup import postgres
from deploy.backup.errors import BackupError, NoBackupError
from deploy.backup.metrics import note_success
from deploy.backup.retention import daily, kept
from deploy.backup.sealing import Tally, sealed
from deploy.backup.settings import BackupSettings
from deploy.backup.wal_names import SEGMENT, number, segment_name
from genesis_music.service.platform.storage import ObjectStore, StorageMissingError

DATABASE, WAL = "database", "wal"
BASE, MANIFEST = "base.tar.gz.age", "manifest.json"
STAMP = "%Y%m%dT%H%M%SZ"
PIECE_BYTES = 256 * 1024
UNFINISHED_STAYS = timedelta(days=2)
"""A copy without a manifest is left alone for so long: it may still be being written."""
_START = re.compile(r"log start point: ([0-9A-F]+/[0-9A-F]+) on timeline (\d+)")


@dataclass(frozen=True)
class BaseBackup:
    """One good base backup, as its manifest describes it. Moments are in UTC, ISO 8601."""

    name: str
    started_at: str
    finished_at: str
    server_version: int
    system_identifier: str
    timeline: int
    first_segment: str
    """Recovery to any later moment needs the write-ahead log from here on."""
    segment_bytes: int
    plain_bytes: int
    """Unpacked size: what restoring needs on the disk."""
    stored_bytes: int
    sha256: str
    """Of what is stored, sealed."""

    @property
    def finished(self) -> datetime:
        """When it was complete."""
        return datetime.fromisoformat(self.finished_at)

    @property
    def key(self) -> str:
        """Where the copy is."""
        return f"{DATABASE}/{self.name}/{BASE}"


def backup_database(settings: BackupSettings, now: datetime | None = None) -> BaseBackup:
    """Copy the running cluster into the bucket, then remove what has expired.

    Raises:
        BackupError: the database does not answer or the copy failed; nothing of it counts.
        StorageUnavailableError: the bucket does not take it.
    """
    vault, began = settings.vault(), time.monotonic()
    url = settings.backup_database_url.get_secret_value()
    started = now or datetime.now(UTC)
    name = started.strftime(STAMP)
    with postgres.connected(url) as connection:
        version, identifier, segment_bytes = _server(connection)
    with tempfile.TemporaryFile("w+") as words:
        plain = Tally(_copied(url, name, words))
        stored = Tally(sealed(plain, settings.backup_recipient))
        vault.put_stream(f"{DATABASE}/{name}/{BASE}", stored)
        timeline, first = _beginning(words, segment_bytes)
    made = BaseBackup(
        name=name,
        started_at=started.isoformat(),
        finished_at=datetime.now(UTC).isoformat(),
        server_version=version,
        system_identifier=identifier,
        timeline=timeline,
        first_segment=first,
        segment_bytes=segment_bytes,
        plain_bytes=plain.size_bytes,
        stored_bytes=stored.size_bytes,
        sha256=stored.sha256,
    )
    vault.put_bytes(f"{DATABASE}/{name}/{MANIFEST}", json.dumps(asdict(made), indent=1).encode())
    note_success(settings.backup_metrics_dir, DATABASE, made.stored_bytes, time.monotonic() - began)
    prune_database(settings)
    return made


def good_backups(vault: ObjectStore) -> list[BaseBackup]:
    """Return the base backups that are complete, oldest first."""
    found = []
    for entry in vault.list(DATABASE):
        if entry.key.endswith(f"/{MANIFEST}"):
            with suppress(StorageMissingError, ValueError, TypeError):
                made = BaseBackup(**json.loads(vault.get(entry.key)))
                if vault.head(made.key).size_bytes == made.stored_bytes:
                    found.append(made)
    return sorted(found, key=lambda made: made.finished)


def newest_before(vault: ObjectStore, moment: datetime | None) -> BaseBackup:
    """Return the newest good backup that was finished by ``moment`` (now when ``None``).

    Raises:
        NoBackupError: there is none.
    """
    good = good_backups(vault)
    fitting = [made for made in good if moment is None or made.finished <= moment]
    if not fitting:
        oldest = f"the oldest is of {good[0].finished_at}" if good else "there is none at all"
        raise NoBackupError(f"No good backup of the database is old enough: {oldest}.")
    return fitting[-1]


def prune_database(settings: BackupSettings, now: datetime | None = None) -> Sequence[str]:
    """Remove base backups that have expired and the log that no kept day needs; return the removed names.

    Only good backups count, so a bad one never displaces a good one, and the newest good one always stays.
    """
    vault, now = settings.vault(), now or datetime.now(UTC)
    good = good_backups(vault)
    if not good:
        return []
    staying = kept([made.finished for made in good], settings.keep)
    names = {made.name for made in good if made.finished in staying}
    removed = []
    for name in sorted({entry.key.split("/")[1] for entry in vault.list(DATABASE)} - names):
        known = name in {made.name for made in good}
        if known or _age(name, now) > UNFINISHED_STAYS:
            vault.delete(f"{DATABASE}/{name}/{MANIFEST}")  # first: from now on it does not count
            vault.delete_prefix(f"{DATABASE}/{name}")
            removed.append(name)
    _prune_wal(vault, good, settings)
    return removed


def _prune_wal(vault: ObjectStore, good: Sequence[BaseBackup], settings: BackupSettings) -> None:
    days = daily([made.finished for made in good], settings.keep)
    oldest = next(made for made in good if made.finished in days)
    first = number(oldest.first_segment, oldest.segment_bytes)
    for entry in vault.list(WAL):
        name = entry.key.rpartition("/")[2].partition(".")[0]
        if SEGMENT.fullmatch(name) and number(name, oldest.segment_bytes) < first:
            vault.delete(entry.key)


def _age(name: str, now: datetime) -> timedelta:
    try:
        return now - datetime.strptime(name, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return timedelta()  # not ours: left alone


def _server(connection: psycopg.Connection) -> tuple[int, str, int]:
    row = connection.execute(
        "SELECT current_setting('server_version_num')::int, system_identifier::text, "
        "(SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size') FROM pg_control_system()"
    ).fetchone()
    if row is None:
        raise BackupError("The database does not say what it is.")
    return row[0], row[1], row[2]


def _copied(url: str, label: str, words: IO[str]) -> Iterator[bytes]:
    """Yield the tar archive that pg_basebackup writes; a failure at any point is an error here."""
    options = ["--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast", "--no-password"]
    process = subprocess.Popen(
        [postgres.program("pg_basebackup"), *options, "--verbose", f"--label={label}"],
        env={**os.environ, **postgres.environment(url)},
        stdout=subprocess.PIPE,
        stderr=words,
    )
    try:
        assert process.stdout is not None
        while piece := process.stdout.read(PIECE_BYTES):
            yield piece
        if process.wait():
            raise BackupError(f"pg_basebackup failed: {postgres.last_words(_read(words))}")
    finally:
        process.kill()
        process.wait()


def _beginning(words: IO[str], segment_bytes: int) -> tuple[int, str]:
    found = _START.search(_read(words))
    if found is None:
        raise BackupError("pg_basebackup did not say where the write-ahead log begins.")
    timeline = int(found[2])
    return timeline, segment_name(timeline, found[1], segment_bytes)


def _read(words: IO[str]) -> str:
    words.seek(0)
    return words.read()
