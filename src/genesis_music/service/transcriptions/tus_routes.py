"""Routes of resumable uploads: the tus protocol 1.0.0 (tus.io), with creation, creation-with-upload, termination,
expiration and checksum.

Deviations: the length must be known from the start (no ``Upload-Defer-Length``); no concatenation; methods are not
overridden by a header. When the last byte is there, the answer carries ``Genesis-Transcription-Id`` and
``Genesis-Job-Id``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from email.utils import format_datetime
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from genesis_music.service.accounts.dependencies import CurrentUser, limit_user
from genesis_music.service.accounts.rate_limits import UPLOAD
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import (
    MalformedRequestError,
    ServiceError,
    TooLargeError,
    UnsupportedMediaError,
)
from genesis_music.service.openapi import problem_responses
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.dependencies import TranscriptionsOf
from genesis_music.service.transcriptions.resumable import Progress, UploadService

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
CHECKSUMS: dict[str, Callable[[], hashlib._Hash]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
PIECE = "application/offset+octet-stream"
LONGEST_METADATA = 8192


class TusVersionError(ServiceError):
    """Another version of the protocol."""

    status, code, title = 412, "tus-version", "Another version of tus"


class ChecksumError(ServiceError):
    """The piece was damaged on its way."""

    status: ClassVar[int] = 460
    code, title = "checksum-mismatch", "Damaged on the way"


def _check_version(_: CurrentUser, tus_resumable: Annotated[str | None, Header()] = None) -> None:
    """Refuse other versions of the protocol, once it is known who asks."""
    if tus_resumable != VERSION:
        raise TusVersionError(f"Send Tus-Resumable: {VERSION}.", headers={"Tus-Version": VERSION})


def _service(platform: PlatformOf, transcriptions: TranscriptionsOf) -> UploadService:
    return UploadService(platform, transcriptions)


UploadsOf = Annotated[UploadService, Depends(_service)]
Number = Annotated[str | None, Header(pattern=r"^\d{1,15}$")]

DAMAGED = {ChecksumError.status: problem_responses(400)[400] | {"description": ChecksumError.title}}

router = APIRouter(tags=["uploads"])
versioned = APIRouter(
    prefix="/uploads",
    dependencies=[Depends(_check_version)],
    responses=problem_responses(404, 409, 412, 415)
    | {460: problem_responses(400)[400] | {"description": ChecksumError.title}},
)


@router.options("/uploads", status_code=204, response_class=Response)
def upload_capabilities(platform: PlatformOf) -> Response:
    """Say what of tus is understood."""
    headers = {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(platform.settings.max_upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }
    return Response(status_code=204, headers=headers)


@versioned.post(
    "",
    status_code=201,
    response_class=Response,
    dependencies=[Depends(limit_user(UPLOAD))],
)
async def create_upload(
    request: Request,
    identity: CurrentUser,
    uploads: UploadsOf,
    platform: PlatformOf,
    upload_length: Number = None,
    upload_metadata: Annotated[str | None, Header(max_length=LONGEST_METADATA)] = None,
    upload_checksum: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Begin an upload; `Upload-Metadata` holds `filename` and any option of a transcription."""
    if upload_length is None:
        raise MalformedRequestError("Send Upload-Length: the size of the whole file in bytes.")
    metadata = parse_metadata(upload_metadata or "")
    progress = await run_in_threadpool(uploads.create, identity.user_id, int(upload_length), metadata)
    if request.headers.get("content-type") == PIECE:
        progress = await _take_piece(
            request, uploads, platform, identity.user_id, progress.id, 0, upload_checksum
        )
    headers = _headers(progress) | {"Location": f"/api/v1/uploads/{progress.id}"}
    return Response(status_code=201, headers=headers)


@versioned.head("/{upload_id}", response_class=Response)
def upload_progress(upload_id: UUID, identity: CurrentUser, uploads: UploadsOf) -> Response:
    """Say where to go on."""
    progress = uploads.find(identity.user_id, upload_id)
    headers = _headers(progress) | {
        "Upload-Length": str(progress.length_bytes),
        "Cache-Control": "no-store",
    }
    return Response(headers=headers)


