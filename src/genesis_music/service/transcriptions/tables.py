"""Transcriptions, what belongs to them, and uploads on their way."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from genesis_music.service.jobs.tables import JobStatus
from genesis_music.service.platform.database import Base, JsonDocument, enum_column, utc_now


class SourceType(StrEnum):
    """Where the recording comes from."""

    FILE = "file"
    URL = "url"


class Transcription(Base):
    """A recording and what was made of it.

    ``status`` and ``progress`` (0..100) are those of its newest job; when that ends in vain and there is a result of an
    earlier one, the transcription is complete as before. Paths are keys in the object store:
    ``audio_path`` the original recording (shared by all transcriptions of the same content), ``heard_path`` what the
    network heard, ``result_prefix`` the folder of the finished files, ``stems_prefix`` that of the stems (shared as the
    recording is; ``None`` where it was not taken apart). ``tab_data`` and ``theory_analysis`` describe tab and
    analysis as a whole (``summaries.py``).
    """

    __tablename__ = "transcriptions"
    __table_args__ = (Index("ix_transcriptions_user_id_created_at_id", "user_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(300), default="")
    source_type: Mapped[SourceType] = mapped_column(enum_column(SourceType))
    source_url: Mapped[str | None] = mapped_column(Text)
    source_filename: Mapped[str | None] = mapped_column(String(255))
    source_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[JobStatus] = mapped_column(enum_column(JobStatus), default=JobStatus.QUEUED, index=True)
    progress: Mapped[int] = mapped_column(Integer, default=0)
    audio_path: Mapped[str | None] = mapped_column(String(255), index=True)
    midi_path: Mapped[str | None] = mapped_column(String(255))
    heard_path: Mapped[str | None] = mapped_column(String(255))
    result_prefix: Mapped[str | None] = mapped_column(String(255))
    stems_prefix: Mapped[str | None] = mapped_column(String(255), index=True)
    tab_data: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument, deferred=True)
    theory_analysis: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument, deferred=True)
    revisions: Mapped[int] = mapped_column("revision", Integer, default=0)
    """How many revisions were made: 1 after the first result, one more after every edit or re-tab."""
    duration_seconds: Mapped[int | None]
    tempo: Mapped[int | None]
    key_signature: Mapped[str | None] = mapped_column(String(40))
    time_signature: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    completed_at: Mapped[datetime | None]

    @property
    def revision(self) -> int | None:
        """Number of the latest revision; ``None`` before the first result."""
        return self.revisions - 1 if self.revisions else None


class Share(Base):
    """A link that shows one transcription to anybody who has it, until it is revoked."""

    __tablename__ = "shares"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    transcription_id: Mapped[UUID] = mapped_column(
        ForeignKey("transcriptions.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Upload(Base):
    """A resumable upload: its pieces lie in the object store under ``prefix`` until it is complete."""

    __tablename__ = "uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(255), default="")
    length_bytes: Mapped[int] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    prefix: Mapped[str] = mapped_column(String(255))
    pieces: Mapped[list[str]] = mapped_column(default=list)
    """Keys of the pieces that count, in order: of two that came for the same place one was refused."""
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    transcription_id: Mapped[UUID | None] = mapped_column(ForeignKey("transcriptions.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Webhook(Base):
    """An address that is told of finished jobs."""

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(100))
    events: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    disabled_at: Mapped[datetime | None]
    """Set when deliveries failed for days, so that nobody knocks for ever."""


class WebhookDelivery(Base):
    """One message to a webhook and how its delivery went."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (Index("ix_webhook_deliveries_delivered_at_next_at", "delivered_at", "next_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_status: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    next_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class EmailNotification(Base):
    """An e-mail about a finished job that is to be sent; the row goes when it was."""

    __tablename__ = "email_notifications"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    next_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
