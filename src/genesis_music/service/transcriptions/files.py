"""Answers that carry recordings and stored files: with ETags, ranges, and links to the storage where it has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from genesis_music.formats.registry import safe_stem
from genesis_music.service.errors import ConflictError, GoneError, NotFoundError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.etags import matches
from genesis_music.service.platform.presign import content_disposition
from genesis_music.service.platform.storage import StorageMissingError, StorageRangeError, StoredObject
from genesis_music.service.transcriptions.keys import STEM_SUFFIX, audio_suffix, media_type
from genesis_music.service.transcriptions.ranges import ByteRange, UnsatisfiableRangeError, parse_range
from genesis_music.service.transcriptions.revision_repository import NoResultError
from genesis_music.service.transcriptions.stems import stems_of
from genesis_music.service.transcriptions.tables import Transcription

LINK_SECONDS = 300
REVALIDATE = {"Cache-Control": "private, no-cache"}


def send_audio(
    row: Transcription, platform: Platform, request: Request, range_: str | None, *, redirect: bool
) -> Response:
    """The original recording, whole or one range of it; raises ConflictError, GoneError, StorageRangeError."""
    key = row.audio_path
    if key is None:
        raise ConflictError(
            "The recording was not downloaded yet.", extra={"transcription_status": str(row.status)}
        )
    sound = _Sound(key, f"{safe_stem(row.title)}.{audio_suffix(key)}", f'"{row.source_sha256}"')
    return _send_sound(sound, platform, request, range_, redirect=redirect)


def send_stem(
    row: Transcription,
    name: str,
    platform: Platform,
    request: Request,
    range_: str | None,
    *,
    redirect: bool,
) -> Response:
    """One stem, as :func:`send_audio`; raises NotFoundError, NoResultError, StorageRangeError."""
    keys = {stem_name(found): found.key for found in list_stems(row, platform)}
    if name not in keys:
        raise NotFoundError("There is no such stem: ask for the list of them.")
    filename = f"{safe_stem(row.title)} - {name}{STEM_SUFFIX}"
    sound = _Sound(keys[name], filename, f'"{sha256(keys[name].encode()).hexdigest()}"')
    return _send_sound(sound, platform, request, range_, redirect=redirect)


def list_stems(row: Transcription, platform: Platform) -> Sequence[StoredObject]:
    """The stems' files; none where the recording was not taken apart. Raises NoResultError."""
    if row.result_prefix is None:
        raise NoResultError(row)
    return stems_of(row.stems_prefix, platform.storage)


def stem_name(found: StoredObject) -> str:
    """What the model calls it."""
    return found.key.rpartition("/")[2].removesuffix(STEM_SUFFIX)


@dataclass(frozen=True, slots=True)
class _Sound:
    """A sound file in the store, and how it is told from others."""

    key: str
    filename: str
    etag: str


def _send_sound(
    sound: _Sound, platform: Platform, request: Request, range_: str | None, *, redirect: bool
) -> Response:
    kind, head_only = media_type(sound.key), request.method == "HEAD"
    if redirect and not head_only:
        link = platform.storage.presigned_url(
            sound.key, LINK_SECONDS, filename=sound.filename, content_type=kind
        )
        if link:
            return redirected(link)
    size = _size(platform, sound.key)
    headers = REVALIDATE | {
        "Accept-Ranges": "bytes",
        "ETag": sound.etag,
        "Content-Disposition": content_disposition(sound.filename),
    }
    if matches(request.headers.get("if-none-match"), sound.etag):
        return Response(status_code=304, headers=headers)
    if request.headers.get("if-range", sound.etag) != sound.etag:
        range_ = None
    part = _part(None if head_only else range_, size)
    start, end = (part.start, part.end) if part else (0, size)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = part.content_range
    if head_only:
        return Response(headers=headers, media_type=kind)
    content = stored(platform, sound.key, start, end)
    return StreamingResponse(content, 206 if part else 200, headers=headers, media_type=kind)


def _part(range_: str | None, size: int) -> ByteRange | None:
    try:
        return parse_range(range_, size)
    except UnsatisfiableRangeError as error:
        raise StorageRangeError(
            "The range begins after the end.", headers={"Content-Range": f"bytes */{size}"}
        ) from error


def stored(platform: Platform, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """A stored file, or part of it; raises ConflictError when it is gone."""
    try:
        return platform.storage.stream(key, start, end)
    except StorageMissingError as error:
        raise ConflictError("The file was replaced or deleted just now: ask again.") from error


def _size(platform: Platform, key: str) -> int:
    try:
        return platform.storage.size(key)
    except StorageMissingError as error:
        raise GoneError("The recording is no longer there.") from error


def redirected(link: str) -> Response:
    """Send the client to the storage."""
    return RedirectResponse(link, 307, headers={"Cache-Control": "no-store"})