@versioned.patch("/{upload_id}", status_code=204, response_class=Response)
async def append_to_upload(
    request: Request,
    upload_id: UUID,
    identity: CurrentUser,
    uploads: UploadsOf,
    platform: PlatformOf,
    upload_offset: Number = None,
    upload_checksum: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Take the next piece, of any size; the last one makes the transcription."""
    if request.headers.get("content-type") != PIECE:
        raise UnsupportedMediaError(f"Send the piece as {PIECE}.")
    if upload_offset is None:
        raise MalformedRequestError("Send Upload-Offset: where the piece begins.")
    progress = await _take_piece(
        request, uploads, platform, identity.user_id, upload_id, int(upload_offset), upload_checksum
    )
    return Response(status_code=204, headers=_headers(progress))


@versioned.delete("/{upload_id}", status_code=204, response_class=Response)
def cancel_upload(upload_id: UUID, identity: CurrentUser, uploads: UploadsOf) -> Response:
    """Give an upload up."""
    uploads.terminate(identity.user_id, upload_id)
    return Response(status_code=204, headers={"Tus-Resumable": VERSION})


async def _take_piece(
    request: Request,
    uploads: UploadService,
    platform: Platform,
    user_id: UUID,
    upload_id: UUID,
    offset_bytes: int,
    checksum: str | None,
) -> Progress:
    before, key = await run_in_threadpool(uploads.expect, user_id, upload_id, offset_bytes)
    piece = Piece(request, before.length_bytes - before.offset_bytes, checksum)
    size_bytes = await platform.storage.put_stream_async(key, piece.content())
    if size_bytes == 0:
        await run_in_threadpool(uploads.drop, key)
        return before
    return await run_in_threadpool(uploads.add, user_id, before, key, size_bytes)


class Piece:
    """The body of a request as a piece of an upload: what came before the connection broke counts too."""

    def __init__(self, request: Request, most_bytes: int, checksum: str | None) -> None:
        self._request = request
        self._left = most_bytes
        algorithm, _, digest = (checksum or "").partition(" ")
        if checksum and algorithm not in CHECKSUMS:
            raise MalformedRequestError(f"Upload-Checksum: use one of {', '.join(CHECKSUMS)}.")
        self._hash = CHECKSUMS[algorithm]() if checksum else None
        self._digest = _decoded(digest.strip()) if checksum else b""

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the body.

        Raises:
            TooLargeError: more than the upload's length.
            ChecksumError: not what was sent.
        """
        try:
            async for packet in self._request.stream():
                self._left -= len(packet)
                if self._left < 0:
                    raise TooLargeError("The piece goes beyond the length of the upload.")
                if self._hash is not None:
                    self._hash.update(packet)
                if packet:
                    yield packet
        except ClientDisconnect:
            if self._hash is not None:
                raise
        if self._hash is not None and not hmac.compare_digest(self._hash.digest(), self._digest):
            raise ChecksumError("The piece was damaged on its way: send it again.")


def parse_metadata(header: str) -> dict[str, str]:
    """Read ``Upload-Metadata``: comma-separated pairs of a name and a value in Base64, which may be missing.

    Raises:
        MalformedRequestError: it is written in another way.
    """
    pairs = [pair.split() for pair in header.split(",") if pair.strip()]
    if any(len(pair) > 2 for pair in pairs) or len({pair[0] for pair in pairs}) < len(pairs):
        raise MalformedRequestError("Upload-Metadata: send each name once, with one value in Base64.")
    values = {pair[0]: _decoded(pair[1]) if len(pair) == 2 else b"" for pair in pairs}
    texts = {name: value.decode("utf-8", "replace") for name, value in values.items()}
    return {name: text for name, text in texts.items() if text}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedRequestError("This header needs a value in Base64.") from error


def _headers(progress: Progress) -> dict[str, str]:
    headers = {
        "Tus-Resumable": VERSION,
        "Upload-Offset": str(progress.offset_bytes),
        "Upload-Expires": format_datetime(progress.expires_at, usegmt=True),
    }
    if progress.accepted is not None:
        headers["Genesis-Transcription-Id"] = str(progress.accepted.transcription_id)
        headers["Genesis-Job-Id"] = str(progress.accepted.job_id)
    return headers


router.include_router(versioned)
