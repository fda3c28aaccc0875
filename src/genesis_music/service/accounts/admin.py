"""What administrators may do with accounts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.repository import SessionRepository, UserRepository
from genesis_music.service.accounts.service import lock_replaceable
from genesis_music.service.accounts.tables import Role, User
from genesis_music.service.errors import NotFoundError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now


def list_users(platform: Platform, after_email: str, count: int, contains: str) -> Sequence[User]:
    """Return at most ``count`` accounts in the order of their addresses."""
    with Session(platform.database.primary) as session:
        return UserRepository(session).page(after_email, count, contains)


def change_user(
    platform: Platform,
    identity: Identity,
    user_id: UUID,
    role: Role | None,
    disabled: bool | None,
    info: RequestInfo,
) -> User:
    """Give an account another role, disable it (which ends its sessions), or enable it; ``None`` leaves as it is.

    Raises:
        NotFoundError: there is no such account.
        LastAdminError: nobody could administrate the service any more.
    """
    with platform.database.writing(user_id) as session:
        is_loss = role is Role.USER or disabled
        user = lock_replaceable(session, user_id) if is_loss else UserRepository(session).lock(user_id)
        if user is None:
            raise NotFoundError("There is no such account.")
        if role is not None and role is not user.role:
            audit(session, identity, Action.ROLE_CHANGED, user_id, info, before=user.role, after=role)
            user.role = role
        if disabled is not None and disabled is not (user.disabled_at is not None):
            user.disabled_at = utc_now() if disabled else None
            action = Action.ACCOUNT_DISABLED if disabled else Action.ACCOUNT_ENABLED
            audit(session, identity, action, user_id, info)
        if user.disabled_at is not None:
            SessionRepository(session).end_all(user_id)
        return user
