"""A user's own account: preferences, sessions, keys, password, data."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from genesis_music.service.accounts import api_keys, service, sessions
from genesis_music.service.accounts.client import RequestInfoOf
from genesis_music.service.accounts.dependencies import CurrentUser, SessionUser, limit_user
from genesis_music.service.accounts.export import export_account
from genesis_music.service.accounts.letters import write_changed
from genesis_music.service.accounts.observers import ObserversOf
from genesis_music.service.accounts.passwords import change_password as change
from genesis_music.service.accounts.rate_limits import EXPORT, PASSWORD
from genesis_music.service.accounts.schemas import (
    Account,
    ApiKeyCreated,
    ApiKeyInfo,
    ApiKeyList,
    ApiKeyRequest,
    ChangePasswordRequest,
    DeleteAccountRequest,
    Preferences,
    PreferencesChange,
    SessionInfo,
    SessionList,
)
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.openapi import problem_responses

router = APIRouter(prefix="/account", tags=["account"])


@router.get("")
def get_account(identity: CurrentUser, platform: PlatformOf) -> Account:
    """Show the account."""
    return Account.model_validate(service.find_user(platform, identity.user_id))


@router.get("/preferences")
def get_preferences(identity: CurrentUser, platform: PlatformOf) -> Preferences:
    """Show what the user likes."""
    return Preferences.model_validate(service.find_preferences(platform, identity.user_id))


@router.patch("/preferences")
def change_preferences(body: PreferencesChange, identity: CurrentUser, platform: PlatformOf) -> Preferences:
    """Change some preferences; what is left out stays."""
    changes = body.model_dump(exclude_unset=True)
    return Preferences.model_validate(service.change_preferences(platform, identity.user_id, changes))


@router.post(
    "/password",
    status_code=204,
    dependencies=[Depends(limit_user(PASSWORD))],
    responses=problem_responses(403, 409),
)
def change_password(
    body: ChangePasswordRequest,
    identity: SessionUser,
    platform: PlatformOf,
    info: RequestInfoOf,
    background: BackgroundTasks,
) -> None:
    """Set a new password; all other sessions end."""
    present, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    background.add_task(write_changed, platform, change(platform, identity, present, new, info))


@router.post(
    "/deletion",
    status_code=204,
    dependencies=[Depends(limit_user(PASSWORD))],
    responses=problem_responses(403, 409),
)
def delete_account(
    body: DeleteAccountRequest,
    identity: SessionUser,
    platform: PlatformOf,
    observers: ObserversOf,
    info: RequestInfoOf,
) -> None:
    """Delete the account with all its transcriptions, recordings and keys, at once and for ever."""
    service.delete_account(platform, identity, body.password.get_secret_value(), observers, info)


@router.get(
    "/export",
    dependencies=[Depends(limit_user(EXPORT))],
    response_class=JSONResponse,
    responses={200: {"description": "A JSON document to download"}},
)
def export_my_data(
    identity: CurrentUser, platform: PlatformOf, observers: ObserversOf, info: RequestInfoOf
) -> JSONResponse:
    """Download everything that is kept about the user."""
    document = export_account(platform, identity, observers, info)
    headers = {
        "Content-Disposition": 'attachment; filename="genesis-music-export.json"',
        "Cache-Control": "no-store",
    }
    return JSONResponse(jsonable_encoder(document), headers=headers)


@router.get("/sessions", responses=problem_responses(403, 409))
def list_sessions(identity: SessionUser, platform: PlatformOf) -> SessionList:
    """List the devices that are signed in."""
    rows = sessions.list_sessions(platform, identity.user_id)
    return SessionList(items=[SessionInfo.of(row, identity.session_id) for row in rows])


@router.delete("/sessions/{session_id}", status_code=204, responses=problem_responses(403, 404, 409))
def end_session(session_id: UUID, identity: SessionUser, platform: PlatformOf, info: RequestInfoOf) -> None:
    """Sign a device out."""
    sessions.end_session(platform, identity, session_id, info)


@router.get("/api-keys", responses=problem_responses(403, 409))
def list_api_keys(identity: SessionUser, platform: PlatformOf) -> ApiKeyList:
    """List the keys of programs."""
    rows = api_keys.list_api_keys(platform, identity.user_id)
    return ApiKeyList(items=[ApiKeyInfo.model_validate(row) for row in rows])


@router.post("/api-keys", status_code=201, responses=problem_responses(403, 409))
def create_api_key(
    body: ApiKeyRequest,
    identity: SessionUser,
    platform: PlatformOf,
    info: RequestInfoOf,
    response: Response,
) -> ApiKeyCreated:
    """Create a key for a program; it is shown this once. It may do all that its user may, but manage the account."""
    new = api_keys.create_api_key(platform, identity, body.name, body.expires_at, info)
    response.headers["Cache-Control"] = "no-store"
    return ApiKeyCreated.of(new)


@router.delete("/api-keys/{key_id}", status_code=204, responses=problem_responses(403, 404, 409))
def revoke_api_key(key_id: UUID, identity: SessionUser, platform: PlatformOf, info: RequestInfoOf) -> None:
    """Revoke a key: it is refused from now on."""
    api_keys.revoke_api_key(platform, identity, key_id, info)
