"""Rows of transcriptions and what belongs to them: the questions their services ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from genesis_music.service.errors import InvalidRequestError, NotFoundError
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.platform.repository import Repository
from genesis_music.service.transcriptions.paging import Cursor, decode_cursor
from genesis_music.service.transcriptions.tables import (
    EmailNotification,
    Share,
    SourceType,
    Transcription,
    Upload,
    Webhook,
    WebhookDelivery,
)

UNKNOWN_NUMBER = -1
"""Where a transcription without a tempo or length stands in the order."""


class Sort(StrEnum):
    """Orders of a list; ``-`` is descending."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    TITLE = "title"
    TITLE_DESCENDING = "-title"
    SHORTEST = "duration"
    LONGEST = "-duration"
    SLOWEST = "tempo"
    FASTEST = "-tempo"

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.value.startswith("-")

    @property
    def field(self) -> str:
        """What is compared."""
        return self.value.removeprefix("-")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which transcriptions a list shows; ``None`` and empty: all. Bounds are inclusive."""

    statuses: tuple[JobStatus, ...] = ()
    source_type: SourceType | None = None
    key_signature: str | None = None
    least_tempo: int | None = None
    most_tempo: int | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    words: str | None = None
    """To be found in the title, the file's name or the link."""


class TranscriptionRepository(Repository[Transcription]):
    """Transcriptions."""

    table = Transcription

    def of_user(self, id_: UUID, user_id: UUID, *, locked: bool = False) -> Transcription:
        """Return a user's transcription, for changing when ``locked``.

        Raises:
            NotFoundError: there is none, or it is another's.
        """
        query = select(Transcription).where(Transcription.id == id_, Transcription.user_id == user_id)
        row = self.session.scalars(query.with_for_update() if locked else query).one_or_none()
        if row is None:
            raise NotFoundError("There is no such transcription; it may have been deleted.")
        return row

    def page(
        self, user_id: UUID, which: Filter, sort: Sort, cursor: str | None, limit: int
    ) -> tuple[Sequence[Transcription], str | None]:
        """Return up to ``limit`` rows after the cursor, and the cursor of the next page (``None``: the last one)."""
        column = _column(sort)
        query = select(Transcription).where(Transcription.user_id == user_id, *_conditions(which))
        if cursor:
            query = query.where(_after(decode_cursor(cursor, sort), sort))
        order = [column.desc(), Transcription.id.desc()] if sort.descending else [column, Transcription.id]
        rows = self.session.scalars(query.order_by(*order).limit(limit + 1)).all()
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], self._cursor(rows[limit - 1], sort).encode()

    def newest_job(self, transcription_id: UUID) -> Job | None:
        """The job whose state is the transcription's state."""
        query = select(Job).where(Job.transcription_id == transcription_id)
        return self.session.scalars(
            query.order_by(Job.created_at.desc(), Job.id.desc()).limit(1)
        ).one_or_none()

    def uses_audio(self, key: str) -> bool:
        """Whether any transcription, of any user, has this recording."""
        return (
            self.session.scalar(select(Transcription.id).where(Transcription.audio_path == key).limit(1))
            is not None
        )

    def uses_stems(self, prefix: str) -> bool:
        """Whether any transcription, of any user, has these stems."""
        return (
            self.session.scalar(select(Transcription.id).where(Transcription.stems_prefix == prefix).limit(1))
            is not None
        )

    def audio_keys(self, user_id: UUID) -> Sequence[str]:
        """Keys of all recordings of a user, each once."""
        query = select(Transcription.audio_path).where(Transcription.user_id == user_id).distinct()
        return [key for key in self.session.scalars(query) if key]

    def _cursor(self, row: Transcription, sort: Sort) -> Cursor:
        value = self.session.scalar(select(_column(sort)).where(Transcription.id == row.id))
        return Cursor(sort, value.isoformat() if isinstance(value, datetime) else value or 0, row.id)


class ShareRepository(Repository[Share]):
    """Links that show a transcription to anybody."""

    table = Share

    def by_token_hash(self, token_hash: str) -> Share | None:
        """Return the link with that token, revoked or not."""
        return self.session.scalars(select(Share).where(Share.token_hash == token_hash)).one_or_none()


class UploadRepository(Repository[Upload]):
    """Resumable uploads."""

    table = Upload

    def of_user(self, id_: UUID, user_id: UUID, *, locked: bool = False) -> Upload:
        """Return a user's upload; raises NotFoundError."""
        query = select(Upload).where(Upload.id == id_, Upload.user_id == user_id)
        row = self.session.scalars(query.with_for_update() if locked else query).one_or_none()
        if row is None:
            raise NotFoundError("There is no such upload; it may have expired.")
        return row

    def count(self, user_id: UUID) -> int:
        """How many unfinished uploads a user has."""
        query = select(func.count()).where(Upload.user_id == user_id, Upload.transcription_id.is_(None))
        return self.session.scalar(query) or 0

    def expired(self, now: datetime, limit: int) -> Sequence[Upload]:
        """Uploads whose time is over."""
        return self.session.scalars(select(Upload).where(Upload.expires_at < now).limit(limit)).all()


