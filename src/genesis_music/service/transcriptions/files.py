"""Answers that carry results, files and recordings: with ETags, ranges, and links to the storage where it has them."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from genesis_music.formats.registry import FORMATS, safe_stem
from genesis_music.service.errors import ConflictError, GoneError, NotFoundError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.etags import matches
from genesis_music.service.platform.presign import content_disposition
from genesis_music.service.platform.storage import StorageMissingError, StorageRangeError
from genesis_music.service.transcriptions.documents import joined, read_documents
from genesis_music.service.transcriptions.erasing import cache_tag
from genesis_music.service.transcriptions.keys import audio_suffix, media_type
from genesis_music.service.transcriptions.ranges import UnsatisfiableRangeError, parse_range
from genesis_music.service.transcriptions.tables import Transcription

RESULT_CACHE_SECONDS = 3600.0
LINK_SECONDS = 300
_REVALIDATE = {"Cache-Control": "private, no-cache"}


class NoResultError(ConflictError):
    """The work is not finished, or failed."""

    code, title = "no-result", "There is no result yet"

    def __init__(self, row: Transcription) -> None:
        super().__init__(
            "There is no result yet: wait until the transcription is complete.",
            extra={"transcription_status": str(row.status)},
        )


def send_result(row: Transcription, platform: Platform, if_none_match: str | None) -> Response:
    """The tab and the analysis; 304 when the client has them.

    Raises:
        NoResultError: there is none yet.
    """
    if row.result_prefix is None:
        raise NoResultError(row)
    headers = _REVALIDATE | {"ETag": f'"{row.id.hex}-{row.revision}"'}
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    body = platform.cache.get_or_set(
        f"result:{row.id}:{row.revision}",
        lambda: _result_bytes(row, platform),
        RESULT_CACHE_SECONDS,
        tags=[cache_tag(row.id)],
    )
    return Response(body, headers=headers, media_type="application/json")


def _result_bytes(row: Transcription, platform: Platform) -> bytes:
    try:
        tab, analysis = read_documents(platform.storage, str(row.result_prefix))
    except StorageMissingError as error:
        raise ConflictError("The result was replaced or deleted just now: ask again.") from error
    return joined({"transcription_id": str(row.id), "revision": row.revision}, tab, analysis)


def send_file(
    row: Transcription, name: str, platform: Platform, if_none_match: str | None, *, redirect: bool
) -> Response:
    """One finished file, named by the title; raises NotFoundError, NoResultError."""
    if name not in FORMATS:
        raise NotFoundError(f"There is no such format: choose one of {', '.join(FORMATS)}.")
    if row.result_prefix is None:
        raise NoResultError(row)
    key, filename, kind = (
        f"{row.result_prefix}/{name}",
        f"{safe_stem(row.title)}.{name}",
        FORMATS[name].media_type,
    )
    if redirect and (
        link := platform.storage.presigned_url(key, LINK_SECONDS, filename=filename, content_type=kind)
    ):
        return _redirect(link)
    headers = _REVALIDATE | {
        "ETag": f'"{row.id.hex}-{row.revision}-{name}"',
        "Content-Disposition": content_disposition(filename),
    }
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    content = _stored(platform, key)
    return StreamingResponse(content, headers=headers, media_type=kind)


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
            return _redirect(link)
    size = _size(platform, key)
    headers = _REVALIDATE | {
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
    content = _stored(platform, key, start, end)
    return StreamingResponse(content, 206 if part else 200, headers=headers, media_type=media_type(key))


def _stored(platform: Platform, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    try:
        return platform.storage.stream(key, start, end)
    except StorageMissingError as error:
        raise ConflictError("The file was replaced or deleted just now: ask again.") from error


def _size(platform: Platform, key: str) -> int:
    try:
        return platform.storage.size(key)
    except StorageMissingError as error:
        raise GoneError("The recording is no longer there.") from error


def _redirect(link: str) -> Response:
    return RedirectResponse(link, 307, headers={"Cache-Control": "no-store"})
