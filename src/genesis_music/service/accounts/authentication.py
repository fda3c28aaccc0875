"""Who sends a request: verifies access tokens and API keys against the database.

A signature alone is not enough: every request reads its session (or key) by its index on the primary, so that
signing out, disabling an account and changing a role hold from the next request on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.local_user import LOCAL_IDENTITY
from genesis_music.service.accounts.tables import ApiKey, User, UserSession
from genesis_music.service.config import ServiceSettings
from genesis_music.service.errors import NotSignedInError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.tokens import (
    AccessTokens,
    Claims,
    ExpiredTokenError,
    SecretKind,
    TokenError,
    hash_secret,
    is_well_formed,
    signing_keys,
)

KEY_USE_RESOLUTION = timedelta(minutes=5)
"""How exactly the last use of an API key is noted: not every request is worth a write."""


def authenticate(platform: Platform, credential: str | None) -> Identity:
    """Return who owns an access token or API key; the embedded service asks for none.

    Raises:
        NotSignedInError: none given, forged, expired, signed out, revoked, or its account is disabled.
    """
    if platform.settings.embedded:
        return LOCAL_IDENTITY
    if not credential:
        raise NotSignedInError
    if is_api_key(credential):
        return _by_api_key(platform, credential)
    return _by_claims(platform, verified_claims(platform.settings, credential))


def is_api_key(credential: str) -> bool:
    """Whether a credential means to be an API key rather than an access token."""
    return credential.startswith(SecretKind.API_KEY)


def verified_claims(settings: ServiceSettings, token: str) -> Claims:
    """Return what a well-signed, unexpired access token says; its session may have ended meanwhile.

    Raises:
        ExpiredTokenError: it was good: a client refreshes it.
        NotSignedInError: anything else is wrong with it.
    """
    try:
        return access_tokens(settings).verify(token)
    except ExpiredTokenError:
        raise
    except TokenError as error:
        raise NotSignedInError(str(error)) from error


def access_tokens(settings: ServiceSettings) -> AccessTokens:
    """Return what signs and verifies the service's access tokens."""
    keys = tuple(key.get_secret_value() for key in settings.secret_keys)
    return _access_tokens(keys, settings.public_url, settings.access_token_seconds)


@lru_cache(maxsize=8)
def _access_tokens(secret_keys: tuple[str, ...], issuer: str, life_seconds: int) -> AccessTokens:
    return AccessTokens(
        signing_keys(secret_keys), issuer=issuer, audience="genesis-music", life_seconds=life_seconds
    )


def _by_claims(platform: Platform, claims: Claims) -> Identity:
    statement = (
        select(UserSession.user_id, UserSession.expires_at, User.role)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.id == _uuid(claims.session_id),
            UserSession.revoked_at.is_(None),
            User.disabled_at.is_(None),
        )
    )
    with Session(platform.database.primary) as session:
        row = session.execute(statement).one_or_none()
    if row is None or row.expires_at <= utc_now() or str(row.user_id) != claims.user_id:
        raise NotSignedInError("This session has ended: sign in again.")
    return Identity(row.user_id, row.role, session_id=_uuid(claims.session_id))


def _by_api_key(platform: Platform, key: str) -> Identity:
    if not is_well_formed(key, SecretKind.API_KEY):
        raise NotSignedInError("The API key is not valid.")
    statement = (
        select(ApiKey.id, ApiKey.user_id, ApiKey.expires_at, ApiKey.last_used_at, User.role)
        .join(User, User.id == ApiKey.user_id)
        .where(
            ApiKey.key_hash == hash_secret(key),
            ApiKey.revoked_at.is_(None),
            User.disabled_at.is_(None),
        )
    )
    with Session(platform.database.primary) as session:
        row = session.execute(statement).one_or_none()
    now = utc_now()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        raise NotSignedInError("The API key is not valid (any more).")
    if row.last_used_at is None or row.last_used_at < now - KEY_USE_RESOLUTION:
        _note_use(platform, row.user_id, row.id, now)
    return Identity(row.user_id, row.role, api_key_id=row.id)


def _note_use(platform: Platform, user_id: UUID, key_id: UUID, now: datetime) -> None:
    with platform.database.writing(user_id) as session:
        session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotSignedInError from error
