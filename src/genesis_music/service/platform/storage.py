"""One interface for every file of the service: recordings, results, exports; in a local folder or in S3.

Conventions
1. A key is a path of plain segments (`uploads/3f/recording.mp3`): letters, digits, `.`, `_`, `-`, each
   segment starting with a letter or digit. Whatever a user typed never becomes a key.
2. A prefix names whole segments: `uploads` means `uploads/…`, never `uploads-old/…`.
3. An object appears complete or not at all, also when the writer is killed. Writing a key again replaces it.
4. Ranges are half-open, `[start, end)`, in bytes.
"""

import contextlib
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import obstore
from obstore.exceptions import BaseError

from genesis_music.service.errors import InvalidRequestError, NotFoundError, ServiceError, UnavailableError
from genesis_music.service.platform.presign import MAXIMUM_SECONDS, S3Credentials
from genesis_music.service.platform.storage_backends import MEBIBYTE, Backend, Encryption, open_backend

BLOCK_BYTES = 1 * MEBIBYTE
"""How much of an object is in memory at once while it is read."""

PARTS_AT_ONCE = 2
"""Parts of one streamed upload that are on their way together: memory per upload is about this times the part size."""

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


class ObjectStore:
    """Keeps bytes under keys. Safe to share between threads; open it after a fork, not before."""

    def __init__(self, backend: Backend) -> None:
        """Use `from_url`."""
        self._backend = backend
        self._store = backend.store

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        credentials: S3Credentials | None = None,
        encryption: Encryption | None = None,
        kms_key_id: str | None = None,
    ) -> "ObjectStore":
        """Open `file:///folder`, `memory://` or `s3://bucket/prefix?endpoint=…&region=…` (see `open_backend`).

        Every object written to S3 is encrypted there when `encryption` is given. Raises SettingsError.
        """
        return cls(open_backend(url, credentials, encryption, kms_key_id))

    # Writing

    def put_bytes(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`."""
        with _translated(_checked(key)):
            obstore.put(self._store, key, content, use_multipart=False)

    def put_file(self, key: str, path: Path) -> None:
        """Keep the content of a file under `key`; it is read in parts."""
        with _translated(_checked(key)), path.open("rb") as file:
            self._put_parts(key, iter(lambda: file.read(MEBIBYTE), b""))

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> int:
        """Keep what `chunks` yields under `key` and return its size in bytes.

        An error raised by `chunks` is passed on as it is, and nothing is kept.
        """
        with _translated(_checked(key)):
            counted = _Counted()
            self._put_parts(key, counted.over(chunks))
            return counted.size_bytes

    async def put_stream_async(self, key: str, chunks: AsyncIterable[bytes]) -> int:
        """As `put_stream`, for an upload that arrives on the event loop."""
        with _translated(_checked(key)):
            counted = _Counted()
            await obstore.put_async(
                self._store,
                key,
                counted.over_async(chunks),
                chunk_size=self._backend.part_bytes,
                max_concurrency=PARTS_AT_ONCE,
            )
            return counted.size_bytes

    def _put_parts(self, key: str, chunks: Iterator[bytes]) -> None:
        obstore.put(
            self._store,
            key,
            chunks,
            chunk_size=self._backend.part_bytes,
            max_concurrency=PARTS_AT_ONCE,
            use_multipart=True,
        )

    # Reading

    def head(self, key: str) -> StoredObject:
        """Return what is known about an object. Raises StorageMissingError."""
        with _translated(_checked(key)):
            return _stored(obstore.head(self._store, key))

    async def head_async(self, key: str) -> StoredObject:
        """As `head`, on the event loop."""
        with _translated(_checked(key)):
            return _stored(await obstore.head_async(self._store, key))

    def size(self, key: str) -> int:
        """Return the size of an object in bytes. Raises StorageMissingError."""
        return self.head(key).size_bytes

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        try:
            self.head(key)
        except StorageMissingError:
            return False
        return True

    def get(self, key: str) -> bytes:
        """Return a whole (small) object. Raises StorageMissingError."""
        with _translated(_checked(key)):
            return bytes(obstore.get(self._store, key).bytes())

    def get_range(self, key: str, start: int, end: int | None = None) -> bytes:
        """Return bytes `[start, end)`, to the end of the object when `end` is None or beyond it.

        Raises StorageMissingError, StorageRangeError.
        """
        return b"".join(self.stream(key, start, end))

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return an iterator over `[start, end)` in blocks of at most BLOCK_BYTES.

        A missing object or an impossible range shows itself here and not at the first block. An object that is replaced
        meanwhile ends the iteration with StorageUnavailableError: two versions are never mixed.
        Each block is a request of its own, so a slow reader runs into no time limit.
        """
        found = self.head(key)
        return self._blocks(found, _spans(found, start, end))

    def _blocks(self, found: StoredObject, spans: Iterator[tuple[int, int]]) -> Iterator[bytes]:
        for span in spans:
            with _translated(found.key):
                got = obstore.get(self._store, found.key, options={"range": span, "if_match": found.etag})
                block = bytes(got.bytes())
            yield block

    async def stream_async(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """As `stream`, on the event loop: `async for block in await store.stream_async(key)`."""
        found = await self.head_async(key)
        return self._blocks_async(found, _spans(found, start, end))

    async def _blocks_async(
        self, found: StoredObject, spans: Iterator[tuple[int, int]]
    ) -> AsyncIterator[bytes]:
        for span in spans:
            with _translated(found.key):
                got = await obstore.get_async(
                    self._store, found.key, options={"range": span, "if_match": found.etag}
                )
                block = bytes(await got.bytes_async())
            yield block

    def download(self, key: str, path: Path) -> None:
        """Write an object to a file, which appears complete or not at all. Raises StorageMissingError."""
        blocks = self.stream(key)
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as file:
                file.writelines(blocks)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def presigned_url(
        self, key: str, seconds: int, *, filename: str | None = None, content_type: str | None = None
    ) -> str | None:
        """Return a link that fetches the object without credentials for `seconds` (1 to a week).

        `filename` (any text) is what a browser saves it as. None when the storage has no such links (a local
        folder, or S3 with the machine's role): deliver the bytes with `stream`. Whether the object exists is
        not checked.
        """
        if not 1 <= seconds <= MAXIMUM_SECONDS:
            raise ValueError(f"a link lives between 1 second and a week, not {seconds} s")
        if self._backend.presign is None:
            return None
        headers = {}
        if filename is not None:
            headers["response-content-disposition"] = content_disposition(filename)
        if content_type is not None:
            headers["response-content-type"] = content_type
        return self._backend.presign(_checked(key), seconds, headers)

    # Listing and removing

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield every object under `prefix` (all when empty), in no particular order, without holding the
        whole list.
        """
        if prefix:
            _checked(prefix)
        with _translated(prefix):
            for page in obstore.list(self._store, prefix or None, chunk_size=1000):
                yield from map(_stored, page)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        with contextlib.suppress(StorageMissingError), _translated(_checked(key)):
            obstore.delete(self._store, key)

    def delete_prefix(self, prefix: str) -> int:
        """Remove every object under `prefix` and return how many there were."""
        _checked(prefix)
        count = 0
        for found in self.list(prefix):
            self.delete(found.key)
            count += 1
        return count

    def sweep_temporary(self, prefix: str, older_than: timedelta) -> int:
        """Remove objects under `prefix` that were last written before `older_than` ago; return how many.

        Local folders are also rid of parts that a killed writer left. `older_than` is the grace period: give
        it more than the longest upload or job takes, and more than the clocks differ.
        """
        count = 0
        for found in self._aged(prefix, older_than):
            count += self._delete_unchanged(found)
        return count + self._sweep_staged(prefix, older_than)

    def orphans(
        self, prefix: str, known: Callable[[str], bool], older_than: timedelta
    ) -> Iterator[StoredObject]:
        """Yield objects under `prefix` that nothing refers to: old enough, and `known(key)` says no.

        Files are written before the row that refers to them, so only those older than `older_than` count.
        """
        return (found for found in self._aged(prefix, older_than) if not known(found.key))

    def sweep_orphans(self, prefix: str, known: Callable[[str], bool], older_than: timedelta) -> int:
        """Remove `orphans`; return how many."""
        return sum(self._delete_unchanged(found) for found in self.orphans(prefix, known, older_than))

    def _aged(self, prefix: str, older_than: timedelta) -> Iterator[StoredObject]:
        limit = datetime.now(UTC) - older_than
        return (found for found in self.list(prefix) if found.modified_at < limit)

    def _delete_unchanged(self, found: StoredObject) -> bool:
        # Listing a large bucket takes minutes: what was written again meanwhile is in use.
        try:
            unchanged = self.head(found.key) == found
        except StorageMissingError:
            return False
        if unchanged:
            self.delete(found.key)
        return unchanged

    def _sweep_staged(self, prefix: str, older_than: timedelta) -> int:
        # obstore writes `name#1` and renames it; a killed writer leaves it behind, hidden from every listing.
        if self._backend.root is None:
            return 0
        limit = datetime.now(UTC) - older_than
        count = 0
        for path in (self._backend.root / prefix).rglob("*#*"):
            with contextlib.suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < limit:
                    path.unlink()
                    count += 1
        return count


def content_disposition(filename: str) -> str:
    """Return the header value that makes a browser save a download as `filename` (RFC 6266), whatever it contains."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


class _Counted:
    """Counts the bytes that pass."""

    def __init__(self) -> None:
        self.size_bytes = 0

    def over(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size_bytes += len(chunk)
            yield chunk

    async def over_async(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self.size_bytes += len(chunk)
            yield chunk


def _checked(key: str) -> str:
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise StorageKeyError(
            f"{key[:80]!r} cannot be a key: use letters, digits, '.', '_', '-' and '/' between segments."
        )
    return key


def _stored(meta: "obstore.ObjectMeta") -> StoredObject:
    return StoredObject(meta["path"], meta["size"], meta["last_modified"], meta["e_tag"])


def _spans(found: StoredObject, start: int, end: int | None) -> Iterator[tuple[int, int]]:
    stop = found.size_bytes if end is None else min(end, found.size_bytes)
    if not 0 <= start <= stop or (start == stop and found.size_bytes):
        raise StorageRangeError(
            f"{found.key} has {found.size_bytes} bytes; [{start}, {end}) is not a part of it."
        )
    return ((first, min(first + BLOCK_BYTES, stop)) for first in range(start, stop, BLOCK_BYTES))


@contextlib.contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise StorageMissingError(f"{key} is not in the storage (any more).") from error
    except BaseError as error:
        reason = str(error).split("\n", 1)[0]
        raise StorageUnavailableError(
            f"The storage did not accept or deliver {key}; try again later: {reason}"
        ) from error
