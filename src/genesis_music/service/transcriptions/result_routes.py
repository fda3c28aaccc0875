"""Routes of what was made: the result, its files, the original recording."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response

from genesis_music.formats.registry import FORMATS
from genesis_music.service.accounts.dependencies import CurrentUser
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.openapi import problem_responses
from genesis_music.service.transcriptions.dependencies import TranscriptionsOf
from genesis_music.service.transcriptions.files import send_audio, send_file, send_result
from genesis_music.service.transcriptions.schemas import Result

router = APIRouter(prefix="/transcribe/{transcription_id}", tags=["results"])

Responses = dict[int | str, dict[str, Any]]
BINARY = {"type": "string", "format": "binary"}
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

NOT_MODIFIED: Responses = {304: {"description": "What one has already is still right"}}
ELSEWHERE: Responses = {307: {"description": "The storage delivers it: follow `Location`"}}
RESULT_RESPONSES: Responses = NOT_MODIFIED | problem_responses(404, 409)
FILE_RESPONSES: Responses = {
    200: {
        "description": "The file",
        "content": {one.media_type.partition(";")[0]: {"schema": BINARY} for one in FORMATS.values()},
    },
    **ELSEWHERE,
    **RESULT_RESPONSES,
}
AUDIO_RESPONSES: Responses = {
    200: {"description": "The recording", "content": {"audio/*": {"schema": BINARY}}},
    206: {"description": "The part that was asked for", "content": {"audio/*": {"schema": BINARY}}},
    **ELSEWHERE,
    **NOT_MODIFIED,
    **problem_responses(404, 409, 410, 416),
}


@router.get("/result", response_model=Result, responses=RESULT_RESPONSES)
def get_result(
    transcription_id: UUID,
    identity: CurrentUser,
    service: TranscriptionsOf,
    platform: PlatformOf,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The tab and the analysis as JSON."""
    return send_result(service.find(identity.user_id, transcription_id), platform, if_none_match)


@router.get("/files/{format}", response_class=Response, responses=FILE_RESPONSES)
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


@router.head("/audio", operation_id="headAudio", response_class=Response, responses=AUDIO_RESPONSES)
@router.get("/audio", response_class=Response, responses=AUDIO_RESPONSES)
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
