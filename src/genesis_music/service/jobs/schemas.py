"""What administrators see of jobs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genesis_music.service.jobs.tables import JobKind, JobStatus

_QUEUE: dict[str, JsonValue] = {
    "name": "cpu",
    "messages": 3,
    "queued": 3,
    "running": 2,
    "oldest_seconds": 12.5,
}
_JOB: dict[str, JsonValue] = {
    "id": "6f0f6a9e-6a8e-4a52-9d2e-3a5d5f3a8c11",
    "transcription_id": "0b3f9a52-7c1d-4f0e-8f43-1f3d5a6b7c8d",
    "user_id": "b9b6f6f0-2f7f-4d55-a8e5-5d2f3c1b0a99",
    "kind": "transcribe",
    "status": "failed",
    "queue": "cpu",
    "stage": "Listening",
    "attempts": 3,
    "error_code": "worker-lost",
    "error_message": "The program that worked on it stopped unexpectedly.",
    "created_at": "2026-11-22T16:00:00Z",
    "completed_at": "2026-11-22T16:04:10Z",
}


class QueueView(BaseModel):
    """One queue: what Redis holds and what the database knows. Both agree unless something was lost."""

    model_config = ConfigDict(json_schema_extra={"examples": [_QUEUE]})

    name: str
    messages: int | None = Field(description="Messages that wait in Redis; null while it does not answer.")
    queued: int = Field(description="Jobs that wait, by the database.")
    running: int
    oldest_seconds: float | None = Field(description="Age of the longest waiting job.")


class AdminJob(BaseModel):
    """A job as administrators see it."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_JOB]})

    id: UUID
    transcription_id: UUID
    user_id: UUID
    kind: JobKind
    status: JobStatus
    queue: str
    stage: str
    attempts: int
    error_code: str
    error_message: str
    created_at: datetime
    completed_at: datetime | None


class AdminJobs(BaseModel):
    """The queues, and a page of the dead letters: jobs that failed for good by our fault."""

    queues: list[QueueView]
    dead_letters: list[AdminJob]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")
