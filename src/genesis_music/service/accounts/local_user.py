"""The one user of the embedded service, who needs no sign-in."""

from __future__ import annotations

from uuid import UUID

from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.tables import Role, User, UserPreferences
from genesis_music.service.platform.database import Database

LOCAL_USER_ID = UUID(int=1)
LOCAL_EMAIL = "local@localhost"
LOCAL_IDENTITY = Identity(LOCAL_USER_ID, Role.ADMIN)
"""Whoever reaches the embedded service owns the machine it runs on, so may also see to its failed jobs."""


def ensure_local_user(database: Database) -> UUID:
    """Create the local user unless it exists; two starts at once do no harm. Return its id."""
    with database.writing(LOCAL_USER_ID) as session:
        if session.get(User, LOCAL_USER_ID, with_for_update=True) is None:
            session.add(User(id=LOCAL_USER_ID, email=LOCAL_EMAIL, password_hash="", role=Role.ADMIN))
            session.flush()
            session.add(UserPreferences(user_id=LOCAL_USER_ID))
    return LOCAL_USER_ID
