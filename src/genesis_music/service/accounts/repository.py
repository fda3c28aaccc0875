"""Questions about users, their sessions and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update

from genesis_music.service.accounts.tables import (
    ApiKey,
    Role,
    SpentRefreshToken,
    User,
    UserSession,
)
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.repository import Repository


class UserRepository(Repository[User]):
    """Accounts."""

    table = User

    def find_by_email(self, email: str) -> User | None:
        """``email`` is in lower case."""
        return self.session.scalars(select(User).where(User.email == email)).one_or_none()

    def lock(self, user_id: UUID) -> User | None:
        """Return the account as it is now, held until the transaction ends."""
        return self.session.get(User, user_id, with_for_update=True, populate_existing=True)

    def page(self, after_email: str, count: int, contains: str = "") -> Sequence[User]:
        """Return at most ``count`` accounts in the order of their addresses."""
        statement = select(User).where(User.email > after_email).order_by(User.email).limit(count)
        if contains:
            statement = statement.where(User.email.contains(contains, autoescape=True))
        return self.session.scalars(statement).all()

    def lock_beside_admins(self, user_id: UUID) -> tuple[User | None, int]:
        """Return the account and how many other administrators can sign in; none of them changes until the
        transaction ends.
        """
        is_admin = and_(User.role == Role.ADMIN, User.disabled_at.is_(None))
        statement = select(User).where(or_(User.id == user_id, is_admin)).order_by(User.id).with_for_update()
        rows = self.session.scalars(statement.execution_options(populate_existing=True)).all()
        user = next((row for row in rows if row.id == user_id), None)
        return user, sum(row.id != user_id for row in rows)


class SessionRepository(Repository[UserSession]):
    """Sign-ins."""

    table = UserSession

    def find_by_refresh_token(self, token_hash: str) -> UserSession | None:
        """Return the session whose next refresh token this is, held until the transaction ends."""
        statement = select(UserSession).where(UserSession.refresh_token == token_hash)
        return self.session.scalars(statement.with_for_update()).one_or_none()

    def find_by_spent_token(self, token_hash: str) -> UserSession | None:
        """Return the session that this refresh token once belonged to."""
        statement = (
            select(UserSession)
            .join(SpentRefreshToken, SpentRefreshToken.session_id == UserSession.id)
            .where(SpentRefreshToken.token_hash == token_hash)
        )
        return self.session.scalars(statement.with_for_update(of=UserSession)).one_or_none()

    def active(self, user_id: UUID, now: datetime) -> Sequence[UserSession]:
        """Return a user's sessions that have not ended, the last used first."""
        statement = (
            select(UserSession)
            .where(
                UserSession.user_id == user_id,
                UserSession.revoked_at.is_(None),
                UserSession.expires_at > now,
            )
            .order_by(UserSession.last_used_at.desc(), UserSession.id)
        )
        return self.session.scalars(statement).all()

    def end_all(self, user_id: UUID, keep: UUID | None = None) -> None:
        """End a user's sessions, but for the one to ``keep``."""
        statement = update(UserSession).where(
            UserSession.user_id == user_id, UserSession.revoked_at.is_(None)
        )
        if keep is not None:
            statement = statement.where(UserSession.id != keep)
        self.session.execute(statement.values(revoked_at=utc_now()))


class ApiKeyRepository(Repository[ApiKey]):
    """Keys of programs."""

    table = ApiKey

    def active(self, user_id: UUID) -> Sequence[ApiKey]:
        """Return a user's keys that were not revoked, the newest first."""
        statement = (
            select(ApiKey)
            .where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
            .order_by(ApiKey.created_at.desc(), ApiKey.id)
        )
        return self.session.scalars(statement).all()

    def count_active(self, user_id: UUID) -> int:
        """Count a user's keys that were not revoked."""
        statement = select(func.count()).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
        return self.session.scalar(statement) or 0
