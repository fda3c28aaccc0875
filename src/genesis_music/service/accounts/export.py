"""Everything the service keeps about a user, for the user to take along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.observers import AccountObserver
from genesis_music.service.accounts.tables import ApiKey, AuditEvent, User, UserPreferences, UserSession
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import Base, utc_now

SCHEMA = "genesis.export/1"
SECRETS = frozenset({"password_hash", "token", "refresh_token", "key_hash"})
"""Columns that prove who somebody is: never given away, not even to their owner."""


def export_account(
    platform: Platform, identity: Identity, observers: Sequence[AccountObserver], info: RequestInfo
) -> dict[str, Any]:
    """Collect a user's data; what observers add stands under their own names."""
    user_id = identity.user_id
    with platform.database.writing(user_id) as session:
        audit(session, identity, Action.ACCOUNT_EXPORTED, user_id, info)
    with platform.database.reading(user_id) as session:
        document = {
            "schema": SCHEMA,
            "exported_at": utc_now(),
            "account": as_json(session.get(User, user_id)),
            "preferences": as_json(session.get(UserPreferences, user_id)),
            "sessions": _rows(session, UserSession, UserSession.user_id == user_id),
            "api_keys": _rows(session, ApiKey, ApiKey.user_id == user_id),
            "audit_events": _rows(session, AuditEvent, AuditEvent.actor_id == user_id),
        }
        for observer in observers:
            document |= observer.export(session, user_id)
    return document


def as_json(row: Base | None) -> dict[str, Any] | None:
    """Return a row's columns by name, without secrets."""
    if row is None:
        return None
    names: Iterable[str] = (column.key for column in row.__mapper__.column_attrs)
    return {name: getattr(row, name) for name in names if name not in SECRETS}


def _rows(session: Session, table: type[Base], condition: Any) -> list[dict[str, Any] | None]:
    return [as_json(row) for row in session.scalars(select(table).where(condition))]
