"""The append-only log of what was done with accounts and what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.tables import AuditEvent

NOWHERE = RequestInfo()
"""For what the service does on its own."""


class Action(StrEnum):
    """What is logged."""

    SIGN_UP = "account.sign-up"
    SIGN_IN = "account.sign-in"
    SIGN_IN_FAILED = "account.sign-in-failed"
    SIGN_OUT = "account.sign-out"
    SIGN_OUT_EVERYWHERE = "account.sign-out-everywhere"
    REFRESH_REUSED = "account.refresh-reused"
    """A refresh token came twice: its session was ended."""
    PASSWORD_CHANGED = "account.password-changed"
    PASSWORD_WRONG = "account.password-wrong"
    PASSWORD_RESET_ASKED = "account.password-reset-asked"
    PASSWORD_RESET = "account.password-reset"
    ACCOUNT_DELETED = "account.deleted"
    ACCOUNT_EXPORTED = "account.exported"
    SESSION_ENDED = "session.ended"
    API_KEY_CREATED = "api-key.created"
    API_KEY_REVOKED = "api-key.revoked"
    ROLE_CHANGED = "admin.role-changed"
    ACCOUNT_DISABLED = "admin.account-disabled"
    ACCOUNT_ENABLED = "admin.account-enabled"
    AUDIT_EXPORTED = "admin.audit-exported"
    JOB_REPLAYED = "admin.job-replayed"
    SHARE_CREATED = "share.created"
    SHARE_REVOKED = "share.revoked"
    TRANSCRIPTION_DELETED = "transcription.deleted"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_DELETED = "webhook.deleted"


def audit(
    session: Session,
    actor: Identity | UUID | None,
    action: Action,
    subject: object = "",
    info: RequestInfo = NOWHERE,
    **details: Any,
) -> None:
    """Log in the transaction of what is logged: both happen or neither.

    ``actor`` is who did it (``None``: nobody known), ``subject`` the id of what it was done to. ``details`` are JSON
    values and never hold an e-mail address, a token or a password: the log outlives the account.
    """
    actor_id = actor.user_id if isinstance(actor, Identity) else actor
    session.add(
        AuditEvent(
            actor_id=actor_id,
            action=action,
            subject=str(subject),
            address=info.address,
            request_id=info.request_id,
            details=details,
        )
    )


def events_before(
    session: Session,
    before_id: int | None,
    count: int,
    *,
    actor_id: UUID | None = None,
    action: Action | None = None,
) -> Sequence[AuditEvent]:
    """Return at most ``count`` events, newest first, older than ``before_id``."""
    statement = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(count)
    if before_id is not None:
        statement = statement.where(AuditEvent.id < before_id)
    if actor_id is not None:
        statement = statement.where(AuditEvent.actor_id == actor_id)
    if action is not None:
        statement = statement.where(AuditEvent.action == action)
    return session.scalars(statement).all()


def events_after(
    session: Session,
    after_id: int,
    count: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[AuditEvent]:
    """Return at most ``count`` events of ``[since, until)``, oldest first, newer than ``after_id``."""
    statement = select(AuditEvent).where(AuditEvent.id > after_id).order_by(AuditEvent.id).limit(count)
    if since is not None:
        statement = statement.where(AuditEvent.at >= since)
    if until is not None:
        statement = statement.where(AuditEvent.at < until)
    return session.scalars(statement).all()
