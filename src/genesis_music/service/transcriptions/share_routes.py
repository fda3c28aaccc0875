"""Routes of links: for owners to manage, for anybody to follow."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response

from genesis_music.formats.registry import FORMATS
from genesis_music.service.accounts.client import RequestInfoOf
from genesis_music.service.accounts.dependencies import CurrentUser
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.openapi import problem_responses
from genesis_music.service.transcriptions.files import send_audio
from genesis_music.service.transcriptions.result_files import LATEST, send_file, send_result
from genesis_music.service.transcriptions.result_routes import (
    AUDIO_RESPONSES,
    FILE_RESPONSES,
    RESULT_RESPONSES,
    AcceptEncoding,
    ByteRangeHeader,
    FormatName,
    IfNoneMatch,
    MayRedirect,
)
from genesis_music.service.transcriptions.schemas import (
    NewShare,
    Result,
    SharedTranscription,
    ShareRequest,
    ShareView,
)
from genesis_music.service.transcriptions.shares import ShareService

router = APIRouter(tags=["sharing"], responses=problem_responses(404))

GONE = problem_responses(410)

_OWN = "/transcribe/{transcription_id}/shares"


def _service(platform: PlatformOf) -> ShareService:
    return ShareService(platform)


SharesOf = Annotated[ShareService, Depends(_service)]
Token = Annotated[str, Path(max_length=200, examples=["gm_share_4f…"])]


@router.post(_OWN, status_code=201, responses=problem_responses(409))
def create_share(
    transcription_id: UUID,
    identity: CurrentUser,
    shares: SharesOf,
    info: RequestInfoOf,
    request: ShareRequest = ShareRequest(),
) -> NewShare:
    """Make a link that shows the transcription to whoever has it."""
    return shares.create(identity.user_id, transcription_id, request.expires_at, info)


@router.get(_OWN)
def list_shares(transcription_id: UUID, identity: CurrentUser, shares: SharesOf) -> list[ShareView]:
    """List the links of a transcription, revoked ones too."""
    return list(shares.list(identity.user_id, transcription_id))


@router.delete(_OWN + "/{share_id}", status_code=204)
def revoke_share(
    transcription_id: UUID, share_id: UUID, identity: CurrentUser, shares: SharesOf, info: RequestInfoOf
) -> None:
    """Make a link useless from now on."""
    shares.revoke(identity.user_id, transcription_id, share_id, info)


@router.get("/shared/{token}", responses=GONE)
def get_shared(token: Token, shares: SharesOf, response: Response) -> SharedTranscription:
    """What a link shows; needs no sign-in."""
    row = shares.open(token)
    response.headers["Cache-Control"] = "private, no-store"
    shown = SharedTranscription.model_validate(row)
    return shown.model_copy(update={"files": list(FORMATS) if row.result_prefix else []})


@router.get("/shared/{token}/result", response_model=Result, responses=RESULT_RESPONSES | GONE)
def get_shared_result(
    token: Token,
    shares: SharesOf,
    platform: PlatformOf,
    if_none_match: IfNoneMatch = None,
    accept_encoding: AcceptEncoding = "",
) -> Response:
    """The tab and the analysis behind a link."""
    return send_result(shares.open(token), LATEST, platform, if_none_match, accept_encoding)


@router.get("/shared/{token}/files/{format}", response_class=Response, responses=FILE_RESPONSES | GONE)
def get_shared_file(
    token: Token,
    format: FormatName,
    shares: SharesOf,
    platform: PlatformOf,
    if_none_match: IfNoneMatch = None,
    redirect: MayRedirect = True,
) -> Response:
    """One file of the result behind a link."""
    return send_file(shares.open(token), format, LATEST, platform, if_none_match, redirect=redirect)


@router.head(
    "/shared/{token}/audio",
    operation_id="headSharedAudio",
    response_class=Response,
    responses=AUDIO_RESPONSES,
)
@router.get("/shared/{token}/audio", response_class=Response, responses=AUDIO_RESPONSES)
def get_shared_audio(
    request: Request,
    token: Token,
    shares: SharesOf,
    platform: PlatformOf,
    range_: ByteRangeHeader = None,
    redirect: MayRedirect = True,
) -> Response:
    """The original recording behind a link."""
    return send_audio(shares.open(token), platform, request, range_, redirect=redirect)
