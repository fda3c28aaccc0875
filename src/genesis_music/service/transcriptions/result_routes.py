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
from genesis_music.service.transcriptions.files import send_audio
from genesis_music.service.transcriptions.result_files import Wanted, send_file, send_result
from genesis_music.service.transcriptions.revision_routes import RevisionNumber
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
AcceptEncoding = Annotated[str, Header(include_in_schema=False)]
ByteRangeHeader = Annotated[str | None, Header(alias="Range", examples=["bytes=0-1023"])]
MayRedirect = Annotated[
    bool, Query(description="Answer with a link to the storage (307) where it has such links.")
]
MinimumConfidence = Annotated[
    float,
    Query(
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Leave out notes that are less sure than this (in hundredths); rests stand in their place.",
    ),
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
    revision: RevisionNumber = None,
    min_confidence: MinimumConfidence = 0.0,
    if_none_match: IfNoneMatch = None,
    accept_encoding: AcceptEncoding = "",
) -> Response:
    """The tab and the analysis as JSON: of the latest revision, or of an older one."""
    row = service.find(identity.user_id, transcription_id)
    return send_result(row, Wanted(revision, min_confidence), platform, if_none_match, accept_encoding)


@router.get("/files/{format}", response_class=Response, responses=FILE_RESPONSES)
def get_file(
    transcription_id: UUID,
    format: FormatName,
    identity: CurrentUser,
    service: TranscriptionsOf,
    platform: PlatformOf,
    revision: RevisionNumber = None,
    min_confidence: MinimumConfidence = 0.0,
    if_none_match: IfNoneMatch = None,
    redirect: MayRedirect = True,
) -> Response:
    """One file of the latest revision, or of an older one, for saving."""
    row = service.find(identity.user_id, transcription_id)
    wanted = Wanted(revision, min_confidence)
    return send_file(row, format, wanted, platform, if_none_match, redirect=redirect)


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
