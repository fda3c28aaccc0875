"""Webhooks: told of finished jobs, signed, tried again, never to private addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.webhook_signing import verify_webhook
from genesis_music.service.transcriptions.repository import DeliveryRepository
from genesis_music.service.transcriptions.webhooks import BACKOFF, deliver_due
from tests.service.conftest import Person, client_of, with_settings
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench


@dataclass
class Receiver:
    """Somebody's server; ``status`` is what it answers."""

    url: str
    status: int = 204
    received: list[tuple[dict[str, str], str]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            told.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(told.status)
            self.send_header("location", "http://169.254.169.254/")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def trusting(platform: Platform, receiver: Receiver) -> Platform:
    """The operator trusts the receiver in the own network."""
    return with_settings(platform, webhook_private_hosts=(receiver.url.split("/")[2],))


@pytest.fixture
def trusting_api(trusting: Platform, user: Person) -> Iterator[Api]:
    with client_of(trusting) as client:
        yield Api(client, user)


def test_finished_and_failed_jobs_are_told_with_a_signature(
    trusting_api: Api, quick: Workbench, trusting: Platform, receiver: Receiver, tone: bytes, monkeypatch
) -> None:
    webhook = trusting_api("POST", "/webhooks", json={"url": receiver.url}).json()
    only_failures = {"url": receiver.url + "?2", "events": ["transcription.failed"]}
    trusting_api("POST", "/webhooks", json=only_failures)
    first = trusting_api.accepted(tone)
    quick.work()
    assert deliver_due(trusting) == 1
    headers, body = receiver.received.pop()
    verify_webhook(webhook["secret"], headers, body)
    message = json.loads(body)
    assert (message["type"], message["data"]["transcription_id"]) == ("transcription.complete", first)

    monkeypatch.setattr("genesis_music.service.transcriptions.handler.stored_options", _refuse)
    trusting_api.accepted(tone)
    quick.work()
    monkeypatch.undo()
    assert deliver_due(trusting) == 2
    assert {json.loads(body)["type"] for _, body in receiver.received} == {"transcription.failed"}
    assert json.loads(receiver.received[0][1])["data"]["error"]["message"] == "no use"
    assert deliver_due(trusting) == 0


def _refuse(_: object) -> None:
    from genesis_music.errors import SettingsError

    raise SettingsError("no use")


@SQLITE_ONLY
def test_a_message_is_sent_again_until_it_arrives(
    trusting_api: Api, trusting: Platform, receiver: Receiver
) -> None:
    id_ = trusting_api("POST", "/webhooks", json={"url": receiver.url}).json()["id"]
    receiver.status = 500
    assert trusting_api("POST", f"/webhooks/{id_}/test").status_code == 202
    assert deliver_due(trusting) == 0
    assert deliver_due(trusting) == 0  # not before its time
    assert len(receiver.received) == 1
    receiver.status = 302  # redirects are not followed
    _make_due(trusting)
    assert deliver_due(trusting) == 0
    receiver.status = 204
    _make_due(trusting)
    assert deliver_due(trusting) == 1
    ids = {headers["webhook-id"] for headers, _ in receiver.received}
    assert len(ids) == 1
    shown = trusting_api("GET", f"/webhooks/{id_}/deliveries").json()
    assert [(one["event"], one["attempts"], one["last_status"]) for one in shown] == [("ping", 3, 204)]
    assert shown[0]["delivered_at"]


@SQLITE_ONLY
@pytest.mark.parametrize("status", [500, 410])
def test_an_address_that_fails_for_days_or_is_gone_is_left_alone(
    trusting_api: Api, trusting: Platform, receiver: Receiver, status: int
) -> None:
    id_ = trusting_api("POST", "/webhooks", json={"url": receiver.url}).json()["id"]
    trusting_api("POST", f"/webhooks/{id_}/test")
    receiver.status = status
    for _ in range(len(BACKOFF) + 3):
        deliver_due(trusting)
        _make_due(trusting)
    assert len(receiver.received) == (1 if status == 410 else len(BACKOFF) + 1)
    assert trusting_api("GET", f"/webhooks/{id_}").json()["disabled_at"]
    assert trusting_api("POST", f"/webhooks/{id_}/test").status_code == 409
    assert trusting_api("PATCH", f"/webhooks/{id_}", json={"enabled": True}).json()["disabled_at"] is None
    receiver.status = 204
    trusting_api("POST", f"/webhooks/{id_}/test")
    assert deliver_due(trusting) == 1


def test_attempts_go_on_for_about_three_days() -> None:
    assert timedelta(days=2) < sum(BACKOFF, timedelta()) < timedelta(days=4)


def _make_due(platform: Platform) -> None:
    with platform.database.writing() as session:
        deliveries = DeliveryRepository(session)
        for row in deliveries.find_all(delivered_at=None):
            if row.next_at is not None:
                deliveries.update(row, next_at=utc_now() - timedelta(seconds=1))


@SQLITE_ONLY
def test_private_and_odd_addresses_are_refused(api: Api) -> None:
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://user:pw@example.com/",
        "https://example.com:22/",
        "https:///x",
        "gopher://example.com/",
        "https://exa mple.com/",
        "https://[::1",
        "x" * 2048,
    ]:
        answer = api("POST", "/webhooks", json={"url": url})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == "body.url"


@SQLITE_ONLY
def test_webhooks_are_ones_own_and_few(api: Api, other_api: Api) -> None:
    made = [api("POST", "/webhooks", json={"url": f"https://example.com/{n}"}) for n in range(11)]
    assert [answer.status_code for answer in made] == [201] * 10 + [409]
    id_ = made[0].json()["id"]
    assert "secret" not in str(api("GET", "/webhooks").json())
    assert len(api("GET", "/webhooks").json()) == 10
    assert other_api("GET", "/webhooks").json() == []
    changed = api("PATCH", f"/webhooks/{id_}", json={"events": ["transcription.failed"]}).json()
    assert changed["events"] == ["transcription.failed"]
    assert api("PATCH", f"/webhooks/{id_}", json={"url": "https://10.0.0.1"}).status_code == 422
    assert api("PATCH", f"/webhooks/{id_}", json={"events": []}).status_code == 422
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("GET", "/deliveries"),
    ):
        answer = other_api(method, f"/webhooks/{id_}{path}", json={} if method == "PATCH" else None)
        assert answer.status_code == 404
    assert api("DELETE", f"/webhooks/{id_}").status_code == 204
    assert api("GET", f"/webhooks/{id_}").status_code == 404
