"""A recording on its way in: on this machine's disk, counted and hashed as it comes, never whole in memory."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from genesis_music.service.errors import InvalidRequestError, TooLargeError, UnavailableError
from genesis_music.service.transcriptions.scratch import scratch_folder

MEBIBYTE = 1024**2


@dataclass(frozen=True, slots=True)
class Received:
    """A complete file in a temporary folder: its path, its SHA-256 (hexadecimal) and its size."""

    path: Path
    sha256: str
    size_bytes: int


class Spool:
    """Takes a file piece by piece, up to ``max_bytes``."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._file: BinaryIO = path.open("wb")
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, piece: bytes) -> None:
        """Add a piece.

        Raises:
            TooLargeError: more than is allowed; what came so far is of no use.
            UnavailableError: this machine's disk is full.
        """
        self._size += len(piece)
        if self._size > self._max_bytes:
            raise too_large(self._max_bytes)
        self._hash.update(piece)
        with disk_errors():
            self._file.write(piece)

    def finish(self) -> Received:
        """Close the file and say what was received.

        Raises:
            InvalidRequestError: nothing was.
            UnavailableError: this machine's disk is full.
        """
        with disk_errors():
            self._file.close()
        if not self._size:
            raise InvalidRequestError("The file is empty: choose a recording.")
        return Received(self._path, self._hash.hexdigest(), self._size)

    def close(self) -> None:
        """Close the file, whatever came."""
        self._file.close()


@contextmanager
def spooling(max_bytes: int) -> Iterator[Spool]:
    """A spool in a temporary folder that goes when the block ends."""
    with disk_errors(), scratch_folder() as folder:
        spool = Spool(folder / "recording", max_bytes)
        try:
            yield spool
        finally:
            spool.close()


def receive(pieces: Iterable[bytes], path: Path, max_bytes: int) -> Received:
    """Write pieces to a file, up to ``max_bytes``; raises as :class:`Spool` does."""
    spool = Spool(path, max_bytes)
    try:
        for piece in pieces:
            spool.write(piece)
        return spool.finish()
    finally:
        spool.close()


def too_large(max_bytes: int) -> TooLargeError:
    """The refusal of a file beyond the limit."""
    return TooLargeError(
        f"The recording is larger than {max_bytes / MEBIBYTE:g} MB: cut out the part you want, or save it as MP3.",
        extra={"max_bytes": max_bytes},
    )


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn a full disk into an answer that says to come back."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise UnavailableError(
                "There is no room for uploads at the moment. Try again later.", headers={"Retry-After": "60"}
            ) from error
        raise
