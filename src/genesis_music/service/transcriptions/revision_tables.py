"""Revisions: every state that a transcription was ever left in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from genesis_music.service.platform.database import Base, enum_column, utc_now

LONGEST_SUMMARY = 300


class RevisionKind(StrEnum):
    """How a revision came about: a job wrote it, a user edited it, or went back to an older one."""

    MACHINE = "machine"
    EDIT = "edit"
    RESTORE = "restore"


class Revision(Base):
    """One state of a transcription; numbers count from 0 without gaps when they are made, and never change.

    ``document`` is the key of its tab JSON in the object store, never written again; ``prefix`` the folder where all
    its files lie when a job made them, ``None`` when they are made on demand. ``user_id`` is who made it, ``None``
    for a job.
    """

    __tablename__ = "revisions"

    transcription_id: Mapped[UUID] = mapped_column(
        ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    kind: Mapped[RevisionKind] = mapped_column(enum_column(RevisionKind))
    summary: Mapped[str] = mapped_column(String(LONGEST_SUMMARY), default="")
    document: Mapped[str] = mapped_column(String(255), index=True)
    prefix: Mapped[str | None] = mapped_column(String(255), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
