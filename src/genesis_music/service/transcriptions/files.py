"""Answers that carry recordings and stored files: with ETags, ranges, and links to the storage where it has them."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from genesis_music.formats.registry import safe_stem
from genesis_music.service.errors import ConflictError, GoneError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.etags import matches
from genesis_music.service.platform.presign import content_disposition
from genesis_music.service.platform.storage import StorageMissingError, StorageRangeError
from genesis_music.service.transcriptions.keys import audio_suffix, media_type
from genesis_music.service.transcriptions.ranges import UnsatisfiableRangeError, parse_range
from genesis_music.service.transcriptions.tables import Transcription

LINK_SECONDS = 300
REVALIDATE = {"Cache-Control": "private, no-cache"}


def send_audio(
    row: Transcription, platform: Platform, request: Request, range_: str | None, *, redirect: bool
) -> Response:
    """The original recording, whole or one range of it; raises ConflictError, StorageRangeError."""
    key = row.audio_path
    if key is None:
        raise ConflictError(
            "The recording was not downloaded yet.", extra={"transcription_status": str(row.status)}
        )
    filename = f"{safe_stem(row.title)}.{audio_suffix(key)}"
    head_only = request.method == "HEAD"
    if redirect and not head_only:
        link = platform.storage.presigned_url(
            key, LINK_SECONDS, filename=filename, content_type=media_type(key)
        )
        if link:
            return redirected(link)
    size = _size(platform, key)
    headers = REVALIDATE | {
        "Accept-Ranges": "bytes",
        "ETag": f'"{row.source_sha256}"',
        "Content-Disposition": content_disposition(filename),
    }
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        range_ = None
    try:
        part = parse_range(None if head_only else range_, size)
    except UnsatisfiableRangeError as error:
        raise StorageRangeError(
            "The range begins after the end.", headers={"Content-Range": f"bytes */{size}"}
        ) from error
    start, end = (part.start, part.end) if part else (0, size)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = part.content_range
    if head_only:
        return Response(headers=headers, media_type=media_type(key))
    content = stored(platform, key, start, end)
    return StreamingResponse(content, 206 if part else 200, headers=headers, media_type=media_type(key))


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
