"""Routes of revisions: what was changed when, editing, undo, other places for a note."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from genesis_music.service.accounts.dependencies import CurrentUser, limit_user
from genesis_music.service.accounts.idempotency import IdempotencyOf
from genesis_music.service.accounts.rate_limits import EDIT
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.openapi import problem_responses
from genesis_music.service.problems import MEDIA_TYPE
from genesis_music.service.transcriptions.edit_schemas import LONGEST_ID, EditRequest
from genesis_music.service.transcriptions.revision_schemas import Alternatives, Revised, RevisionPage
from genesis_music.service.transcriptions.revisions import MadeRevision, RevisionService

router = APIRouter(prefix="/transcribe/{transcription_id}", tags=["editing"])

CREATED = 201
PAGE_LENGTH, LONGEST_PAGE = 100, 500
RevisionNumber = Annotated[
    int | None, Query(ge=0, le=10_000_000, description="Which revision; the latest when not given.")
]
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "Changed elsewhere since `base`: `latest` tells what to load; or there is no result yet",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [{"$ref": "#/components/schemas/Problem"}],
                    "type": "object",
                    "properties": {"latest": {"$ref": "#/components/schemas/RevisionView"}},
                }
            }
        },
    }
}


def _service(platform: PlatformOf) -> RevisionService:
    return RevisionService(platform)


RevisionsOf = Annotated[RevisionService, Depends(_service)]
"""What users do with revisions."""


@router.get("/revisions", responses=problem_responses(404, 409))
def list_revisions(
    transcription_id: UUID,
    identity: CurrentUser,
    revisions: RevisionsOf,
    before: Annotated[
        int | None, Query(ge=0, le=10_000_000, description="`next_before` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = PAGE_LENGTH,
) -> RevisionPage:
    """List what was changed, newest first; revision 0 is what the machine made."""
    return revisions.list(identity.user_id, transcription_id, before, limit)


@router.post(
    "/revisions",
    status_code=CREATED,
    response_model=Revised,
    responses=problem_responses(404) | CONFLICT,
    dependencies=[Depends(limit_user(EDIT))],
)
def edit_transcription(
    transcription_id: UUID,
    request: EditRequest,
    identity: CurrentUser,
    revisions: RevisionsOf,
    idempotency: IdempotencyOf,
    alphatex: Annotated[bool, Query(description="Answer with `alphatex` too: saves a request.")] = False,
) -> Response:
    """Make a revision: the latest one with some edits, or an older one again (`restore`).

    All edits are made, or none: then the problem's `edit` says which one is not possible (from 0), and why.
    """
    with idempotency.attempt(request.model_dump_json()) as attempt:
        if attempt.answer is not None:
            kept = json.loads(bytes(attempt.answer.body))
            number, added = kept["revision"]["number"], tuple(kept["added"])
            made = revisions.again(identity.user_id, transcription_id, number, added, drawn=alphatex)
            return _answer(transcription_id, made, dict(attempt.answer.headers))
        made = revisions.change(
            identity.user_id,
            transcription_id,
            request,
            lambda session, new: attempt.keep(session, CREATED, _told(new)),
            drawn=alphatex,
        )
    return _answer(transcription_id, made, {})


def _told(made: MadeRevision) -> Revised:
    """What is kept of the answer: its tab lies in the store already."""
    return Revised(revision=made.view, added=list(made.added), tab={})


def _answer(transcription_id: UUID, made: MadeRevision, headers: dict[str, str]) -> Response:
    told = _told(made).model_dump_json(exclude={"tab", "alphatex"}).encode()
    drawing = None if made.drawing is None else made.drawing.decode()
    body = told[:-1] + b',"tab":' + made.tab + b',"alphatex":' + json.dumps(drawing).encode() + b"}"
    replayed = {name: value for name, value in headers.items() if name.startswith("idempotency")}
    location = f"/api/v1/transcribe/{transcription_id}/result?revision={made.view.number}"
    return Response(body, CREATED, headers={"Location": location} | replayed, media_type="application/json")


@router.get("/notes/{note_id}/alternatives", responses=problem_responses(404, 409))
def get_alternatives(
    transcription_id: UUID,
    note_id: Annotated[str, Path(min_length=1, max_length=LONGEST_ID, examples=["t1n12"])],
    identity: CurrentUser,
    revisions: RevisionsOf,
    revision: RevisionNumber = None,
) -> Alternatives:
    """Every place where a note can be played with its neighbours as they are, best first, each with a reason."""
    return revisions.alternatives(identity.user_id, transcription_id, note_id, revision)
