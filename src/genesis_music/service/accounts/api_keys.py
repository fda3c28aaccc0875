"""Keys for programs that act for a user; shown once, kept as a hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.repository import ApiKeyRepository, UserRepository
from genesis_music.service.accounts.tables import ApiKey
from genesis_music.service.errors import ConflictError, InvalidRequestError, NotFoundError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.tokens import SecretKind, new_secret

MOST_KEYS = 50
SHOWN_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key with its secret, which is shown this once."""

    row: ApiKey
    secret: str = field(repr=False)


def create_api_key(
    platform: Platform, identity: Identity, name: str, expires_at: datetime | None, info: RequestInfo
) -> NewApiKey:
    """Create a key.

    Raises:
        InvalidRequestError: it would have expired already.
        ConflictError: the user has too many keys.
    """
    if expires_at is not None and expires_at <= utc_now():
        raise InvalidRequestError("expires_at must be in the future.")
    secret = new_secret(SecretKind.API_KEY)
    with platform.database.writing(identity.user_id) as session:
        UserRepository(session).lock(identity.user_id)
        keys = ApiKeyRepository(session)
        if keys.count_active(identity.user_id) >= MOST_KEYS:
            raise ConflictError(f"You have {MOST_KEYS} keys: revoke one first.")
        row = keys.create(
            user_id=identity.user_id,
            name=name,
            start=secret.token[:SHOWN_CHARACTERS],
            key_hash=secret.sha256,
            expires_at=expires_at,
        )
        audit(session, identity, Action.API_KEY_CREATED, row.id, info)
    return NewApiKey(row, secret.token)


def list_api_keys(platform: Platform, user_id: UUID) -> Sequence[ApiKey]:
    """Return a user's keys, the newest first."""
    with platform.database.reading(user_id) as session:
        return ApiKeyRepository(session).active(user_id)


def revoke_api_key(platform: Platform, identity: Identity, key_id: UUID, info: RequestInfo) -> None:
    """Make a key worthless at once.

    Raises:
        NotFoundError: the user has no such key.
    """
    with platform.database.writing(identity.user_id) as session:
        row = session.get(ApiKey, key_id)
        if row is None or row.user_id != identity.user_id or row.revoked_at is not None:
            raise NotFoundError("You have no such key.")
        row.revoked_at = utc_now()
        audit(session, identity, Action.API_KEY_REVOKED, key_id, info)
