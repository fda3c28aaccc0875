import re

import pytest
from pydantic import SecretStr

from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.passwords import begin_reset
from tests.service.conftest import PASSWORD, client_of, with_settings
from tests.service.platforms import PUBLIC_URL
from tests.service.smtp_server import running_smtp_server

NEW_PASSWORD = "nine copper umbrellas"
FORGOT, RESET = "/api/v1/auth/forgot-password", "/api/v1/auth/reset-password"


@pytest.fixture
def smtp():
    with running_smtp_server() as server:
        yield server


@pytest.fixture
def mailing_client(platform, smtp):
    mailing = with_settings(platform, smtp_url=SecretStr(smtp.url))
    with client_of(mailing) as client:
        yield client


def sign_in(client, user, password):
    body = {"email": user.email, "password": password}
    return client.post("/api/v1/auth/sign-in", json=body).status_code


def test_a_link_by_mail_sets_a_new_password_once(mailing_client, smtp, user):
    client = mailing_client
    assert client.get("/api/v1/auth/options").json()["password_reset"] is True
    assert client.post(FORGOT, json={"email": user.email.upper()}).status_code == 202
    letter = smtp.await_messages(1)[0]
    assert letter["to"] == user.email
    text = letter.get_body(["plain"]).get_content()
    token = re.search(rf"^{PUBLIC_URL}/reset-password#token=(gm_once_\w+)$", text, re.MULTILINE)[1]
    weak = client.post(RESET, json={"token": token, "new_password": "password1"})
    assert weak.json()["code"] == "weak-password", "and the link stays good"
    body = {"token": token, "new_password": NEW_PASSWORD}
    assert client.post(RESET, json=body).status_code == 204
    again = client.post(RESET, json=body | {"new_password": "another brick 7 tulips"})
    assert (again.status_code, again.json()["code"]) == (422, "invalid-reset-token")
    assert client.get("/api/v1/account", headers=user.headers).status_code == 401, "all sessions ended"
    assert (sign_in(client, user, PASSWORD), sign_in(client, user, NEW_PASSWORD)) == (401, 200)
    assert "was changed" in smtp.await_messages(2)[1].get_body(["plain"]).get_content()


def test_an_unknown_address_gets_the_same_answer_and_no_letter(mailing_client, smtp, user):
    known = mailing_client.post(FORGOT, json={"email": user.email})
    unknown = mailing_client.post(FORGOT, json={"email": "nobody@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert [letter["to"] for letter in smtp.await_messages(1)] == [user.email]


def test_a_changed_password_makes_older_links_worthless(mailing_client, platform, user):
    link = begin_reset(platform, user.email, RequestInfo())
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    changed = mailing_client.post("/api/v1/account/password", json=change, headers=user.headers)
    assert changed.status_code == 204
    body = {"token": link.token, "new_password": "another brick 7 tulips"}
    assert mailing_client.post(RESET, json=body).json()["code"] == "invalid-reset-token"


def test_a_link_ends_after_an_hour(platform, redis, user):
    begin_reset(platform, user.email, RequestInfo())
    (key,) = redis.keys("genesis:password-reset:*")
    assert 3500 < redis.ttl(key) <= 3600


def test_what_is_no_link_is_refused(mailing_client):
    for token in ("x", "gm_once_" + "a" * 49, "gm_live_" + "a" * 49, "\0", "é"):
        answer = mailing_client.post(RESET, json={"token": token, "new_password": NEW_PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-reset-token")


def test_a_mail_server_that_is_away_shows_nobody_who_has_an_account(platform, user):
    away = with_settings(platform, smtp_url=SecretStr("smtp://127.0.0.1:1"))
    with client_of(away) as client:
        assert client.post(FORGOT, json={"email": user.email}).status_code == 202
        assert client.post(FORGOT, json={"email": "nobody@example.com"}).status_code == 202


def test_without_a_mail_server_the_operator_must_help(client, user):
    answer = client.post(FORGOT, json={"email": user.email})
    assert (answer.status_code, answer.json()["code"]) == (409, "mail-not-configured")
