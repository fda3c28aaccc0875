"""Receivers can trust a webhook that verifies, and no other does."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.errors import SettingsError
from genesis_music.service.platform.webhook_signing import (
    WebhookSignatureError,
    new_webhook_secret,
    signed_headers,
    verify_webhook,
)

SECRET, OTHER = new_webhook_secret(), new_webhook_secret()
BODY = '{"type": "transcription.complete", "title": "Für Anna"}'


def signed(*secrets: str, body: str = BODY, sent_at: datetime | None = None) -> dict[str, str]:
    moment = sent_at or datetime.now(UTC)
    return dict(signed_headers(secrets or (SECRET,), message_id="msg_1", sent_at=moment, body=body))


def test_the_example_of_the_specification_comes_out_the_same() -> None:
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        sent_at=datetime.fromtimestamp(1614265330, UTC),
        body='{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_a_signed_message_verifies_whatever_the_case_of_its_headers() -> None:
    verify_webhook(SECRET, signed(), BODY)
    verify_webhook(SECRET, {name.title(): value for name, value in signed().items()}, BODY)


def test_the_senders_time_zone_does_not_matter() -> None:
    verify_webhook(SECRET, signed(sent_at=datetime.now(timezone(timedelta(hours=9)))), BODY)


def test_during_a_rotation_both_secrets_verify() -> None:
    headers = signed(SECRET, OTHER)
    verify_webhook(SECRET, headers, BODY)
    verify_webhook(OTHER, headers, BODY)
    with pytest.raises(WebhookSignatureError):
        verify_webhook(new_webhook_secret(), headers, BODY)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_early_message_is_not_trusted(minutes: int) -> None:
    with pytest.raises(WebhookSignatureError):
        verify_webhook(SECRET, signed(sent_at=datetime.now(UTC) + timedelta(minutes=minutes)), BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "1e400"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": "v2," + base64.b64encode(bytes(32)).decode()},
        {"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()},
    ],
)
def test_a_changed_or_broken_header_is_not_trusted(change: dict[str, str]) -> None:
    with pytest.raises(WebhookSignatureError):
        verify_webhook(SECRET, signed() | change, BODY)


@given(st.text(), st.text())
def test_another_body_is_not_trusted(body: str, other: str) -> None:
    headers = signed(body=body)
    if other == body:
        verify_webhook(SECRET, headers, other)
    else:
        with pytest.raises(WebhookSignatureError):
            verify_webhook(SECRET, headers, other)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_!!!", "whsec_" + base64.b64encode(b"short").decode(), "x" * 200]
)
def test_a_malformed_secret_is_said_and_not_used(secret: str) -> None:
    with pytest.raises(SettingsError):
        signed(secret)
    with pytest.raises(SettingsError):
        verify_webhook(secret, signed(), BODY)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\r\nx: y", "é"])
def test_an_id_that_would_blur_the_signature_is_refused(message_id: str) -> None:
    with pytest.raises(SettingsError):
        signed_headers([SECRET], message_id=message_id, sent_at=datetime.now(UTC), body=BODY)


def test_secrets_are_long_and_never_the_same() -> None:
    assert len({new_webhook_secret() for _ in range(100)}) == 100
    assert len(base64.b64decode(SECRET.removeprefix("whsec_"))) == 32
