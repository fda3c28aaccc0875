"""What storage speaks of: keys, objects, ranges, and what can go wrong with them."""

import contextlib
import functools
import logging
import os
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from obstore.exceptions import BaseError

from genesis_music.service.errors import InvalidRequestError, NotFoundError, ServiceError, UnavailableError

logger = logging.getLogger(__name__)

LONGEST_KEY = 512

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9][A-Za-z0-9._-]{0,199})*")


class StorageKeyError(InvalidRequestError):
    """The key is not a plain path (see the module's conventions)."""


class StorageMissingError(NotFoundError):
    """There is no such object (any more)."""


class StorageRangeError(ServiceError):
    """The range lies outside the object."""

    status, code, title = 416, "range-not-satisfiable", "The range lies outside the file"


class StorageUnavailableError(UnavailableError):
    """The storage does not answer, refuses the service, or is full; trying again later may help."""


@dataclass(frozen=True)
class StoredObject:
    """What is known about an object without reading it."""

    key: str
    size_bytes: int
    modified_at: datetime
    """When it was written, by the storage's clock (UTC; S3 gives whole seconds)."""
    etag: str | None
    """Changes whenever the content does."""


def checked_key(key: str) -> str:
    """Return `key` if it is one. Raises StorageKeyError."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise StorageKeyError(
            f"{key[:80]!r} cannot be a key: use letters, digits, '.', '_', '-' and '/' between segments."
        )
    return key


def spans(found: StoredObject, start: int, end: int | None, block_bytes: int) -> Iterator[tuple[int, int]]:
    """Cut `[start, end)` of an object into ranges of at most `block_bytes`. Raises StorageRangeError."""
    stop = found.size_bytes if end is None else min(end, found.size_bytes)
    if not 0 <= start <= stop or (start == stop and found.size_bytes):
        raise StorageRangeError(
            f"The file has {found.size_bytes} bytes; ask for a part of it.",
            headers={"Content-Range": f"bytes */{found.size_bytes}"},
        )
    return ((first, min(first + block_bytes, stop)) for first in range(start, stop, block_bytes))


@contextlib.contextmanager
def storage_errors(key: str) -> Iterator[None]:
    """Turn obstore's errors into this module's."""
    _refuse_after_fork()
    try:
        yield
    except FileNotFoundError as error:
        raise StorageMissingError("The file is not there (any more).") from error
    except BaseError as error:
        raise unavailable(key, error) from error


def unavailable(key: str, error: Exception) -> StorageUnavailableError:
    """Note what the storage said, which names machines and folders, and return what users are told."""
    logger.warning("storage failed with %s: %s", key, str(error).split("\n", 1)[0])
    return StorageUnavailableError(
        "The file storage is full or does not answer. Try again in a moment.", headers={"Retry-After": "5"}
    )


class Source:
    """The chunks of an upload: counts them, and keeps their own error apart from the storage's."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._error: BaseException | None = None

    def read(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass chunks on."""
        with self._watching():
            for chunk in chunks:
                self.size_bytes += len(chunk)
                yield chunk

    async def read_async(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """Pass chunks on, on the event loop."""
        with self._watching():
            async for chunk in chunks:
                self.size_bytes += len(chunk)
                yield chunk

    @contextlib.contextmanager
    def errors_first(self) -> Iterator[None]:
        """Raise what the chunks raised, whatever the storage made of it."""
        try:
            yield
        except BaseException:
            if self._error is not None:
                raise self._error from None
            raise

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        try:
            yield
        except GeneratorExit:  # the storage gave up first
            raise
        except BaseException as error:
            self._error = error
            raise


@functools.cache
def _first_process() -> int:
    return os.getpid()


def _refuse_after_fork() -> None:
    # obstore's threads do not survive a fork: every call in the child would wait for ever.
    if _first_process() != os.getpid():
        raise RuntimeError(
            "storage was used before this process was forked: use it first in the child, or spawn it"
        )
