"""Users, their preferences, sessions and API keys, and the log of what was done with accounts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from genesis_music.service.platform.database import Base, enum_column, utc_now


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    ADMIN = "admin"


class Notation(StrEnum):
    """What the page shows."""

    TAB = "tab"
    STANDARD = "standard"
    BOTH = "both"


class Difficulty(StrEnum):
    """How experienced the player is."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Theme(StrEnum):
    """Colours of the page."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class User(Base):
    """An account. ``email`` is kept in lower case; the embedded service has one local user."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(enum_column(Role), default=Role.USER)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
    disabled_at: Mapped[datetime | None]
    """Set by an administrator: none of its tokens and keys are accepted until it is cleared."""


class UserPreferences(Base):
    """What a user likes; created with the account."""

    __tablename__ = "user_preferences"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    guitar_tuning: Mapped[str] = mapped_column(String(100), default="standard")
    notation_preference: Mapped[Notation] = mapped_column(enum_column(Notation), default=Notation.TAB)
    difficulty_level: Mapped[Difficulty] = mapped_column(
        enum_column(Difficulty), default=Difficulty.INTERMEDIATE
    )
    theme: Mapped[Theme] = mapped_column(enum_column(Theme), default=Theme.SYSTEM)
    email_notifications: Mapped[bool] = mapped_column(default=True)


class UserSession(Base):
    """One sign-in on one device.

    ``token`` is the id (``jti``) of the newest access token and ``refresh_token`` the SHA-256 of the only refresh
    token that may be used next. A revoked session's tokens are refused at once.
    """

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    refresh_token: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(64), default="")


class SpentRefreshToken(Base):
    """A refresh token that was exchanged: seen again, it was stolen, and its session ends."""

    __tablename__ = "spent_refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    spent_at: Mapped[datetime] = mapped_column(default=utc_now)


class ApiKey(Base):
    """A key for a program; only its SHA-256 is kept."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    start: Mapped[str] = mapped_column(String(16))
    """The first characters, so that its owner recognises it."""
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEvent(Base):
    """Something security-relevant that happened. Append-only: the database itself refuses changes.

    ``actor_id`` has no foreign key: the log outlives the account.
    """

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_actor_id_at", "actor_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(100), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(64), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class IdempotencyKey(Base):
    """The answer to a request that its sender may repeat: the same key gives the same answer, once."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    status: Mapped[int | None]
    """``None`` while the first request is still being answered."""
    body: Mapped[str | None] = mapped_column(Text)
