"""Something that only one process does at a time."""

from __future__ import annotations

from uuid import uuid4

from redis import Redis

TURN_SECONDS = 5


class Turn:
    """A turn that one process at a time has, and keeps while it asks for it at least every few seconds."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._key = f"genesis:turn:{name}"
        self._name = uuid4().hex.encode()

    def mine(self) -> bool:
        """Take the turn if it is free, keep it if it is ours.

        Raises:
            RedisError: Redis does not answer.
        """
        if self._redis.set(self._key, self._name, nx=True, ex=TURN_SECONDS):
            return True
        if self._redis.get(self._key) != self._name:
            return False
        self._redis.expire(self._key, TURN_SECONDS)
        return True
