"""Answers that carry results and files of a revision, with ETags, and links to the storage where it has them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from fastapi import Response
from fastapi.responses import StreamingResponse

from genesis_music.formats.registry import FORMATS, safe_stem
from genesis_music.service.errors import ConflictError, NotFoundError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.encodings import readable
from genesis_music.service.platform.etags import matches
from genesis_music.service.platform.presign import content_disposition
from genesis_music.service.platform.storage import StorageMissingError
from genesis_music.service.transcriptions.documents import ANALYSIS, TAB, RevisionFiles
from genesis_music.service.transcriptions.erasing import cache_tag
from genesis_music.service.transcriptions.files import LINK_SECONDS, REVALIDATE, redirected, stored
from genesis_music.service.transcriptions.revision_repository import RevisionRepository
from genesis_music.service.transcriptions.tables import Transcription

RESULT_CACHE_SECONDS = 3600.0
COMPRESSION = 6
"""A fifth of the size; more takes longer and saves little."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which state of a transcription is asked for: a revision (``None``: the latest), without doubtful notes."""

    revision: int | None = None
    minimum_confidence: float = 0.0


LATEST = Wanted()


def send_result(
    row: Transcription,
    wanted: Wanted,
    platform: Platform,
    if_none_match: str | None,
    accept_encoding: str,
) -> Response:
    """The tab and the analysis, compressed where the client can read that; 304 when it has them.

    Raises:
        NoResultError: there is none yet.
        NotFoundError: there is no such revision.
    """
    files = _files(row, wanted, platform)
    etag = f'"{row.id.hex}-{files.tag}"'
    headers = REVALIDATE | {"ETag": f"W/{etag}", "Vary": "Accept-Encoding"}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    body = platform.cache.get_or_set(
        f"result:{row.id}:{files.tag}:gzip",
        lambda: gzip.compress(_result_bytes(files), COMPRESSION, mtime=0),
        RESULT_CACHE_SECONDS,
        tags=[cache_tag(row.id)],
    )
    if "gzip" in readable(accept_encoding):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, headers=headers, media_type="application/json")


def _result_bytes(files: RevisionFiles) -> bytes:
    revision = files.revision
    head = f'{{"transcription_id":"{revision.transcription_id}","revision":{revision.number},"tab":'
    try:
        tab, analysis = files.content(TAB), files.content(ANALYSIS)
    except StorageMissingError as error:
        raise ConflictError("The result was replaced or deleted just now: ask again.") from error
    return head.encode() + tab + b',"analysis":' + analysis + b"}"


def send_file(
    row: Transcription,
    name: str,
    wanted: Wanted,
    platform: Platform,
    if_none_match: str | None,
    *,
    redirect: bool,
) -> Response:
    """One file, named by the title; raises NotFoundError, NoResultError."""
    if name not in FORMATS:
        raise NotFoundError(f"There is no such format: choose one of {', '.join(FORMATS)}.")
    files, kind = _files(row, wanted, platform), FORMATS[name].media_type
    filename = f"{safe_stem(row.title)}.{name}"
    headers = REVALIDATE | {
        "ETag": f'"{row.id.hex}-{files.tag}-{name}"',
        "Content-Disposition": content_disposition(filename),
    }
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    key = files.key(name)
    if redirect and (
        link := platform.storage.presigned_url(key, LINK_SECONDS, filename=filename, content_type=kind)
    ):
        return redirected(link)
    return StreamingResponse(stored(platform, key), headers=headers, media_type=kind)


def _files(row: Transcription, wanted: Wanted, platform: Platform) -> RevisionFiles:
    with platform.database.reading(row.user_id) as session:
        revision = RevisionRepository(session).of(row, wanted.revision)
    return RevisionFiles(platform.storage, revision, round(100 * wanted.minimum_confidence))
