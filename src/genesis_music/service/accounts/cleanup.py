"""What becomes worthless with time: ended sessions, answers kept for repeated requests."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_

from genesis_music.service.accounts.idempotency import LIFETIME
from genesis_music.service.accounts.tables import IdempotencyKey, UserSession
from genesis_music.service.platform.database import Database, utc_now

KEPT_AFTER_END = timedelta(days=30)
"""An ended session and its spent tokens stay this long: so long a stolen token is still recognised as one."""


def delete_expired(database: Database) -> None:
    """Delete what is of no use any more; to be called now and then, by however many processes."""
    now = utc_now()
    long_ago = now - KEPT_AFTER_END
    with database.writing() as session:
        session.execute(
            delete(UserSession).where(
                or_(UserSession.expires_at < long_ago, UserSession.revoked_at < long_ago)
            )
        )
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - LIFETIME))
