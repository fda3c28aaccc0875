"""Routes of what was made: the result, its files, the original recording."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response

from genesis_music.formats.registry import FORMATS
from genesis_music.service.accounts.dependencies import CurrentUser
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.transcriptions.dependencies import TranscriptionsOf
from genesis_music.service.transcriptions.files import send_audio, send_file, send_result
from genesis_music.service.transcriptions.schemas import Result

router = APIRouter(prefix="/transcribe/{transcription_id}", tags=["results"])

FormatName = Annotated[
    str,
    Path(
        description="; ".join(f"`{one.name}`: {one.description}" for one in FORMATS.values()),
        examples=["gp5"],
        json_schema_extra={"enum": list(FORMATS)},
    ),
]
IfNoneMatch = Annotated[str | None, Header(description="`ETag` of what one has already.")]
ByteRangeHeader = Annotated[str | None, Header(alias="Range", examples=["bytes=0-1023"])]
MayRedirect = Annotated[
    bool, Query(description="Answer with a link to the storage (307) where it has such links.")
]


@router.get("/result", response_model=Result)
def get_result(
    transcription_id: UUID,
    identity: CurrentUser,
    service: TranscriptionsOf,
    platform: PlatformOf,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The tab and the analysis as JSON."""
    return send_result(service.find(identity.user_id, transcription_id), platform, if_none_match)


@router.get("/files/{format}", response_class=Response)
def get_file(
    transcription_id: UUID,
    format: FormatName,
    identity: CurrentUser,
    service: TranscriptionsOf,
    platform: PlatformOf,
    if_none_match: IfNoneMatch = None,
    redirect: MayRedirect = True,
) -> Response:
    """One file of the result, for saving."""
    row = service.find(identity.user_id, transcription_id)
    return send_file(row, format, platform, if_none_match, redirect=redirect)


@router.head("/audio", operation_id="headAudio", response_class=Response)
@router.get("/audio", response_class=Response)
def get_audio(
    request: Request,
    transcription_id: UUID,
    identity: CurrentUser,
    service: TranscriptionsOf,
    platform: PlatformOf,
    range_: ByteRangeHeader = None,
    redirect: MayRedirect = True,
) -> Response:
    """The original recording, whole or in part."""
    return send_audio(
        service.find(identity.user_id, transcription_id), platform, request, range_, redirect=redirect
    )
