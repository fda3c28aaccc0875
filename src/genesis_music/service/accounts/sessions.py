"""Sessions: one per sign-in, kept alive by refresh tokens that are good for one use.

Refresh tokens rotate: each use gives the next one and spends the last. A spent token that comes again was stolen (or
its owner's was), and nobody can tell who holds the right one, so the session ends at once (RFC 9700, section 4.14).
There is no grace for an answer that was lost: a client that never got its new token signs in again, and pages in
several tabs take turns (Web Locks). Only hashes are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.authentication import access_tokens
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.repository import SessionRepository
from genesis_music.service.accounts.tables import SpentRefreshToken, User, UserSession
from genesis_music.service.config import ServiceSettings
from genesis_music.service.errors import NotFoundError, NotSignedInError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.tokens import (
    AccessToken,
    NewSecret,
    SecretKind,
    hash_secret,
    is_well_formed,
    new_secret,
)

MOST_SESSIONS = 50
"""Of one user at a time; one more ends the one that was used longest ago."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with the tokens of a session; both tokens are shown this once."""

    user: User
    session_id: UUID
    access: AccessToken
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime


def start_session(session: Session, settings: ServiceSettings, user: User, info: RequestInfo) -> SignedIn:
    """Sign a user in, whose password was checked by the caller."""
    for row in SessionRepository(session).active(user.id, utc_now())[MOST_SESSIONS - 1 :]:
        row.revoked_at = utc_now()
    row = UserSession(id=uuid4(), user_id=user.id, user_agent=info.user_agent)
    signed_in = _renew(row, settings, user, info)
    session.add(row)
    return signed_in


def refresh_session(platform: Platform, refresh_token: str, info: RequestInfo) -> SignedIn:
    """Exchange a refresh token for the next pair of tokens.

    Raises:
        NotSignedInError: it is no refresh token, its session has ended, or it was used before: then the session of
            whoever used it first ends now.
    """
    if is_well_formed(refresh_token, SecretKind.REFRESH):
        token_hash = hash_secret(refresh_token)
        with platform.database.writing() as session:
            row = SessionRepository(session).find_by_refresh_token(token_hash)
            if row is None:
                _end_if_spent(session, token_hash, info)
            elif (user := _owner_of_active(session, row)) is not None:
                session.add(SpentRefreshToken(token_hash=token_hash, session_id=row.id))
                return _renew(row, platform.settings, user, info)
    raise NotSignedInError("This session has ended: sign in again.")


def sign_out(platform: Platform, identity: Identity, info: RequestInfo) -> None:
    """End the session the request came with."""
    with platform.database.writing(identity.user_id) as session:
        _end(session, session.get(UserSession, identity.session_id))
        audit(session, identity, Action.SIGN_OUT, identity.session_id, info)


def sign_out_everywhere(platform: Platform, identity: Identity, info: RequestInfo) -> None:
    """End all sessions of a user."""
    with platform.database.writing(identity.user_id) as session:
        SessionRepository(session).end_all(identity.user_id)
        audit(session, identity, Action.SIGN_OUT_EVERYWHERE, identity.user_id, info)


def list_sessions(platform: Platform, user_id: UUID) -> Sequence[UserSession]:
    """Return a user's sessions, the last used first."""
    with platform.database.reading(user_id) as session:
        return SessionRepository(session).active(user_id, utc_now())


def end_session(platform: Platform, identity: Identity, session_id: UUID, info: RequestInfo) -> None:
    """End one of a user's own sessions.

    Raises:
        NotFoundError: the user has no such session.
    """
    with platform.database.writing(identity.user_id) as session:
        row = session.get(UserSession, session_id)
        if row is None or row.user_id != identity.user_id or row.revoked_at is not None:
            raise NotFoundError("You have no such session.")
        _end(session, row)
        audit(session, identity, Action.SESSION_ENDED, session_id, info)


def _renew(row: UserSession, settings: ServiceSettings, user: User, info: RequestInfo) -> SignedIn:
    tokens = access_tokens(settings)
    access = tokens.issue(user_id=str(user.id), session_id=str(row.id), role=user.role)
    refresh: NewSecret = new_secret(SecretKind.REFRESH)
    now = utc_now()
    row.token = tokens.verify(access.token).token_id
    row.refresh_token = refresh.sha256
    row.last_used_at = now
    row.expires_at = now + timedelta(seconds=settings.refresh_token_seconds)
    row.address = info.address
    return SignedIn(user, row.id, access, refresh.token, row.expires_at)


def _owner_of_active(session: Session, row: UserSession) -> User | None:
    user = session.get(User, row.user_id)
    active = row.revoked_at is None and row.expires_at > utc_now()
    return user if active and user is not None and user.disabled_at is None else None


def _end_if_spent(session: Session, token_hash: str, info: RequestInfo) -> None:
    row = SessionRepository(session).find_by_spent_token(token_hash)
    if row is not None and row.revoked_at is None:
        _end(session, row)
        audit(session, row.user_id, Action.REFRESH_REUSED, row.id, info)


def _end(session: Session, row: UserSession | None) -> None:
    if row is not None and row.revoked_at is None:
        row.revoked_at = utc_now()
        session.flush()
