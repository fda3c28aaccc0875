"""One interface for every file of the service: recordings, results, exports; in a local folder or in S3.

Conventions
1. A key is a path of plain segments (`uploads/3f/recording.mp3`): letters, digits, `.`, `_`, `-`, each
   segment starting with a letter or digit. Whatever a user typed never becomes a key.
2. A prefix names whole segments: `uploads` means `uploads/…`, never `uploads-old/…`.
3. An object appears complete or not at all, also when the writer is killed. What a `put…` has returned from survives
   a power cut, unless it was told not to care (`durable`). Writing a key again replaces it.
4. Ranges are half-open, `[start, end)`, in bytes.
5. A process that was forked must not use storage if its parent did before (RuntimeError, instead of a hang).
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import obstore

from genesis_music.service.platform.presign import MAXIMUM_SECONDS, S3Credentials, content_disposition
from genesis_music.service.platform.storage_backends import MEBIBYTE, Backend, Encryption, open_backend
from genesis_music.service.platform.storage_objects import (
    Source,
    StorageKeyError,
    StorageMissingError,
    StorageRangeError,
    StorageUnavailableError,
    StoredObject,
    checked_key,
    spans,
    storage_errors,
    unavailable,
)

__all__ = [
    "BLOCK_BYTES",
    "ObjectStore",
    "S3Credentials",
    "StorageKeyError",
    "StorageMissingError",
    "StorageRangeError",
    "StorageUnavailableError",
    "StoredObject",
]

BLOCK_BYTES = 1 * MEBIBYTE
"""How much of an object is in memory at once while it is read."""

DOWNLOAD_BLOCK_BYTES = 8 * MEBIBYTE
"""The same for `download`, which workers use one at a time: fewer requests."""

PARTS_AT_ONCE = 2
"""Parts of one streamed upload that are on their way together: memory per upload is about this times the part size."""


KEYS_AT_ONCE = 1000
"""How many objects one request lists or removes: S3's limit."""


