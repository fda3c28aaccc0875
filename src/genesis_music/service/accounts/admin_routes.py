"""What administrators see and change of accounts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from genesis_music.service.accounts import admin, service
from genesis_music.service.accounts.audit import Action, audit, events_before
from genesis_music.service.accounts.audit_export import AuditFormat, export_audit
from genesis_music.service.accounts.client import RequestInfoOf
from genesis_music.service.accounts.dependencies import AdminUser
from genesis_music.service.accounts.observers import ObserversOf
from genesis_music.service.accounts.schemas import (
    AccountChange,
    AccountPage,
    AdminAccount,
    AuditEntry,
    AuditPage,
    PlainText,
)
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.openapi import problem_responses
from genesis_music.service.platform.moments import Moment

router = APIRouter(prefix="/admin", tags=["administration"], responses=problem_responses(403))

PageSize = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Search = Annotated[PlainText, Query(max_length=254, description="Part of the e-mail address.")]
LARGEST_ID = 2**63 - 1


@router.get("/users")
def list_users(
    _: AdminUser,
    platform: PlatformOf,
    cursor: Annotated[PlainText, Query(max_length=254, description="`next_cursor` of the last page.")] = "",
    limit: PageSize = 50,
    q: Search = "",
) -> AccountPage:
    """List accounts in the order of their addresses."""
    rows = admin.list_users(platform, cursor, limit + 1, q.lower())
    items = [AdminAccount.of(row) for row in rows[:limit]]
    return AccountPage(items=items, next_cursor=items[-1].email if len(rows) > limit else None)


@router.patch("/users/{user_id}", responses=problem_responses(404, 409))
def change_user(
    user_id: UUID, body: AccountChange, identity: AdminUser, platform: PlatformOf, info: RequestInfoOf
) -> AdminAccount:
    """Change an account's role, disable or enable it."""
    return AdminAccount.of(admin.change_user(platform, identity, user_id, body.role, body.disabled, info))


@router.delete("/users/{user_id}", status_code=204, responses=problem_responses(404, 409))
def delete_user(
    user_id: UUID, identity: AdminUser, platform: PlatformOf, observers: ObserversOf, info: RequestInfoOf
) -> None:
    """Delete an account with everything that belongs to it, at once and for ever."""
    service.erase_account(platform, identity, user_id, observers, info)


@router.get("/audit-events")
def list_audit_events(
    _: AdminUser,
    platform: PlatformOf,
    cursor: Annotated[
        int | None, Query(ge=1, le=LARGEST_ID, description="`next_cursor` of the last page.")
    ] = None,
    limit: PageSize = 50,
    actor_id: UUID | None = None,
    action: Action | None = None,
) -> AuditPage:
    """Read the audit log, the newest first."""
    with Session(platform.database.primary) as session:
        rows = events_before(session, cursor, limit + 1, actor_id=actor_id, action=action)
    items = [AuditEntry.model_validate(row) for row in rows[:limit]]
    return AuditPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


@router.get(
    "/audit-events/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One event a line, the oldest first",
            "content": {kind.media_type: {"schema": {"type": "string"}} for kind in AuditFormat},
        }
    },
)
def export_audit_events(
    identity: AdminUser,
    platform: PlatformOf,
    info: RequestInfoOf,
    format: AuditFormat = AuditFormat.NDJSON,
    since: Annotated[Moment | None, Query(description="From this moment on.")] = None,
    until: Annotated[Moment | None, Query(description="To before this moment.")] = None,
) -> StreamingResponse:
    """Download the audit log for another system, as long as it may be; the export itself is logged."""
    with platform.database.writing(identity.user_id) as session:
        details = {"since": since and since.isoformat(), "until": until and until.isoformat()}
        audit(session, identity, Action.AUDIT_EXPORTED, "", info, **details)
    headers = {
        "Content-Disposition": f'attachment; filename="genesis-music-audit.{format}"',
        "Cache-Control": "no-store",
    }
    content = export_audit(platform.database, format, since, until)
    return StreamingResponse(content, headers=headers, media_type=format.media_type)
