"""Backup of the service's files: every object once, sealed, and lists of which were there when.

``objects/<2 hex>/<sha256>.gz.age`` is a content, ``snapshots/<moment>-<checksum>.json.gz`` a list of keys with their
contents; the checksum in its name is that of the list. A key's content never changes (see the service's `keys.py`),
so a backup reads only what is new since the last one.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from deploy.backup.database import STAMP
from deploy.backup.errors import DamagedBackupError
from deploy.backup.metrics import note_success
from deploy.backup.retention import kept
from deploy.backup.sealing import Tally, sealed
from deploy.backup.settings import BackupSettings
from genesis_music.errors import SettingsError
from genesis_music.service.platform.storage import ObjectStore, StorageMissingError, StoredObject

BUCKET, OBJECTS, SNAPSHOTS = "bucket", "objects", "snapshots"
PASSING = ("exports", "health", "stages", "uploads")
"""What can be made again, or is not finished yet; see the service's `keys.py`."""
AT_ONCE = 8
CHECKSUM_CHARACTERS = 16
UNREFERENCED_STAYS = timedelta(days=2)
"""A content that no list names is left alone for so long: a running backup may be about to name it."""


@dataclass(frozen=True)
class Entry:
    """One object of the service's bucket; ``sha256`` is that of its content."""

    key: str
    size_bytes: int
    etag: str | None
    sha256: str


@dataclass(frozen=True)
class Snapshot:
    """Which objects there were at a moment."""

    name: str
    taken: datetime
    entries: tuple[Entry, ...]


def backup_bucket(settings: BackupSettings, now: datetime | None = None) -> Snapshot:
    """Store what is new in the service's bucket and a list of all that is there, then remove what has expired.

    Raises:
        SettingsError: the service's bucket is not named.
        StorageUnavailableError: one of the two buckets does not work; the last list stays the newest.
    """
    if not settings.storage_url:
        raise SettingsError("GENESIS_STORAGE_URL: set it to the service's bucket.")
    began, vault, files = time.monotonic(), settings.vault(), settings.files()
    taken = now or datetime.now(UTC)
    known = _known(vault)
    present = [one for one in files.list() if one.key.partition("/")[0] not in PASSING]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        copied = list(pool.map(lambda one: _entry(one, known, files, vault, settings), present))
    entries = tuple(sorted((entry for entry in copied if entry), key=lambda entry: entry.key))
    snapshot = Snapshot(_store_list(vault, taken, entries), taken, entries)
    size = sum(entry.size_bytes for entry in entries)
    note_success(settings.backup_metrics_dir, BUCKET, size, time.monotonic() - began)
    prune_bucket(settings, now)
    return snapshot


def snapshots(vault: ObjectStore) -> list[tuple[datetime, str]]:
    """Return moment and key of every list, oldest first; which are good shows when they are read."""
    found = []
    for entry in vault.list(SNAPSHOTS):
        stamp = entry.key.rpartition("/")[2].partition("-")[0]
        with suppress(ValueError):
            found.append((datetime.strptime(stamp, STAMP).replace(tzinfo=UTC), entry.key))
    return sorted(found)


def read_snapshot(vault: ObjectStore, key: str) -> Snapshot:
    """Read a list.

    Raises:
        DamagedBackupError: it is not what was stored.
    """
    content = vault.get(key)
    stamp, _, checksum = key.rpartition("/")[2].removesuffix(".json.gz").partition("-")
    if not checksum or not hashlib.sha256(content).hexdigest().startswith(checksum):
        raise DamagedBackupError(f"The list {key} is damaged: its checksum is another one.")
    entries = tuple(Entry(**entry) for entry in json.loads(gzip.decompress(content)))
    return Snapshot(key, datetime.strptime(stamp, STAMP).replace(tzinfo=UTC), entries)


def content_key(sha256: str) -> str:
    """Where a content is stored."""
    return f"{OBJECTS}/{sha256[:2]}/{sha256}.gz.age"


def prune_bucket(settings: BackupSettings, now: datetime | None = None) -> Sequence[str]:
    """Remove lists that have expired and contents that no list names; return the keys of the removed lists.

    Damaged lists do not count and are left for a person to look at; the newest good one always stays.
    """
    vault, limit = settings.vault(), (now or datetime.now(UTC)) - UNREFERENCED_STAYS
    good, named = [], set()
    for _, key in snapshots(vault):
        with suppress(DamagedBackupError):
            good.append(read_snapshot(vault, key))
    staying = kept([snapshot.taken for snapshot in good], settings.keep) | _recent(good)
    removed = [snapshot.name for snapshot in good if snapshot.taken not in staying]
    for key in removed:
        vault.delete(key)
    for snapshot in good:
        if snapshot.taken in staying:
            named |= {content_key(entry.sha256) for entry in snapshot.entries}
    if good:
        for one in list(vault.list(OBJECTS)):
            if one.key not in named and one.modified_at < limit:
                vault.delete(one.key)
    return removed


def _recent(good: Iterable[Snapshot]) -> set[datetime]:
    """All lists of the last two days stay: between two of them nothing may be missing for a point in time."""
    moments = [snapshot.taken for snapshot in good]
    return {moment for moment in moments if moment > max(moments) - UNREFERENCED_STAYS}


def _known(vault: ObjectStore) -> dict[tuple[str, int, str | None], Entry]:
    """What the newest good list knows."""
    for _, key in reversed(snapshots(vault)):
        with suppress(DamagedBackupError):
            newest = read_snapshot(vault, key)
            return {(entry.key, entry.size_bytes, entry.etag): entry for entry in newest.entries}
    return {}


def _entry(
    one: StoredObject,
    known: dict[tuple[str, int, str | None], Entry],
    files: ObjectStore,
    vault: ObjectStore,
    settings: BackupSettings,
) -> Entry | None:
    """Store one object unless it is known; ``None`` when it was deleted meanwhile."""
    same = known.get((one.key, one.size_bytes, one.etag))
    if same is not None:
        return same
    try:
        # Twice read: its name in the vault is the checksum of its content.
        sha256 = _checksum(files.stream(one.key))
        plain = Tally(files.stream(one.key))
        vault.put_stream(content_key(sha256), sealed(plain, settings.backup_recipient))
    except StorageMissingError:
        return None
    if plain.sha256 != sha256:
        raise DamagedBackupError(f"{one.key} changed while it was read: take the backup again.")
    return Entry(one.key, plain.size_bytes, one.etag, sha256)


def _checksum(pieces: Iterable[bytes]) -> str:
    tally = Tally(pieces)
    for _ in tally:
        pass
    return tally.sha256


def _store_list(vault: ObjectStore, taken: datetime, entries: Sequence[Entry]) -> str:
    content = gzip.compress(json.dumps([asdict(entry) for entry in entries]).encode(), mtime=0)
    checksum = hashlib.sha256(content).hexdigest()[:CHECKSUM_CHARACTERS]
    key = f"{SNAPSHOTS}/{taken.strftime(STAMP)}-{checksum}.json.gz"
    vault.put_bytes(key, content)
    return key