class ObjectStore:
    """Keeps bytes under keys. Safe to share between threads."""

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

    # Writing. All raise StorageKeyError and StorageUnavailableError.

    def put_bytes(self, key: str, content: bytes, *, durable: bool = True) -> None:
        """Keep `content` under `key`. See `put_stream` for `durable`."""
        with storage_errors(checked_key(key)):
            obstore.put(self._store, key, content, use_multipart=False)
        if durable:
            self._settle(key)

    def put_file(self, key: str, path: Path, *, durable: bool = True) -> None:
        """Keep the content of a file under `key`; it is read in parts. See `put_stream` for `durable`."""
        with path.open("rb") as file:
            self.put_stream(key, iter(lambda: file.read(MEBIBYTE), b""), durable=durable)

    def put_stream(self, key: str, chunks: Iterable[bytes], *, durable: bool = True) -> int:
        """Keep what `chunks` yields under `key` and return its size in bytes.

        An error raised by `chunks` is passed on as it is, and nothing is kept. `durable=False` returns before a local
        disk has it: ten times faster, for what can be made again after a power cut. S3 makes no difference.
        """
        source = Source()
        with source.errors_first(), storage_errors(checked_key(key)):
            obstore.put(
                self._store,
                key,
                source.read(chunks),
                chunk_size=self._backend.part_bytes,
                max_concurrency=PARTS_AT_ONCE,
            )
        if durable:
            self._settle(key)
        return source.size_bytes

    async def put_stream_async(self, key: str, chunks: AsyncIterable[bytes]) -> int:
        """As `put_stream`, for an upload that arrives on the event loop."""
        source = Source()
        with source.errors_first(), storage_errors(checked_key(key)):
            await obstore.put_async(
                self._store,
                key,
                source.read_async(chunks),
                chunk_size=self._backend.part_bytes,
                max_concurrency=PARTS_AT_ONCE,
            )
        await asyncio.to_thread(self._settle, key)
        return source.size_bytes

    def _settle(self, key: str) -> None:
        # obstore renames a complete file into place but leaves writing it to the disk to the system's leisure.
        if self._backend.root is None:
            return
        path = self._backend.root / key
        for place in (path, path.parent):
            try:
                with _opened(place) as descriptor:
                    os.fsync(descriptor)
            except FileNotFoundError:  # removed meanwhile
                continue
            except OSError as error:  # some file systems notice only now that they are full
                self.delete(key)
                raise unavailable(key, error) from error

    # Reading. All raise StorageKeyError, StorageMissingError and StorageUnavailableError.

    def head(self, key: str) -> StoredObject:
        """Return what is known about an object."""
        with storage_errors(checked_key(key)):
            return _stored(obstore.head(self._store, key))

    async def head_async(self, key: str) -> StoredObject:
        """As `head`, on the event loop."""
        with storage_errors(checked_key(key)):
            return _stored(await obstore.head_async(self._store, key))

    def size(self, key: str) -> int:
        """Return the size of an object in bytes."""
        return self.head(key).size_bytes

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        try:
            self.head(key)
        except StorageMissingError:
            return False
        return True

    def get(self, key: str) -> bytes:
        """Return a whole (small) object."""
        with storage_errors(checked_key(key)):
            return bytes(obstore.get(self._store, key).bytes())

    def get_range(self, key: str, start: int, end: int | None = None) -> bytes:
        """Return bytes `[start, end)`, to the end of the object when `end` is None or beyond it.

        Raises StorageRangeError.
        """
        return b"".join(self.stream(key, start, end))

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return an iterator over `[start, end)` in blocks of at most BLOCK_BYTES. Raises StorageRangeError.

        A missing object or an impossible range shows itself here and not at the first block. An object that is
        replaced meanwhile ends the iteration with StorageUnavailableError: two versions are never mixed.
        Each block is a request of its own, so a slow reader runs into no time limit.
        """
        found = self.head(key)
        return self._blocks(found, spans(found, start, end, BLOCK_BYTES))

    async def stream_async(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """As `stream`, on the event loop: `async for block in await store.stream_async(key)`."""
        found = await self.head_async(key)
        return self._blocks_async(found, spans(found, start, end, BLOCK_BYTES))

    def download(self, key: str, path: Path) -> None:
        """Write an object to a file, which appears complete or not at all."""
        found = self.head(key)
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as file:
                file.writelines(self._blocks(found, spans(found, 0, None, DOWNLOAD_BLOCK_BYTES)))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _blocks(self, found: StoredObject, parts: Iterator[tuple[int, int]]) -> Iterator[bytes]:
        for span in parts:
            with storage_errors(found.key):
                got = obstore.get(self._store, found.key, options={"range": span, "if_match": found.etag})
                block = bytes(got.bytes())
            yield block

    async def _blocks_async(
        self, found: StoredObject, parts: Iterator[tuple[int, int]]
    ) -> AsyncIterator[bytes]:
        for span in parts:
            with storage_errors(found.key):
                got = await obstore.get_async(
                    self._store, found.key, options={"range": span, "if_match": found.etag}
                )
                block = bytes(await got.bytes_async())
            yield block

    def presigned_url(
        self, key: str, seconds: int, *, filename: str | None = None, content_type: str | None = None
    ) -> str | None:
        """Return a link that fetches the object without credentials for `seconds` (1 to a week).

        `filename` (any text) is what a browser saves it as. None when the storage has no such links (a local
        folder, or S3 with the machine's role): deliver the bytes with `stream`. Whether the object exists is not
        checked.
        """
        if not 1 <= seconds <= MAXIMUM_SECONDS:
            raise ValueError(f"a link lives between 1 second and a week, not {seconds} s")
        checked_key(key)
        if self._backend.presign is None:
            return None
        headers = {}
        if filename is not None:
            headers["response-content-disposition"] = content_disposition(filename)
        if content_type is not None:
            headers["response-content-type"] = content_type
        return self._backend.presign(key, seconds, headers)

    # Listing and removing

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield every object under `prefix` (all when empty), in no particular order, a page at a time."""
        with storage_errors(checked_key(prefix) if prefix else "the list"):
            for page in obstore.list(self._store, prefix or None, chunk_size=KEYS_AT_ONCE):
                yield from map(_stored, page)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        with contextlib.suppress(StorageMissingError), storage_errors(checked_key(key)):
            obstore.delete(self._store, key)

    def delete_prefix(self, prefix: str) -> int:
        """Remove every object under `prefix` and return how many there were."""
        checked_key(prefix)
        found = self.list(prefix)
        count = 0
        while keys := [one.key for one in islice(found, KEYS_AT_ONCE)]:
            self._delete_all(keys)
            count += len(keys)
        return count

    def _delete_all(self, keys: Sequence[str]) -> None:
        try:
            with storage_errors(keys[0]):
                obstore.delete(self._store, keys)
        except StorageMissingError:  # somebody else removed one of them meanwhile, and a folder stops there
            for key in keys:
                self.delete(key)

    def sweep_temporary(self, prefix: str, older_than: timedelta) -> int:
        """Remove objects under `prefix` that were last written before `older_than` ago, and unfinished ones; return
        how many.

        `older_than` is the grace period: give it more than the longest upload or job takes, and more than the
        clocks differ.
        """
        limit = datetime.now(UTC) - older_than
        return self._delete_aged(self._aged(prefix, limit), limit) + self.sweep_unfinished(older_than, prefix)

    def orphans(
        self, prefix: str, known: Callable[[str], bool], older_than: timedelta
    ) -> Iterator[StoredObject]:
        """Yield objects under `prefix` that nothing refers to: old enough, and `known(key)` says no.

        Files are written before the row that refers to them, so only those older than `older_than` count.
        """
        limit = datetime.now(UTC) - older_than
        return (found for found in self._aged(prefix, limit) if not known(found.key))

    def sweep_orphans(self, prefix: str, known: Callable[[str], bool], older_than: timedelta) -> int:
        """Remove `orphans` and unfinished objects; return how many."""
        limit = datetime.now(UTC) - older_than
        removed = self._delete_aged(self.orphans(prefix, known, older_than), limit)
        return removed + self.sweep_unfinished(older_than, prefix)

    def sweep_unfinished(self, older_than: timedelta, prefix: str = "") -> int:
        """Remove what killed writers left in a folder (everywhere, or under `prefix`); return how many.

        On S3 unfinished uploads are the bucket's to remove: give it the lifecycle rule
        AbortIncompleteMultipartUpload.
        """
        if self._backend.root is None:
            return 0
        limit = datetime.now(UTC) - older_than
        count = 0
        # obstore writes `name#1` and renames it; such names are no keys and appear in no listing.
        for path in (self._backend.root / (checked_key(prefix) if prefix else "")).rglob("*#*"):
            with contextlib.suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < limit:
                    path.unlink()
                    count += 1
        return count

    def _aged(self, prefix: str, limit: datetime) -> Iterator[StoredObject]:
        return (found for found in self.list(prefix) if found.modified_at < limit)

    def _delete_aged(self, candidates: Iterator[StoredObject], limit: datetime) -> int:
        count = 0
        for candidate in candidates:
            with contextlib.suppress(StorageMissingError):
                # Listing a large bucket takes minutes: what was written again meanwhile is in use.
                if self.head(candidate.key).modified_at < limit:
                    self.delete(candidate.key)
                    count += 1
        return count


def _stored(meta: "obstore.ObjectMeta") -> StoredObject:
    return StoredObject(meta["path"], meta["size"], meta["last_modified"], meta["e_tag"])


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
