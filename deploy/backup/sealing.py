"""From plain bytes to what is stored and back: compressed (gzip), then sealed with age for a public key.

Both ways are streams of pieces, so nothing needs the disk, and what `age` and `gzip` read as well: a backup can be
opened without this program.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Full, Queue
from typing import Protocol

import pyrage

from deploy.backup.errors import DamagedBackupError, WrongKeyError
from genesis_music.errors import SettingsError

PIECES_AT_ONCE = 64
GZIP = 31
"""zlib's name for "with gzip's header and checksum"."""


class Tally:
    """Passes pieces on and knows their number of bytes and their SHA-256."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Of what has passed so far, in hexadecimal."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size_bytes += len(piece)
            self._digest.update(piece)
            yield piece


def sealed(pieces: Iterable[bytes], recipient: str) -> Iterator[bytes]:
    """Compress and seal; only the identity of ``recipient`` opens it."""
    key = pyrage.x25519.Recipient.from_str(recipient)
    return _through(_compressed(pieces), lambda source, sink: pyrage.encrypt_io(source, sink, [key]))


def opened(pieces: Iterable[bytes], identity_file: Path | None) -> Iterator[bytes]:
    """Open and unpack what `sealed` made.

    Raises:
        SettingsError: there is no identity.
        WrongKeyError: it is not that of the recipient.
        DamagedBackupError: something was changed or cut off.
    """
    keys = identities(identity_file)
    plain = _through(pieces, lambda source, sink: pyrage.decrypt_io(source, sink, keys))
    try:
        yield from _unpacked(plain)
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise WrongKeyError(
                f"{identity_file} cannot open this backup: it was sealed for another key."
            ) from error
        raise DamagedBackupError(f"The backup is damaged: {error}.") from error
    except (zlib.error, OSError) as error:
        raise DamagedBackupError(f"The backup is damaged: {error}.") from error


def identities(identity_file: Path | None) -> list[pyrage.x25519.Identity]:
    """Read the private keys of a file as `age-keygen` and `new-key` write it."""
    if identity_file is None:
        raise SettingsError("GENESIS_BACKUP_IDENTITY_FILE: set it to the file with the private key of age.")
    try:
        lines = identity_file.read_text().splitlines()
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith("AGE-SECRET-KEY-")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise SettingsError(
            f"GENESIS_BACKUP_IDENTITY_FILE: {identity_file} cannot be read as a key of age."
        ) from error
    if not keys:
        raise SettingsError(f"GENESIS_BACKUP_IDENTITY_FILE: {identity_file} holds no AGE-SECRET-KEY.")
    return keys


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, GZIP)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP)
    for piece in pieces:
        if plain := unpacker.decompress(piece):
            yield plain
    if not unpacker.eof:
        raise DamagedBackupError("The backup is damaged: it ends too early.")


class Sink(Protocol):
    """What a transformation writes to."""

    def write(self, piece: bytes) -> int:
        """Take a piece."""

    def flush(self) -> None:
        """Hold nothing back."""


class _Source:
    """Pieces as a file; keeps the error of whoever makes them."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""
        self.error: BaseException | None = None

    def read(self, count: int = -1) -> bytes:
        try:
            while not self._rest:
                self._rest = next(self._pieces)
        except StopIteration:
            return b""
        except BaseException as error:
            self.error = error
            raise
        size = len(self._rest) if count < 0 else count
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


class _QueueSink:
    """Hands pieces to another thread; refuses when that one has gone."""

    def __init__(self) -> None:
        self.pieces: Queue[bytes | BaseException | None] = Queue(PIECES_AT_ONCE)
        self.gone = threading.Event()

    def write(self, piece: bytes) -> int:
        self.hand_over(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Pieces are on their way already."""

    def hand_over(self, item: bytes | BaseException | None) -> None:
        while not self.gone.is_set():
            try:
                self.pieces.put(item, timeout=0.2)
            except Full:
                continue
            return
        raise BrokenPipeError("nobody reads any more")


def _through(pieces: Iterable[bytes], transform: Callable[[_Source, Sink], None]) -> Iterator[bytes]:
    """Yield what ``transform`` writes; it runs in a thread, since age pushes where storage pulls."""
    source, sink = _Source(pieces), _QueueSink()

    def run() -> None:
        try:
            transform(source, sink)
            sink.hand_over(None)
        except BaseException as error:
            with suppress(BrokenPipeError):
                sink.hand_over(source.error or error)

    threading.Thread(target=run, daemon=True).start()
    try:
        while (piece := sink.pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        sink.gone.set()
