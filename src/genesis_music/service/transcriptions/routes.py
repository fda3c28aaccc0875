"""Routes of transcriptions: accept, list, look, change, delete."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from genesis_music.service.accounts.client import RequestInfoOf
from genesis_music.service.accounts.dependencies import CurrentUser, limit_user
from genesis_music.service.accounts.idempotency import Attempt, Idempotency, IdempotencyOf
from genesis_music.service.accounts.rate_limits import UPLOAD
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import InvalidRequestError
from genesis_music.service.jobs.tables import JobStatus
from genesis_music.service.openapi import problem_responses
from genesis_music.service.platform.moments import Moment
from genesis_music.service.transcriptions.bodies import (
    FORM,
    TRANSCRIBE_BODY,
    form_options,
    kind_of_body,
    read_link,
)
from genesis_music.service.transcriptions.dependencies import TranscriptionsOf
from genesis_music.service.transcriptions.multipart import FILE_FIELD, Form, read_form
from genesis_music.service.transcriptions.names import clean_filename
from genesis_music.service.transcriptions.options import TranscriptionOptions
from genesis_music.service.transcriptions.repository import Filter, Sort
from genesis_music.service.transcriptions.revision_routes import RevisionsOf
from genesis_music.service.transcriptions.schemas import (
    Accepted,
    LinkRequest,
    RetabRequest,
    RetryRequest,
    TitleRequest,
    TranscriptionDetail,
    TranscriptionPage,
)
from genesis_music.service.transcriptions.service import AlsoStore, TranscriptionService
from genesis_music.service.transcriptions.spool import Received, spooling
from genesis_music.service.transcriptions.tables import SourceType
from genesis_music.service.transcriptions.turns import in_turn

router = APIRouter(prefix="/transcribe", tags=["transcriptions"])

MISSING, MISSING_OR_BUSY = problem_responses(404), problem_responses(404, 409)

ACCEPTED = 202
PAGE_LENGTH, LONGEST_PAGE = 20, 100


@router.post(
    "",
    status_code=ACCEPTED,
    response_model=Accepted,
    openapi_extra=TRANSCRIBE_BODY,
    responses=problem_responses(409, 415),
    dependencies=[Depends(limit_user(UPLOAD))],
)
async def transcribe(
    request: Request,
    identity: CurrentUser,
    platform: PlatformOf,
    service: TranscriptionsOf,
    idempotency: IdempotencyOf,
) -> Response:
    """Accept a recording (a form with the field `file`) or a link (JSON); options are further fields of either."""
    settings = platform.settings
    if kind_of_body(request) != FORM:
        link = await read_link(request, settings.max_body_bytes)
        return await run_in_threadpool(_add_link, service, idempotency, identity.user_id, link)
    with spooling(settings.max_upload_bytes) as spool:
        form = await read_form(request.headers["content-type"], request.stream(), spool)
        options = form_options(form.fields)
        if form.filename is None:
            raise InvalidRequestError(f"{FILE_FIELD}: choose a recording.")
        received = await run_in_threadpool(spool.finish)
        return await in_turn(_add_file, service, idempotency, identity.user_id, received, form, options)


def _add_link(
    service: TranscriptionService, idempotency: Idempotency, user_id: UUID, link: LinkRequest
) -> Response:
    with idempotency.attempt(link.model_dump_json()) as attempt:
        if attempt.answer is not None:
            return _answer(attempt.answer)
        accepted = service.add_link(user_id, link.url, link.options(), _keeping(attempt))
    return _answer(accepted)


def _add_file(
    service: TranscriptionService,
    idempotency: Idempotency,
    user_id: UUID,
    received: Received,
    form: Form,
    options: TranscriptionOptions,
) -> Response:
    filename = clean_filename(form.filename or "")
    with idempotency.attempt(f"{received.sha256} {options.model_dump_json()} {filename}") as attempt:
        if attempt.answer is not None:
            return _answer(attempt.answer)
        accepted = service.add_file(user_id, received, filename, options, _keeping(attempt))
    return _answer(accepted)


def _keeping(attempt: Attempt) -> AlsoStore:
    return lambda session, accepted: attempt.keep(session, ACCEPTED, accepted)


def _answer(answer: Response | Accepted) -> Response:
    """The acceptance, new or repeated, with the place to look at."""
    if isinstance(answer, Accepted):
        answer = Response(answer.model_dump_json(), ACCEPTED, media_type="application/json")
    answer.headers["Location"] = f"/api/v1/transcribe/{json.loads(bytes(answer.body))['transcription_id']}"
    return answer


@router.get("")
def list_transcriptions(
    identity: CurrentUser,
    service: TranscriptionsOf,
    status: Annotated[list[JobStatus], Query(description="Only these; may be given several times.")] = [],  # noqa: B006
    source_type: SourceType | None = None,
    key: Annotated[str | None, Query(max_length=40, examples=["E minor"])] = None,
    tempo_min: Annotated[int | None, Query(ge=0, le=1000)] = None,
    tempo_max: Annotated[int | None, Query(ge=0, le=1000)] = None,
    created_from: Moment | None = None,
    created_to: Moment | None = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Words in the title, file name or link.")
    ] = None,
    sort: Sort = Sort.NEWEST,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next_cursor` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = PAGE_LENGTH,
) -> TranscriptionPage:
    """List one's transcriptions, a page at a time; what is added meanwhile neither repeats nor hides any."""
    which = Filter(
        statuses=tuple(status),
        source_type=source_type,
        key_signature=key,
        least_tempo=tempo_min,
        most_tempo=tempo_max,
        created_from=created_from,
        created_to=created_to,
        words=q,
    )
    return service.list(identity.user_id, which, sort, cursor, limit)


