"""The way back: a fresh cluster and a fresh bucket as they were at a moment, or as late as there is anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.backup import postgres
from deploy.backup.bucket import AT_ONCE, Entry, content_key, read_snapshot, snapshots
from deploy.backup.database import BaseBackup, newest_before
from deploy.backup.errors import (
    BackupError,
    DamagedBackupError,
    MissingWalError,
    NoBackupError,
    NoSpaceError,
)
from deploy.backup.sealing import Tally, identities, opened
from deploy.backup.settings import BackupSettings
from deploy.backup.wal import stored_segments
from deploy.backup.wal_names import SEGMENT, number
from genesis_music.service.platform.storage import ObjectStore, StorageMissingError

WAL_FOLDER = "genesis-restored-wal"
"""In the data folder: the segments that recovery will ask for."""
PROBE = "health/restore"
MARGIN_BYTES = 64 * 1024**2
"""What recovery itself writes, at least."""


@dataclass(frozen=True)
class RestoredDatabase:
    """A data folder that recovers to the wanted moment when PostgreSQL is started on it."""

    base: BaseBackup
    segments: int


@dataclass(frozen=True)
class RestoredBucket:
    """How many objects were put back, and from which lists."""

    objects: int
    size_bytes: int
    lists: tuple[str, ...]


def restore_database(settings: BackupSettings, folder: Path, moment: datetime | None) -> RestoredDatabase:
    """Fill an empty data folder; PostgreSQL of the same major version recovers when it is started on it.

    ``moment`` is the point in time, ``None`` as late as possible. Everything is checked before it counts: the
    checksum of what is stored, the seal, every file against PostgreSQL's own manifest, the log for gaps. When
    anything is wrong the folder is left empty.

    Raises:
        NoBackupError: no base backup was finished before the moment, or the log ends before it.
        MissingWalError: the log has a gap.
        DamagedBackupError: something was changed since it was stored.
        WrongKeyError, SettingsError: the identity is another one, or none.
        NoSpaceError: the disk is too small.
        BackupError: the folder is not empty or cannot be written.
    """
    identities(settings.backup_identity_file)
    _check_empty(folder)
    vault = settings.vault()
    base = newest_before(vault, moment)
    keys = _log_after(vault, base, moment)
    _check_space(folder, base, len(keys))
    try:
        _unpack(settings, vault, base, folder)
        postgres.run("pg_verifybackup", "--no-parse-wal", folder)
        _fetch_log(settings, vault, keys, folder / WAL_FOLDER)
        _prepare_recovery(folder, moment)
    except BaseException as error:
        _empty(folder)
        if isinstance(error, BackupError) and "pg_verifybackup" in str(error):
            raise DamagedBackupError(f"The backup {base.name} is damaged: {error}") from error
        raise
    return RestoredDatabase(base, len(keys))


def restore_bucket(settings: BackupSettings, moment: datetime | None) -> RestoredBucket:
    """Put back what the service's bucket held at a moment (``None``: last): what is there already stays.

    Between two lists a key only comes or goes and never changes, so what the list before the moment and the one after
    it name together is all that the database of that moment can refer to.

    Raises:
        NoBackupError: there is no list.
        DamagedBackupError: a list is damaged; or contents are, which are named when all others are back.
    """
    identities(settings.backup_identity_file)
    vault, files = settings.vault(), settings.files()
    lists = [read_snapshot(vault, key) for key in _around(snapshots(vault), moment)]
    entries = {entry.key: entry for snapshot in lists for entry in snapshot.entries}
    _check_writable(files)
    present = {one.key: one.size_bytes for one in files.list()}
    wanted = [entry for entry in entries.values() if present.get(entry.key) != entry.size_bytes]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        faults = [
            fault for fault in pool.map(lambda one: _put_back(settings, vault, files, one), wanted) if fault
        ]
    if faults:
        raise DamagedBackupError(
            f"{len(faults)} of {len(wanted)} objects are damaged in the backup, the others are back: {faults[0]}"
        )
    return RestoredBucket(
        len(wanted), sum(entry.size_bytes for entry in wanted), tuple(one.name for one in lists)
    )


def _around(known: Sequence[tuple[datetime, str]], moment: datetime | None) -> list[str]:
    """The last list by the moment and the first after it."""
    if not known:
        raise NoBackupError("There is no backup of the bucket.")
    if moment is None:
        return [known[-1][1]]
    before = [key for taken, key in known if taken <= moment][-1:]
    return before + [key for taken, key in known if taken > moment][:1]


def _check_writable(files: ObjectStore) -> None:
    """Say at once that a bucket cannot be written; some servers make it at the first writing."""
    files.put_bytes(PROBE, b"")
    files.delete(PROBE)


def _put_back(settings: BackupSettings, vault: ObjectStore, files: ObjectStore, entry: Entry) -> str:
    """Write one object, or say what is wrong with its copy."""
    try:
        tally = Tally(opened(vault.stream(content_key(entry.sha256)), settings.backup_identity_file))
        files.put_stream(entry.key, _checked(tally, entry))
    except (DamagedBackupError, StorageMissingError) as error:
        return f"{entry.key}: {error}"
    return ""


def _checked(tally: Tally, entry: Entry) -> Iterable[bytes]:
    yield from tally
    if tally.sha256 != entry.sha256:
        raise DamagedBackupError("its checksum is another one.")


def _check_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise BackupError(f"{folder} is not empty: move what is there away, nothing is overwritten.")
        folder.chmod(0o700)  # PostgreSQL starts on no other
    except OSError as error:
        raise BackupError(f"{folder} cannot be used: {error.strerror}.") from error


def _check_space(folder: Path, base: BaseBackup, segments: int) -> None:
    needed = base.plain_bytes + segments * base.segment_bytes * 2 + MARGIN_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoSpaceError(
            f"{folder} has {free / 1e9:.1f} GB free, restoring needs {needed / 1e9:.1f} GB: "
            "choose a larger disk, or an earlier moment with less log after its base backup."
        )


def _log_after(vault: ObjectStore, base: BaseBackup, moment: datetime | None) -> list[str]:
    """Return the keys of the log from a base backup on, without a gap."""
    stored = stored_segments(vault)
    first = number(base.first_segment, base.segment_bytes)
    segments = {
        name: number(name, base.segment_bytes)
        for name in stored
        if SEGMENT.fullmatch(name) and number(name, base.segment_bytes) >= first
    }
    _check_gaps(base, segments)
    newest = max((stored[name] for name in segments), default=None)
    if moment is not None and (newest is None or vault.head(newest).modified_at < moment):
        ends = vault.head(newest).modified_at.isoformat() if newest else base.finished_at
        raise NoBackupError(f"The log was last stored at {ends}: for all that there is, restore --to latest.")
    histories = [name for name in stored if not SEGMENT.fullmatch(name)]
    return [stored[name] for name in (*histories, *sorted(segments))]


def _check_gaps(base: BaseBackup, segments: Mapping[str, int]) -> None:
    numbers = sorted(set(segments.values()))
    for expected, found in enumerate(numbers, number(base.first_segment, base.segment_bytes)):
        if expected != found:
            raise MissingWalError(
                f"The write-ahead log has a gap: {found - expected} segments before "
                f"{min(name for name, count in segments.items() if count == found)} are missing after the base backup "
                f"{base.name}. Restore to a moment before the gap, or from a later base backup."
            )


def _unpack(settings: BackupSettings, vault: ObjectStore, base: BaseBackup, folder: Path) -> None:
    """Unpack a base backup and compare its checksum; tar must not see a byte of a backup that another key sealed."""
    stored = Tally(vault.stream(base.key))
    plain = opened(stored, settings.backup_identity_file)
    process = subprocess.Popen(
        ["tar", "--extract", "--file=-", f"--directory={folder}", "--no-same-owner"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert process.stdin is not None and process.stderr is not None
    try:
        with suppress(BrokenPipeError):  # tar says why
            process.stdin.writelines(plain)
        with suppress(BrokenPipeError):
            process.stdin.close()
        words = process.stderr.read().decode(errors="replace")
        if process.wait():
            raise BackupError(f"The base backup cannot be unpacked: {postgres.last_words(words)}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    if stored.sha256 != base.sha256:
        raise DamagedBackupError(f"The backup {base.name} is damaged: its checksum is another one.")


def _fetch_log(settings: BackupSettings, vault: ObjectStore, keys: Iterable[str], folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for key in keys:
        name = key.rpartition("/")[2].partition(".gz")[0].removesuffix(".partial")
        with (folder / name).open("wb") as file:
            file.writelines(opened(vault.stream(key), settings.backup_identity_file))


def _prepare_recovery(folder: Path, moment: datetime | None) -> None:
    """Tell PostgreSQL where the log is and where to stop; then it is an ordinary primary on a timeline of its own."""
    target = f"recovery_target_time = '{moment.isoformat(sep=' ')}'\n" if moment else ""
    with (folder / "postgresql.auto.conf").open("a") as file:
        file.write(
            f"\nrestore_command = 'cp {WAL_FOLDER}/%f %p'\n{target}"
            f"recovery_end_command = 'rm -rf {WAL_FOLDER}'\n"
            "recovery_target_action = 'promote'\nrecovery_target_timeline = 'latest'\n"
        )
    (folder / "recovery.signal").touch()


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
