"""The audit log for other systems: as NDJSON or CSV, oldest first, a piece at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from genesis_music.service.accounts.audit import events_after
from genesis_music.service.accounts.tables import AuditEvent
from genesis_music.service.platform.database import Database

EVENTS_AT_ONCE = 1000
COLUMNS = ("id", "at", "actor_id", "action", "subject", "address", "request_id", "details")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet compute a cell: some of them hold what strangers sent."""


class AuditFormat(StrEnum):
    """How a log is written."""

    NDJSON = "ndjson"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        """What servers call it."""
        return {"ndjson": "application/x-ndjson", "csv": "text/csv"}[self]


def export_audit(
    database: Database, kind: AuditFormat, since: datetime | None, until: datetime | None
) -> Iterator[str]:
    """Yield all events in ``[since, until)`` as text, in pieces; no transaction stays open between them.

    What is logged while it runs is in it as well, unless ``until`` says otherwise.
    """
    write = _WRITERS[kind]
    if kind is AuditFormat.CSV:
        yield _csv_lines([dict(zip(COLUMNS, COLUMNS, strict=True))])
    last = 0
    while events := _page(database, last, since, until):
        yield write([_row(event) for event in events])
        last = events[-1].id


def _page(
    database: Database, after_id: int, since: datetime | None, until: datetime | None
) -> Sequence[AuditEvent]:
    with Session(database.primary) as session:
        return events_after(session, after_id, EVENTS_AT_ONCE, since=since, until=until)


def _row(event: AuditEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "at": event.at.isoformat(),
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "action": event.action,
        "subject": event.subject,
        "address": event.address,
        "request_id": event.request_id,
        "details": event.details,
    }


def _json_lines(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv_lines(rows: Sequence[Mapping[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


_WRITERS: Mapping[AuditFormat, Callable[[Sequence[Mapping[str, object]]], str]] = {
    AuditFormat.NDJSON: _json_lines,
    AuditFormat.CSV: _csv_lines,
}