@router.get("/{transcription_id}", responses=MISSING)
def get_transcription(
    transcription_id: UUID, identity: CurrentUser, service: TranscriptionsOf
) -> TranscriptionDetail:
    """Show one transcription, its options, and how far its newest job is."""
    return service.detail(identity.user_id, transcription_id)


@router.patch("/{transcription_id}", responses=MISSING_OR_BUSY)
def rename_transcription(
    transcription_id: UUID,
    request: TitleRequest,
    identity: CurrentUser,
    service: TranscriptionsOf,
    revisions: RevisionsOf,
) -> TranscriptionDetail:
    """Give another title; where there is a result, this makes a revision of it."""
    revisions.rename(identity.user_id, transcription_id, request.title)
    return service.detail(identity.user_id, transcription_id)


@router.delete("/{transcription_id}", status_code=204, responses=MISSING)
def delete_transcription(
    transcription_id: UUID, identity: CurrentUser, service: TranscriptionsOf, info: RequestInfoOf
) -> None:
    """Delete a transcription with all its files, also while it is worked on."""
    service.delete(identity.user_id, transcription_id, info)


@router.post(
    "/{transcription_id}/retry",
    status_code=ACCEPTED,
    responses=MISSING_OR_BUSY,
    response_model=Accepted,
    dependencies=[Depends(limit_user(UPLOAD))],
)
def retry_transcription(
    transcription_id: UUID,
    identity: CurrentUser,
    service: TranscriptionsOf,
    idempotency: IdempotencyOf,
    request: RetryRequest = RetryRequest(),
) -> Response:
    """Listen again, with other options if any are given: after a failure, or to hear more or less."""
    with idempotency.attempt(request.model_dump_json(exclude_unset=True)) as attempt:
        if attempt.answer is not None:
            return _answer(attempt.answer)
        accepted = service.retry(identity.user_id, transcription_id, request, _keeping(attempt))
    return _answer(accepted)


@router.post(
    "/{transcription_id}/retab", status_code=ACCEPTED, responses=MISSING_OR_BUSY, response_model=Accepted
)
def retab(
    transcription_id: UUID,
    request: RetabRequest,
    identity: CurrentUser,
    service: TranscriptionsOf,
    idempotency: IdempotencyOf,
) -> Response:
    """Write anew what was heard, with another tuning, capo or quantisation: takes seconds.

    This makes a revision of its own; edits stay in those before. To keep them, change tuning and capo by the edit
    `refret`.
    """
    with idempotency.attempt(request.model_dump_json(exclude_unset=True)) as attempt:
        if attempt.answer is not None:
            return _answer(attempt.answer)
        accepted = service.retab(identity.user_id, transcription_id, request, _keeping(attempt))
    return _answer(accepted)


@router.post("/{transcription_id}/cancel", responses=MISSING_OR_BUSY)
def cancel_transcription(
    transcription_id: UUID, identity: CurrentUser, service: TranscriptionsOf
) -> TranscriptionDetail:
    """Stop the work; what was finished before stays."""
    return service.cancel(identity.user_id, transcription_id)
