"""News of finished jobs: written down in the transaction that ends the job, told afterwards."""

from __future__ import annotations

import logging
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.service.accounts.tables import User, UserPreferences
from genesis_music.service.errors import ServiceError, UnavailableError
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.mail import can_send_mail, send_mail
from genesis_music.service.transcriptions.repository import (
    DeliveryRepository,
    EmailRepository,
    TranscriptionRepository,
    WebhookRepository,
)
from genesis_music.service.transcriptions.tables import Transcription, WebhookDelivery

log = logging.getLogger(__name__)

EMAIL_BACKOFF = timedelta(minutes=2)
MOST_EMAIL_ATTEMPTS = 10


class WebhookEvent(StrEnum):
    """What webhooks are told of."""

    COMPLETE = "transcription.complete"
    FAILED = "transcription.failed"
    PING = "ping"


_EVENTS = {JobStatus.COMPLETE: WebhookEvent.COMPLETE, JobStatus.FAILED: WebhookEvent.FAILED}


def announce(session: Session, job: Job, platform: Platform) -> None:
    """Write down who is to be told of a job that has ended; a user who cancelled knows."""
    row = TranscriptionRepository(session).find_by_id(job.transcription_id)
    event = _EVENTS.get(job.status)
    if row is None or event is None:
        return
    for webhook in WebhookRepository(session).find_all(user_id=job.user_id, disabled_at=None):
        if event in webhook.events:
            queue_delivery(session, webhook.id, event, _facts(row, job, platform))
    if job.kind is JobKind.TRANSCRIBE and can_send_mail(platform) and _wants_email(session, job.user_id):
        EmailRepository(session).create(user_id=job.user_id, job_id=job.id)


def queue_delivery(
    session: Session, webhook_id: UUID, event: WebhookEvent, data: dict[str, Any]
) -> WebhookDelivery:
    """Write down a message to a webhook, to be sent at once."""
    now = utc_now()
    payload = {"type": str(event), "timestamp": now.isoformat(), "data": data}
    return DeliveryRepository(session).create(
        webhook_id=webhook_id, event=event, payload=payload, next_at=now
    )


def _facts(row: Transcription, job: Job, platform: Platform) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "transcription_id": str(row.id),
        "job_id": str(job.id),
        "kind": str(job.kind),
        "title": row.title,
        "status": str(job.status),
        "url": page_url(platform, row.id),
    }
    if job.status is JobStatus.FAILED:
        facts["error"] = {
            "code": job.error_code,
            "message": job.error_message,
            "retryable": job.retryable,
        }
    return facts


def page_url(platform: Platform, transcription_id: UUID) -> str:
    """Where a user sees the transcription."""
    return f"{platform.settings.public_url.rstrip('/')}/t/{transcription_id}"


def _wants_email(session: Session, user_id: UUID) -> bool:
    preferences = session.get(UserPreferences, user_id)
    return preferences is None or preferences.email_notifications


def send_due_emails(platform: Platform) -> int:
    """Send the e-mails whose time has come; returns how many were sent.

    Each is put off before it is tried, so that two workers never send the same one.
    """
    sent = 0
    while True:
        with platform.database.writing() as session:
            row = EmailRepository(session).due(utc_now())
            if row is None:
                return sent
            EmailRepository(session).update(
                row, attempts=row.attempts + 1, next_at=utc_now() + EMAIL_BACKOFF * 2**row.attempts
            )
            letter = _letter(session, row.job_id, platform)
        sent += _send(platform, row.id, letter, last=row.attempts >= MOST_EMAIL_ATTEMPTS)


def _send(platform: Platform, id_: UUID, letter: tuple[str, str, str] | None, *, last: bool) -> bool:
    sent = False
    try:
        if letter is not None:
            send_mail(platform, *letter)
            sent = True
    except UnavailableError as error:
        log.warning("an e-mail has to wait: %s", error)
        if not last:
            return False
    except ServiceError as error:
        log.warning("an e-mail cannot be sent: %s", error)
    with platform.database.writing() as session:
        emails = EmailRepository(session)
        if (row := emails.find_by_id(id_)) is not None:
            emails.delete(row)
    return sent


def _letter(session: Session, job_id: UUID, platform: Platform) -> tuple[str, str, str] | None:
    """Address, subject and text; ``None`` when there is nothing to tell any more."""
    job = session.get(Job, job_id)
    row = session.get(Transcription, job.transcription_id) if job is not None else None
    user = (
        session.scalars(select(User).where(User.id == job.user_id)).one_or_none() if job is not None else None
    )
    if job is None or row is None or user is None:
        return None
    link = page_url(platform, row.id)
    if job.status is JobStatus.COMPLETE:
        return user.email, f"Your tab is ready: {row.title}", f"The tab of “{row.title}” is ready:\n\n{link}"
    support = platform.settings.support_email
    return (
        user.email,
        f"No tab yet: {row.title}",
        f"“{row.title}” could not be transcribed. {job.error_message}\n\n"
        f"You can try other settings or another recording: {link}"
        + (
            f"\n\nIf it stays like this, write to {support} and name the reference {job.id}."
            if support
            else ""
        ),
    )
