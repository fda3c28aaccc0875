"""Results of slow stages, kept by the content they were made from, so that work is never done twice."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

DEFAULT_MAX_BYTES = 500_000_000


class StageCache(Protocol):
    """Somewhere to keep bytes under a key; an unavailable cache forgets, it never raises."""

    def get(self, key: str) -> bytes | None:
        """Return what was put under the key, or ``None``."""

    def put(self, key: str, value: bytes) -> None:
        """Keep the value; it may be forgotten at any time."""


def cache_key(*parts: object) -> str:
    """One key from everything a result depends on (64 hex digits)."""
    return hashlib.sha256("\x1f".join(map(repr, parts)).encode()).hexdigest()


@dataclass(frozen=True)
class NoCache:
    """Remembers nothing."""

    def get(self, key: str) -> bytes | None:  # noqa: ARG002 (protocol)
        """Return ``None``."""
        return None

    def put(self, key: str, value: bytes) -> None:
        """Forget the value."""


@dataclass(frozen=True)
class FolderCache:
    """One file per key in a folder; the least recently used go when the folder passes ``max_bytes``."""

    folder: Path
    max_bytes: int = DEFAULT_MAX_BYTES

    def get(self, key: str) -> bytes | None:
        """Return what was put under the key and mark it as used."""
        try:
            path = self.folder / key
            value = path.read_bytes()
            os.utime(path)
        except OSError:  # not there, or not readable: then it has to be made again
            return None
        return value

    def put(self, key: str, value: bytes) -> None:
        """Write the value in one step, so that a reader never sees half of it."""
        with suppress(OSError):  # a full or read-only disk costs time later, never the result
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(self.folder / key, value)
            sweep(self.folder, self.max_bytes)

    def _write(self, path: Path, value: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(value)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def sweep(folder: Path, max_bytes: int) -> None:
    """Delete the least recently used files and folders of a cache folder until ``max_bytes`` are left."""
    entries = [(entry.stat().st_mtime, _size(entry), entry) for entry in folder.iterdir()]
    excess = sum(size for _, size, _ in entries) - max_bytes
    for _, size, entry in sorted(entries, key=lambda item: item[0]):
        if excess <= 0:
            return
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
        excess -= size


def _size(entry: Path) -> int:
    files = entry.rglob("*") if entry.is_dir() else [entry]
    return sum(file.stat().st_size for file in files if file.is_file())


def user_cache_folder() -> Path:
    """Where this user's caches live (follows the platform's convention)."""
    from platformdirs import user_cache_path

    return user_cache_path("genesis-music", appauthor=False)
