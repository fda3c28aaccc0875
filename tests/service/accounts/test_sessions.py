import base64
import json
import time
from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import update

from genesis_music.service.accounts.authentication import access_tokens
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.sessions import sign_out
from genesis_music.service.accounts.tables import UserSession
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.tokens import AccessTokens, signing_keys
from tests.service.conftest import PASSWORD, client_of, make_person, with_settings
from tests.service.platforms import PUBLIC_URL, SECRET_KEY

ACCOUNT = "/api/v1/account"


def test_signing_out_ends_the_session_at_once(client, user):
    assert client.get(ACCOUNT, headers=user.headers).status_code == 200
    assert client.post("/api/v1/auth/sign-out", headers=user.headers).status_code == 204
    assert client.get(ACCOUNT, headers=user.headers).status_code == 401
    body = {"refresh_token": user.signed_in.refresh_token}
    assert client.post("/api/v1/auth/refresh", json=body).status_code == 401


def test_signing_out_forgets_the_cookie(client, user):
    body = {"email": user.email, "password": PASSWORD, "refresh_in": "cookie"}
    tokens = client.post("/api/v1/auth/sign-in", json=body).json()
    client.post("/api/v1/auth/sign-out", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert not client.cookies


def test_signing_out_holds_even_while_the_replica_is_behind(postgres, postgres_platform):
    person = make_person(postgres_platform, "ada@example.com")
    postgres.await_replica()
    postgres.hold_replica()
    try:
        with client_of(postgres_platform) as client:
            assert client.get(ACCOUNT, headers=person.headers).status_code == 200
            sign_out(postgres_platform, person.identity, RequestInfo())
            assert client.get(ACCOUNT, headers=person.headers).status_code == 401
    finally:
        postgres.release_replica()


def test_a_new_account_sees_itself_even_while_the_replica_is_behind(postgres, postgres_platform):
    postgres.hold_replica()
    try:
        with client_of(postgres_platform) as client:
            body = {"email": "clara@example.com", "password": "orange tides 47 below"}
            tokens = client.post("/api/v1/auth/sign-up", json=body).json()
            headers = {"Authorization": f"Bearer {tokens['access_token']}"}
            assert client.get(ACCOUNT, headers=headers).status_code == 200
            change = client.patch(f"{ACCOUNT}/preferences", json={"theme": "dark"}, headers=headers)
            assert change.status_code == 200
            assert client.get(f"{ACCOUNT}/preferences", headers=headers).json()["theme"] == "dark"
    finally:
        postgres.release_replica()


def test_signing_out_everywhere_ends_all_sessions(client, user):
    other = client.post("/api/v1/auth/sign-in", json={"email": user.email, "password": PASSWORD}).json()
    assert client.post("/api/v1/auth/sign-out-everywhere", headers=user.headers).status_code == 204
    for headers in (user.headers, {"Authorization": f"Bearer {other['access_token']}"}):
        assert client.get(ACCOUNT, headers=headers).status_code == 401


def test_a_user_sees_the_own_devices_and_signs_one_out(client, user, other_user):
    body = {"email": user.email, "password": PASSWORD}
    second = client.post("/api/v1/auth/sign-in", json=body, headers={"User-Agent": "Firefox" + "x" * 300})
    devices = client.get(f"{ACCOUNT}/sessions", headers=user.headers).json()["items"]
    assert [device["current"] for device in devices] == [False, True]
    assert devices[0]["user_agent"].startswith("Firefox") and len(devices[0]["user_agent"]) == 200
    ended = client.delete(f"{ACCOUNT}/sessions/{devices[0]['id']}", headers=user.headers)
    assert ended.status_code == 204
    headers = {"Authorization": f"Bearer {second.json()['access_token']}"}
    assert client.get(ACCOUNT, headers=headers).status_code == 401
    assert client.get(ACCOUNT, headers=user.headers).status_code == 200
    assert len(client.get(f"{ACCOUNT}/sessions", headers=user.headers).json()["items"]) == 1
    again = client.delete(f"{ACCOUNT}/sessions/{devices[0]['id']}", headers=user.headers)
    assert again.status_code == 404


def test_a_session_that_has_run_out_is_refused(client, platform, user):
    with platform.database.writing() as session:
        session.execute(update(UserSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert client.get(ACCOUNT, headers=user.headers).status_code == 401
    assert client.get(ACCOUNT, headers=user.headers).headers["www-authenticate"] == "Bearer"


def tokens_with(key=SECRET_KEY, issuer=PUBLIC_URL, audience="genesis-music", clock=time.time):
    return AccessTokens(signing_keys((key,)), issuer=issuer, audience=audience, clock=clock)


def test_a_token_that_is_not_ours_or_too_old_is_refused(client, user):
    for forger in (
        tokens_with(key="another secret of the tests, also long enough"),
        tokens_with(issuer="https://elsewhere.example"),
        tokens_with(audience="something-else"),
        tokens_with(clock=lambda: time.time() - 3600),
    ):
        forged = forger.issue(user_id=str(user.id), session_id=str(user.signed_in.session_id), role="admin")
        answer = client.get(ACCOUNT, headers={"Authorization": f"Bearer {forged.token}"})
        assert answer.status_code == 401
    genuine = tokens_with().issue(
        user_id=str(user.id), session_id=str(user.signed_in.session_id), role="user"
    )
    assert client.get(ACCOUNT, headers={"Authorization": f"Bearer {genuine.token}"}).status_code == 200


def test_a_well_signed_token_without_a_living_session_is_refused(client, platform, user, other_user):
    tokens = access_tokens(platform.settings)
    for user_id, session_id in [
        (user.id, other_user.signed_in.session_id),
        (user.id, "not a session"),
        (user.id, "00000000-0000-0000-0000-000000000000"),
    ]:
        token = tokens.issue(user_id=str(user_id), session_id=str(session_id), role="user").token
        assert client.get(ACCOUNT, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_role_in_a_token_is_not_believed(client, platform, user):
    tokens = access_tokens(platform.settings)
    token = tokens.issue(user_id=str(user.id), session_id=str(user.signed_in.session_id), role="admin").token
    answer = client.get("/api/v1/admin/users", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


def test_a_key_that_was_rotated_out_of_first_place_still_verifies(sqlite_platform):
    person = make_person(sqlite_platform, "ada@example.com")
    newer = SecretStr("a newer secret of the tests that is long enough")
    rotated = with_settings(sqlite_platform, secret_keys=(newer, *sqlite_platform.settings.secret_keys))
    with client_of(rotated) as client:
        assert client.get(ACCOUNT, headers=person.headers).status_code == 200
    retired = with_settings(sqlite_platform, secret_keys=(newer,))
    with client_of(retired) as client:
        assert client.get(ACCOUNT, headers=person.headers).status_code == 401


def unsigned(user):
    _, claims, _ = user.signed_in.access.token.split(".")
    none = (
        base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "at+jwt"}).encode()).decode().rstrip("=")
    )
    return f"{none}.{claims}."


def test_damaged_tokens_are_refused(client, user):
    good = user.signed_in.access.token
    damaged = [good[:-2], good + "x", good.replace(".", ""), "a.b.c", "....", unsigned(user), "x" * 5000]
    for token in damaged:
        answer = client.get(ACCOUNT, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, token
    for value in ("", "Bearer", "Bearer ", "Basic YWRhOng=", f"Token {good}", b"Bearer \xff\xfe"):
        assert client.get(ACCOUNT, headers={"Authorization": value}).status_code == 401, value
