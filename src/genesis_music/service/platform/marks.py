"""Remembers in Redis how far the primary had written when a user last wrote, for reads from the replica."""

from __future__ import annotations

from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

LIFETIME_SECONDS = 3600
"""A replica that is further behind than this has other troubles."""

NEVER = "FFFFFFFF/FFFFFFFF"
"""A position no replica reaches: read from the primary."""


class RedisMarks:
    """While Redis is away all reads go to the primary: slower, and never an old answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, user_id: UUID, position: str) -> None:
        """Remember the position for an hour."""
        try:
            self._redis.set(_key(user_id), position, ex=LIFETIME_SECONDS)
        except RedisError:
            return

    def get(self, user_id: UUID) -> str | None:
        """Return the last position, ``None`` when the user wrote nothing lately."""
        try:
            found = self._redis.get(_key(user_id))
        except RedisError:
            return NEVER
        return bytes(found).decode() if isinstance(found, bytes) else None


def _key(user_id: UUID) -> str:
    return f"genesis:mark:{user_id}"
