"""Signatures of webhooks after the Standard Webhooks specification (standardwebhooks.com), scheme ``v1``."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from genesis_music.errors import GenesisError, SettingsError

_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")
_SECRET_PREFIX = "whsec_"
_SECRET_BYTES = 32
_LEAST_SECRET_BYTES, _MOST_SECRET_BYTES = 24, 64
"""What the specification allows."""


class WebhookSignatureError(GenesisError):
    """A webhook that was not signed by us, was changed on the way, or is too old."""

    code = "invalid_webhook_signature"


def new_webhook_secret() -> str:
    """A random secret ``whsec_…`` of 256 bits, to be given to the receiver once."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(
    webhook_secrets: Sequence[str], *, message_id: str, sent_at: datetime, body: str
) -> Mapping[str, str]:
    """The headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature`` of a message.

    ``message_id`` stays the same when a message is sent again, ``sent_at`` (with a time zone) is each attempt's
    own. Several secrets sign side by side while a receiver changes from one to the next.

    Raises:
        SettingsError: a secret is malformed, or the id has other characters than letters, digits, - and _.
    """
    from standardwebhooks import Webhook

    if not _MESSAGE_ID.fullmatch(message_id):
        raise SettingsError(f"A webhook's id must be letters, digits, - and _, not {message_id!r}.")
    moment = sent_at.astimezone(UTC)
    signatures = [Webhook(_secret_bytes(s)).sign(message_id, moment, body) for s in webhook_secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def verify_webhook(webhook_secret: str, headers: Mapping[str, str], body: str) -> None:
    """Check a received webhook: the reference for receivers, and for our own tests.

    Raises:
        WebhookSignatureError: wrong signature, or more than five minutes old or early.
        SettingsError: the secret is malformed.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    try:
        Webhook(_secret_bytes(webhook_secret)).verify(body, dict(headers), json_parse=False)
    except (
        WebhookVerificationError,
        ValueError,
        TypeError,
    ) as error:  # the library lets malformed headers through
        raise WebhookSignatureError("The webhook's signature is not valid: do not trust it.") from error


def _secret_bytes(webhook_secret: str) -> bytes:
    try:
        decoded = base64.b64decode(webhook_secret.removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SettingsError("The webhook's secret is malformed: make a new one.") from error
    if not _LEAST_SECRET_BYTES <= len(decoded) <= _MOST_SECRET_BYTES:
        raise SettingsError("The webhook's secret must be 24 to 64 bytes long: make a new one.")
    return decoded
