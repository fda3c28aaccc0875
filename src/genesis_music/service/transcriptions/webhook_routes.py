"""Routes of webhooks."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfoOf
from genesis_music.service.accounts.dependencies import CurrentUser
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import ConflictError
from genesis_music.service.openapi import problem_responses
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.webhook_signing import new_webhook_secret
from genesis_music.service.transcriptions.notifications import WebhookEvent, queue_delivery
from genesis_music.service.transcriptions.repository import DeliveryRepository, WebhookRepository
from genesis_music.service.transcriptions.schemas import (
    DeliveryView,
    NewWebhook,
    WebhookChange,
    WebhookRequest,
    WebhookView,
)
from genesis_music.service.transcriptions.webhooks import accept_url

router = APIRouter(prefix="/webhooks", tags=["webhooks"], responses=problem_responses(404, 409))

MOST_WEBHOOKS = 10
SHOWN_DELIVERIES = 50


@router.post("", status_code=201)
def create_webhook(
    request: WebhookRequest, identity: CurrentUser, platform: PlatformOf, info: RequestInfoOf
) -> NewWebhook:
    """Have an address told of finished jobs; messages are signed with the secret in the answer."""
    url = accept_url(request.url, platform.settings)
    with platform.database.writing(identity.user_id) as session:
        webhooks = WebhookRepository(session)
        if webhooks.count(identity.user_id) >= MOST_WEBHOOKS:
            raise ConflictError(f"You have {MOST_WEBHOOKS} webhooks already: delete one first.")
        events = sorted(request.events)
        row = webhooks.create(user_id=identity.user_id, url=url, events=events, secret=new_webhook_secret())
        audit(session, identity, Action.WEBHOOK_CREATED, row.id, info)
        return NewWebhook.model_validate(row)


@router.get("")
def list_webhooks(identity: CurrentUser, platform: PlatformOf) -> list[WebhookView]:
    """List one's webhooks."""
    with platform.database.reading(identity.user_id) as session:
        rows = WebhookRepository(session).find_all(user_id=identity.user_id)
        return [WebhookView.model_validate(row) for row in sorted(rows, key=lambda row: row.created_at)]


@router.get("/{webhook_id}")
def get_webhook(webhook_id: UUID, identity: CurrentUser, platform: PlatformOf) -> WebhookView:
    """Show one webhook."""
    with platform.database.reading(identity.user_id) as session:
        return WebhookView.model_validate(WebhookRepository(session).of_user(webhook_id, identity.user_id))


@router.patch("/{webhook_id}")
def change_webhook(
    webhook_id: UUID, request: WebhookChange, identity: CurrentUser, platform: PlatformOf
) -> WebhookView:
    """Change the address or the events; stop it, or start it again after it was disabled."""
    changes: dict[str, object] = {}
    if request.url is not None:
        changes["url"] = accept_url(request.url, platform.settings)
    if request.events is not None:
        changes["events"] = sorted(request.events)
    if request.enabled is not None:
        changes["disabled_at"] = None if request.enabled else utc_now()
    with platform.database.writing(identity.user_id) as session:
        webhooks = WebhookRepository(session)
        row = webhooks.update(webhooks.of_user(webhook_id, identity.user_id), **changes)
        return WebhookView.model_validate(row)


@router.delete("/{webhook_id}", status_code=204)
def delete_webhook(
    webhook_id: UUID, identity: CurrentUser, platform: PlatformOf, info: RequestInfoOf
) -> None:
    """Tell the address nothing more."""
    with platform.database.writing(identity.user_id) as session:
        webhooks = WebhookRepository(session)
        webhooks.delete(webhooks.of_user(webhook_id, identity.user_id))
        audit(session, identity, Action.WEBHOOK_DELETED, webhook_id, info)


@router.post("/{webhook_id}/test", status_code=202)
def test_webhook(webhook_id: UUID, identity: CurrentUser, platform: PlatformOf) -> DeliveryView:
    """Send a signed `ping`, as soon as a worker can; see the deliveries for what came of it."""
    with platform.database.writing(identity.user_id) as session:
        row = WebhookRepository(session).of_user(webhook_id, identity.user_id)
        if row.disabled_at is not None:
            raise ConflictError("The webhook is disabled: enable it first.")
        delivery = queue_delivery(session, row.id, WebhookEvent.PING, {"webhook_id": str(row.id)})
        return DeliveryView.model_validate(delivery)


@router.get("/{webhook_id}/deliveries")
def list_deliveries(webhook_id: UUID, identity: CurrentUser, platform: PlatformOf) -> list[DeliveryView]:
    """The last messages to a webhook and what became of them, newest first."""
    with platform.database.reading(identity.user_id) as session:
        row = WebhookRepository(session).of_user(webhook_id, identity.user_id)
        deliveries = DeliveryRepository(session).newest(row.id, SHOWN_DELIVERIES)
        return [DeliveryView.model_validate(one) for one in deliveries]
