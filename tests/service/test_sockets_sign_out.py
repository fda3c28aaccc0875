"""Sockets of people whose token expires or who sign out: they end, the client is told why, and can come back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
import socketio
from socketio.exceptions import ConnectionError as RefusedError

from genesis_music.service import sockets
from genesis_music.service.app import asgi
from genesis_music.service.platform.container import Platform
from tests.service.conftest import Person, make_person, served, with_settings
from tests.service.servers import until


@pytest.fixture
def platform(sqlite_platform: Platform) -> Platform:
    return sqlite_platform


@pytest.fixture
def url(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server in this process that looks for ended sessions all the time."""
    monkeypatch.setattr(sockets, "RECHECK_SECONDS", 0.1)
    with served(asgi(platform)) as port:
        yield f"http://127.0.0.1:{port}"


class Page:
    """A page's connection, and why it ended."""

    def __init__(self, url: str, token: str) -> None:
        self.reasons: list[dict[str, str]] = []
        self.client = socketio.Client(reconnection=False, request_timeout=60)
        self.client.on("signed-out", self.reasons.append)
        self.client.connect(url, auth={"token": token}, transports=["websocket"], wait_timeout=30)

    def renew(self, token: str) -> bool:
        return bool(self.client.call("authenticate", {"token": token}, timeout=30)["ok"])

    def await_end(self) -> str:
        """The code that it was told before it was disconnected."""
        until(lambda: self.reasons != [] and not self.client.connected)
        [reason] = self.reasons
        return reason["code"]


def short_lived(platform: Platform, email: str = "ada@example.com") -> Person:
    """Somebody whose access token is good for ten seconds."""
    return make_person(with_settings(platform, access_token_seconds=10), email)


def refreshed(url: str, person: Person) -> str:
    body = {"refresh_token": person.signed_in.refresh_token}
    answer = httpx.post(f"{url}/api/v1/auth/refresh", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def test_a_connection_ends_with_its_token_and_comes_back_with_a_new_one(platform: Platform, url: str) -> None:
    person = short_lived(platform)
    page = Page(url, person.signed_in.access.token)
    assert page.await_end() == "expired-token"
    assert time.time() >= person.signed_in.access.expires_at
    again = Page(url, refreshed(url, person))
    assert again.client.connected
    again.client.disconnect()


def test_a_page_that_renews_in_time_stays_connected(platform: Platform, url: str) -> None:
    person, other = short_lived(platform), short_lived(platform, "ben@example.com")
    page, forgetful = Page(url, person.signed_in.access.token), Page(url, other.signed_in.access.token)
    newer = refreshed(url, person)
    assert page.renew(newer)
    forgetful.await_end()
    assert page.renew(newer)
    assert page.reasons == []
    page.client.disconnect()


def test_who_signs_out_everywhere_is_disconnected_everywhere(platform: Platform, url: str) -> None:
    person, stranger = make_person(platform, "ada@example.com"), make_person(platform, "ben@example.com")
    pages = [Page(url, person.signed_in.access.token) for _ in range(2)]
    other = Page(url, stranger.signed_in.access.token)
    httpx.post(
        f"{url}/api/v1/auth/sign-out-everywhere", headers=person.headers, timeout=60
    ).raise_for_status()
    assert [page.await_end() for page in pages] == ["not-signed-in"] * 2
    assert other.client.connected
    other.client.disconnect()
    with pytest.raises(RefusedError):
        Page(url, person.signed_in.access.token)
