"""Sends events about jobs to the browsers that follow them, through Redis, from any process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from socketio import RedisManager

from genesis_music.service.platform.best_effort import BestEffort
from genesis_music.service.platform.events import JobEvent

CHANNEL = "genesis.socketio"
_OPTIONS = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0}


def room_of(job_id: UUID) -> str:
    """Name of the room in which a job's followers are."""
    return f"job:{job_id}"


class _Manager(RedisManager):  # type: ignore[misc]  # untyped
    """Raises where the library would log and go on, so that a Redis that is away is left alone for a while."""

    def _publish(self, data: Mapping[str, Any]) -> None:
        if not self.connected:
            self._redis_connect()
        self.redis.publish(self.channel, self.json.dumps(data))


class RedisPublisher:
    """Socket.IO's own way to emit from a process that serves no sockets. What is lost is told by the next heartbeat."""

    def __init__(self, redis_url: str) -> None:
        self._manager = _Manager(redis_url, channel=CHANNEL, write_only=True, redis_options=_OPTIONS)
        self._best_effort = BestEffort("events")

    def publish(self, event: JobEvent, job_id: UUID, data: Mapping[str, Any]) -> None:
        """Send to everybody who follows the job."""
        self._best_effort.attempt(
            lambda: self._manager.emit(str(event), dict(data), room=room_of(job_id)), None
        )
