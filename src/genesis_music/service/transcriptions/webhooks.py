"""Telling webhooks: signed messages (Standard Webhooks), tried again for three days, only to public addresses."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx

from genesis_music.service.config import ServiceSettings
from genesis_music.service.errors import InvalidRequestError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.urls import (
    UnsafeUrlError,
    UrlPolicy,
    check_url,
    safe_client,
)
from genesis_music.service.platform.webhook_signing import signed_headers
from genesis_music.service.transcriptions.repository import DeliveryRepository
from genesis_music.service.transcriptions.tables import Webhook, WebhookDelivery

log = logging.getLogger(__name__)

BACKOFF = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, *[8 * 3600] * 7)
)
"""Pauses before the second, third … attempt; together nearly three days. Then the webhook is disabled."""

SENDERS = 8
"""Messages on their way together: a receiver that does not answer holds up only itself."""

_GONE = 410


@dataclass(frozen=True, slots=True)
class _Message:
    """One attempt at a delivery."""

    id: UUID
    url: str
    secret: str
    body: str


def policy_for(settings: ServiceSettings) -> UrlPolicy:
    """Any public https address, and the hosts that the operator trusts in the own network."""
    return UrlPolicy(private_hosts=settings.webhook_private_hosts)


def accept_url(url: str, settings: ServiceSettings) -> str:
    """Check a webhook's address as text and return it in its plain form.

    Raises:
        InvalidRequestError: no address that we would contact.
    """
    try:
        return check_url(url, policy_for(settings)).text
    except UnsafeUrlError as error:
        faults = [{"field": "body.url", "message": str(error)}]
        raise InvalidRequestError(str(error), extra={"errors": faults}) from error


def deliver_due(platform: Platform) -> int:
    """Send every message whose time has come, several at once; returns how many arrived.

    A message may arrive twice (its id is the same), never not at all: it is put off before it is sent.
    """

    def deliver(message: _Message) -> bool:
        return _record(platform, message, _post(message, platform.settings))

    arrived = 0
    while messages := _take(platform):
        with ThreadPoolExecutor(SENDERS) as pool:
            arrived += sum(pool.map(deliver, messages))
    return arrived


def _take(platform: Platform) -> list[_Message]:
    """Some messages that are due, put off so that nobody else sends them meanwhile."""
    with platform.database.writing() as session:
        deliveries = DeliveryRepository(session)
        return [_put_off(deliveries, row) for row in deliveries.due(utc_now(), 4 * SENDERS)]


def _put_off(deliveries: DeliveryRepository, row: WebhookDelivery) -> _Message:
    webhook = deliveries.session.get_one(Webhook, row.webhook_id)
    pause = BACKOFF[min(row.attempts, len(BACKOFF) - 1)]
    deliveries.update(row, attempts=row.attempts + 1, next_at=utc_now() + pause)
    body = json.dumps(row.payload, separators=(",", ":"), ensure_ascii=False)
    return _Message(row.id, webhook.url, webhook.secret, body)


def _post(message: _Message, settings: ServiceSettings) -> int | None:
    """Return the receiver's status; ``None`` when it could not be reached."""
    headers = {"content-type": "application/json"} | dict(
        signed_headers(
            [message.secret], message_id=f"msg_{message.id.hex}", sent_at=utc_now(), body=message.body
        )
    )
    try:
        with safe_client(policy_for(settings)) as client:
            return client.post(message.url, content=message.body.encode(), headers=headers).status_code
    except (httpx.HTTPError, httpx.InvalidURL, UnsafeUrlError) as error:
        log.info("a webhook could not be reached: %s", type(error).__name__)
        return None


def _record(platform: Platform, message: _Message, status: int | None) -> bool:
    arrived = status is not None and 200 <= status < 300
    with platform.database.writing() as session:
        deliveries = DeliveryRepository(session)
        row = deliveries.find_by_id(message.id)
        if row is None:
            return arrived
        deliveries.update(row, last_status=status)
        if arrived:
            deliveries.update(row, delivered_at=utc_now(), next_at=None)
        elif status == _GONE or row.attempts > len(BACKOFF):
            _disable(deliveries, row)
    return arrived


def _disable(deliveries: DeliveryRepository, row: WebhookDelivery) -> None:
    """Knock no more: neither with this message nor with any other."""
    webhook = deliveries.session.get_one(Webhook, row.webhook_id)
    webhook.disabled_at = utc_now()
    for waiting in deliveries.find_all(webhook_id=webhook.id, delivered_at=None):
        deliveries.update(waiting, next_at=None)
