"""Jobs: the database is the truth about accepted work; the queue only says when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from genesis_music.service.platform.database import Base, enum_column, utc_now


class JobStatus(StrEnum):
    """``queued → running → complete | failed | cancelled``; a failed attempt goes back to ``queued``."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    """What is to be done: listen to a recording, or write what was heard anew."""

    TRANSCRIBE = "transcribe"
    RETAB = "retab"


class Job(Base):
    """One piece of accepted work. ``progress`` is 0..100; times are UTC.

    ``lease_until`` is how long the present worker may be silent before the job is taken over; ``not_before`` when
    the next attempt may start; ``enqueued_at`` when it was last put into the queue.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_status_lease_until", "status", "lease_until"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    transcription_id: Mapped[UUID] = mapped_column(
        ForeignKey("transcriptions.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    celery_task_id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[JobKind] = mapped_column(enum_column(JobKind))
    status: Mapped[JobStatus] = mapped_column(enum_column(JobStatus), default=JobStatus.QUEUED)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    queue: Mapped[str] = mapped_column(String(16), default="cpu")
    priority: Mapped[int] = mapped_column(Integer, default=0)
    stage: Mapped[str] = mapped_column(String(40), default="")
    progress: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error_code: Mapped[str] = mapped_column(String(60), default="")
    error_message: Mapped[str] = mapped_column(Text, default="")
    retryable: Mapped[bool] = mapped_column(default=False)
    worker: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    enqueued_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    audio_seconds: Mapped[float | None]
    processing_time_ms: Mapped[int | None]
    request_id: Mapped[str] = mapped_column(String(64), default="", server_default="")
    trace_parent: Mapped[str] = mapped_column(String(55), default="", server_default="")
    """The request that asked for it and its place in a trace (W3C), so that every attempt belongs to them."""
