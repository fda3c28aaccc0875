"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from genesis_music.service.accounts.tables import Role


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in user, or a program with a user's key. One of the two ids says how they came in."""

    user_id: UUID
    role: Role = Role.USER
    session_id: UUID | None = None
    api_key_id: UUID | None = None
