"""Events about jobs, from any process to the browsers that follow them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID


class JobEvent(StrEnum):
    """Names of the messages on the socket."""

    PROGRESS = "progress"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Publisher(Protocol):
    """Sends an event to everybody who follows a job; never raises and never waits long."""

    def publish(self, event: JobEvent, job_id: UUID, data: Mapping[str, Any]) -> None:
        """Send; those who come late are told the state in the database."""
