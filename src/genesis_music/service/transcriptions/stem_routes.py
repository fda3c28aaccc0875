"""Routes of stems: the instruments of a recording that was taken apart, each as a sound of its own."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from genesis_music.service.accounts.dependencies import CurrentUser
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.openapi import problem_responses
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.dependencies import TranscriptionsOf
from genesis_music.service.transcriptions.files import list_stems, send_stem, stem_name
from genesis_music.service.transcriptions.keys import media_type
from genesis_music.service.transcriptions.result_routes import AUDIO_RESPONSES, ByteRangeHeader, MayRedirect
from genesis_music.service.transcriptions.schemas import StemView
from genesis_music.service.transcriptions.share_routes import GONE, SharesOf, Token
from genesis_music.service.transcriptions.tables import Transcription

router = APIRouter(responses=problem_responses(404, 409))

_OWN, _SHARED = "/transcribe/{transcription_id}/stems", "/shared/{token}/stems"

StemName = Annotated[str, Path(max_length=40, examples=["guitar"], description="As in the list of stems.")]


@router.get(_OWN, tags=["results"])
def list_own_stems(
    request: Request,
    transcription_id: UUID,
    identity: CurrentUser,
    service: TranscriptionsOf,
    platform: PlatformOf,
) -> list[StemView]:
    """List the stems; none where the recording was not taken apart (option `separate`)."""
    return _views(service.find(identity.user_id, transcription_id), platform, request)


@router.head(
    _OWN + "/{name}",
    operation_id="headStem",
    response_class=Response,
    responses=AUDIO_RESPONSES,
    tags=["results"],
)
@router.get(_OWN + "/{name}", response_class=Response, responses=AUDIO_RESPONSES, tags=["results"])
def get_stem(
    request: Request,
    transcription_id: UUID,
    name: StemName,
    identity: CurrentUser,
    service: TranscriptionsOf,
    platform: PlatformOf,
    range_: ByteRangeHeader = None,
    redirect: MayRedirect = True,
) -> Response:
    """One stem, whole or in part."""
    row = service.find(identity.user_id, transcription_id)
    return send_stem(row, name, platform, request, range_, redirect=redirect)


@router.get(_SHARED, responses=GONE, tags=["sharing"])
def list_shared_stems(
    request: Request, token: Token, shares: SharesOf, platform: PlatformOf
) -> list[StemView]:
    """List the stems behind a link."""
    return _views(shares.open(token), platform, request)


@router.head(
    _SHARED + "/{name}",
    operation_id="headSharedStem",
    response_class=Response,
    responses=AUDIO_RESPONSES,
    tags=["sharing"],
)
@router.get(_SHARED + "/{name}", response_class=Response, responses=AUDIO_RESPONSES, tags=["sharing"])
def get_shared_stem(
    request: Request,
    token: Token,
    name: StemName,
    shares: SharesOf,
    platform: PlatformOf,
    range_: ByteRangeHeader = None,
    redirect: MayRedirect = True,
) -> Response:
    """One stem behind a link."""
    return send_stem(shares.open(token), name, platform, request, range_, redirect=redirect)


def _views(row: Transcription, platform: Platform, request: Request) -> list[StemView]:
    return [
        StemView(
            name=stem_name(found),
            url=f"{request.url.path}/{stem_name(found)}",
            media_type=media_type(found.key),
            size_bytes=found.size_bytes,
        )
        for found in list_stems(row, platform)
    ]