class WebhookRepository(Repository[Webhook]):
    """Addresses that are told of finished jobs."""

    table = Webhook

    def of_user(self, id_: UUID, user_id: UUID) -> Webhook:
        """Return a user's webhook; raises NotFoundError."""
        query = select(Webhook).where(Webhook.id == id_, Webhook.user_id == user_id)
        row = self.session.scalars(query).one_or_none()
        if row is None:
            raise NotFoundError("There is no such webhook.")
        return row

    def count(self, user_id: UUID) -> int:
        """How many a user has."""
        return self.session.scalar(select(func.count()).where(Webhook.user_id == user_id)) or 0


class DeliveryRepository(Repository[WebhookDelivery]):
    """Messages to webhooks."""

    table = WebhookDelivery

    def due(self, now: datetime, limit: int) -> Sequence[WebhookDelivery]:
        """Messages to enabled webhooks whose time has come, locked; what another process has in hand is skipped."""
        query = (
            select(WebhookDelivery)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(WebhookDelivery.delivered_at.is_(None), WebhookDelivery.next_at <= now)
            .where(Webhook.disabled_at.is_(None))
            .order_by(WebhookDelivery.next_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=WebhookDelivery)
        )
        return self.session.scalars(query).all()

    def newest(self, webhook_id: UUID, limit: int) -> Sequence[WebhookDelivery]:
        """A webhook's last messages, newest first."""
        query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
        return self.session.scalars(query.order_by(WebhookDelivery.created_at.desc()).limit(limit)).all()


class EmailRepository(Repository[EmailNotification]):
    """E-mails that are to be sent."""

    table = EmailNotification

    def due(self, now: datetime) -> EmailNotification | None:
        """The next e-mail whose time has come, locked; what another process has in hand is skipped."""
        query = select(EmailNotification).where(EmailNotification.next_at <= now)
        query = query.order_by(EmailNotification.next_at).limit(1).with_for_update(skip_locked=True)
        return self.session.scalars(query).one_or_none()


def lock_content(session: Session, key: str) -> None:
    """Hold whoever else claims or releases the same recording until this transaction ends.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(sha256(key.encode()).digest()[:8], signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _conditions(which: Filter) -> list[ColumnElement[bool]]:
    conditions = [_contains(word) for word in (which.words or "").split()]
    if which.statuses:
        conditions.append(Transcription.status.in_(which.statuses))
    if which.source_type is not None:
        conditions.append(Transcription.source_type == which.source_type)
    if which.key_signature:
        conditions.append(func.lower(Transcription.key_signature) == which.key_signature.lower())
    return [*conditions, *_bounds(which)]


def _bounds(which: Filter) -> Iterator[ColumnElement[bool]]:
    if which.least_tempo is not None:
        yield Transcription.tempo >= which.least_tempo
    if which.most_tempo is not None:
        yield Transcription.tempo <= which.most_tempo
    if which.created_from is not None:
        yield Transcription.created_at >= which.created_from
    if which.created_to is not None:
        yield Transcription.created_at <= which.created_to


def _contains(word: str) -> ColumnElement[bool]:
    columns: tuple[InstrumentedAttribute[str] | InstrumentedAttribute[str | None], ...] = (
        Transcription.title,
        Transcription.source_filename,
        Transcription.source_url,
    )
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def _column(sort: Sort) -> SQLColumnExpression[Any]:
    return {
        "created_at": Transcription.created_at,
        "title": func.lower(Transcription.title),
        "duration": func.coalesce(Transcription.duration_seconds, UNKNOWN_NUMBER),
        "tempo": func.coalesce(Transcription.tempo, UNKNOWN_NUMBER),
    }[sort.field]


def _after(cursor: Cursor, sort: Sort) -> ColumnElement[bool]:
    column, value = _column(sort), _compared(cursor, sort)
    if sort.descending:
        return or_(column < value, and_(column == value, Transcription.id < cursor.id))
    return or_(column > value, and_(column == value, Transcription.id > cursor.id))


def _compared(cursor: Cursor, sort: Sort) -> datetime | str | int:
    """The cursor's value in the type of its column."""
    try:
        if sort.field == "created_at":
            return datetime.fromisoformat(str(cursor.value)).astimezone(UTC)
        return str(cursor.value) if sort.field == "title" else int(cursor.value)
    except (ValueError, OverflowError) as error:
        raise InvalidRequestError("The cursor is damaged: begin again without it.") from error
