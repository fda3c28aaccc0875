"""The write-ahead log, on its way into the bucket all the time: what makes recovery to any moment possible.

``pg_receivewal`` follows the primary through a replication slot, as a replica would. Every few seconds what has come
is sealed and stored: finished segments as ``wal/<name>.gz.age``, the present one as ``wal/<name>.partial.gz.age``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from deploy.backup import postgres
from deploy.backup.database import PIECE_BYTES, WAL
from deploy.backup.errors import BackupError
from deploy.backup.metrics import note_success
from deploy.backup.sealing import sealed
from deploy.backup.settings import BackupSettings
from deploy.backup.telling import Teller, tell
from deploy.backup.wal_names import HISTORY, SEGMENT
from genesis_music.errors import GenesisError
from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.storage import ObjectStore

log = logging.getLogger(__name__)

PARTIAL, SUFFIX = ".partial", ".gz.age"
RECEIVER_SECONDS = 2
"""How often the receiver tells the server how far it is."""


def archive_wal(settings: BackupSettings, stop: threading.Event) -> None:
    """Send the log to the bucket until told to stop; outages of the database or the bucket are waited for.

    Raises:
        BackupError: the slot cannot be made, or the folder not written.
    """
    url, folder = settings.backup_database_url.get_secret_value(), settings.backup_wal_dir
    slot = [f"--slot={settings.backup_slot}", "--no-password"]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BackupError(f"GENESIS_BACKUP_WAL_DIR: {folder} cannot be written: {error.strerror}.") from error
    variables = postgres.environment(url)
    postgres.run("pg_receivewal", *slot, "--create-slot", "--if-not-exists", variables=variables)
    command: list[str | Path] = [postgres.program("pg_receivewal"), *slot, f"--directory={folder}"]
    command.append(f"--status-interval={RECEIVER_SECONDS}")
    receiver = ChildProcess(command, environment=variables, log=folder.with_name(f"{folder.name}.log"))
    sender = Sender(settings)
    try:
        if settings.metrics_port is not None:
            tell(settings.metrics_port, sender.teller.text)
            threading.Thread(target=sender.teller.look, args=(stop,), daemon=True).start()
        while not stop.wait(settings.backup_wal_seconds):
            if receiver.exit_status is not None:
                raise BackupError(
                    f"pg_receivewal ended with status {receiver.exit_status}: see {folder}.log."
                )
            sender.attempt()
    finally:
        receiver.stop()
    sender.send()


class Sender:
    """Stores what has been received."""

    def __init__(self, settings: BackupSettings) -> None:
        self._settings = settings
        self._vault = settings.vault()
        self.teller = Teller(self._vault)
        self._sent: tuple[str, int] | None = None
        """The unfinished segment that was stored last, and when it had been written to."""

    def attempt(self) -> None:
        """Send; what cannot be sent now stays on the disk for the next time."""
        began = time.monotonic()
        try:
            size = self.send()
            if self._follows():
                self.teller.note(WAL, time.time())
                note_success(self._settings.backup_metrics_dir, WAL, size, time.monotonic() - began)
        except GenesisError as error:
            log.warning("the write-ahead log waits on this disk: %s", error)

    def send(self) -> int:
        """Store every finished segment and remove it here, and the unfinished one when it grew; return bytes stored."""
        folder, size = self._settings.backup_wal_dir, 0
        for path in sorted(folder.iterdir()):
            if SEGMENT.fullmatch(path.name) or HISTORY.fullmatch(path.name):
                size += self._store(path)
                self._vault.delete(f"{WAL}/{path.name}{PARTIAL}{SUFFIX}")
                path.unlink()
        for path in folder.glob(f"*{PARTIAL}"):
            with suppress(FileNotFoundError):  # it was finished meanwhile: the next round has it
                state = (path.name, path.stat().st_mtime_ns)
                if state != self._sent:
                    size += self._store(path)
                    self._sent = state
        return size

    def _store(self, path: Path) -> int:
        pieces = sealed(_pieces(path), self._settings.backup_recipient)
        return self._vault.put_stream(f"{WAL}/{path.name}{SUFFIX}", pieces)

    def _follows(self) -> bool:
        """Whether the server sees us follow: a receiver without a connection receives nothing and says nothing."""
        with postgres.connected(self._settings.backup_database_url.get_secret_value()) as connection:
            asked = "SELECT active FROM pg_replication_slots WHERE slot_name = %s"
            return connection.execute(asked, (self._settings.backup_slot,)).fetchone() == (True,)


def stored_segments(vault: ObjectStore) -> dict[str, str]:
    """Return the keys of all stored segments and histories by name; a finished one displaces its beginning."""
    found: dict[str, str] = {}
    for entry in sorted(vault.list(WAL), key=lambda entry: PARTIAL not in entry.key):
        name = entry.key.rpartition("/")[2].removesuffix(SUFFIX).removesuffix(PARTIAL)
        found[name] = entry.key
    return found


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
