import pytest

from genesis_music.service.accounts.admin import change_user
from genesis_music.service.accounts.client import RequestInfo
from tests.service.conftest import PASSWORD, client_of, with_settings

NEW = {"email": "Clara@Example.com", "password": "orange tides 47 below"}


def problem_of(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


def bearer(tokens):
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def test_who_signs_up_is_signed_in_with_an_address_in_lower_case(client):
    answer = client.post("/api/v1/auth/sign-up", json=NEW)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    account = client.get("/api/v1/account", headers=bearer(answer.json())).json()
    assert account == answer.json()["account"]
    assert (account["email"], account["role"]) == ("clara@example.com", "user")


def test_an_address_signs_up_once_in_whatever_case(client):
    assert client.post("/api/v1/auth/sign-up", json=NEW).status_code == 201
    again = client.post("/api/v1/auth/sign-up", json=NEW | {"email": "CLARA@example.COM"})
    problem_of(again, 409, "email-taken")


def test_a_weak_password_is_refused_with_the_reason(client):
    for password, weakness in (
        ("short", "too-short"),
        ("password1234", "leaked"),
        ("my clara is great", "personal"),
        ("abcabcabcabc", "guessable"),
    ):
        answer = client.post("/api/v1/auth/sign-up", json=NEW | {"password": password})
        assert problem_of(answer, 422, "weak-password")["weakness"] == weakness


def test_sign_up_can_be_closed(sqlite_platform):
    with client_of(with_settings(sqlite_platform, sign_up_open=False)) as client:
        problem_of(client.post("/api/v1/auth/sign-up", json=NEW), 403, "forbidden")
        assert client.get("/api/v1/auth/options").json()["sign_up_open"] is False


def test_the_operators_addresses_become_administrators(sqlite_platform):
    with client_of(with_settings(sqlite_platform, admin_emails=("CLARA@example.com",))) as client:
        tokens = client.post("/api/v1/auth/sign-up", json=NEW).json()
        assert tokens["account"]["role"] == "admin"
        assert client.get("/api/v1/admin/users", headers=bearer(tokens)).status_code == 200


def test_a_user_signs_in_and_is_recognised(client, user):
    answer = client.post("/api/v1/auth/sign-in", json={"email": "ADA@example.com", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["refresh_token"].startswith("gm_refresh_")
    assert "set-cookie" not in answer.headers
    assert client.get("/api/v1/account", headers=bearer(answer.json())).json()["id"] == str(user.id)


def test_an_unknown_address_is_answered_as_a_wrong_password(client, user):
    wrong = client.post("/api/v1/auth/sign-in", json={"email": user.email, "password": "not it at all"})
    unknown = client.post(
        "/api/v1/auth/sign-in", json={"email": "no@example.com", "password": "not it at all"}
    )
    documents = [problem_of(answer, 401, "wrong-credentials") for answer in (wrong, unknown)]
    assert len({(document["detail"], document["title"], len(document)) for document in documents}) == 1


def test_an_unknown_address_costs_as_much_work_as_a_wrong_password(sqlite_platform, client_work):
    known, unknown = client_work("ada@example.com"), client_work("no@example.com")
    assert known == unknown


@pytest.fixture
def client_work(sqlite_platform, monkeypatch):
    """What signing in with a wrong password does: the hashes it compares and the rows it writes."""
    from genesis_music.service.accounts.audit import events_before
    from genesis_music.service.platform import passwords
    from tests.service.conftest import make_person

    make_person(sqlite_platform, "ada@example.com")
    compared = []
    verify = passwords._hasher().verify
    monkeypatch.setattr(passwords._hasher(), "verify", lambda *both: compared.append(both) or verify(*both))

    def work(email):
        compared.clear()
        with client_of(sqlite_platform) as client:
            client.post("/api/v1/auth/sign-in", json={"email": email, "password": "not it at all"})
        with sqlite_platform.database.reading() as session:
            newest = events_before(session, None, 1)[0]
        costs = [stored.split("$")[1:4] for _, stored in compared]
        return costs, newest.action, newest.actor_id

    return work


def test_a_page_gets_its_refresh_token_in_a_cookie_that_scripts_cannot_read(client, user):
    body = {"email": user.email, "password": PASSWORD, "refresh_in": "cookie"}
    answer = client.post("/api/v1/auth/sign-in", json=body)
    assert answer.json()["refresh_token"] is None
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("genesis_refresh=gm_refresh_")
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/api/v1/auth" in cookie
    assert client.get("/api/v1/account").status_code == 401, "the cookie alone signs nothing but refreshing"
    refreshed = client.post("/api/v1/auth/refresh")
    assert refreshed.status_code == 200
    assert client.get("/api/v1/account", headers=bearer(refreshed.json())).status_code == 200
    assert client.post("/api/v1/auth/refresh").status_code == 200


def test_the_cookie_needs_encryption_where_the_service_has_it(sqlite_platform):
    with client_of(with_settings(sqlite_platform, public_url="https://tab.example")) as client:
        answer = client.post("/api/v1/auth/sign-up", json=NEW | {"refresh_in": "cookie"})
        assert "; secure" in answer.headers["set-cookie"].lower()


def test_another_page_cannot_refresh_with_the_cookie(client, user):
    body = {"email": user.email, "password": PASSWORD, "refresh_in": "cookie"}
    client.post("/api/v1/auth/sign-in", json=body)
    for origin in ("https://evil.example", "null", "http://127.0.0.1:8001", "http://["):
        answer = client.post("/api/v1/auth/refresh", headers={"Origin": origin})
        problem_of(answer, 403, "forbidden")
    own = client.post("/api/v1/auth/refresh", headers={"Origin": "http://127.0.0.1:8000"})
    assert own.status_code == 200


def test_a_disabled_account_cannot_sign_in_and_says_so_only_with_the_password(client, platform, user, admin):
    change_user(platform, admin.identity, user.id, None, True, RequestInfo())
    problem_of(client.get("/api/v1/account", headers=user.headers), 401, "not-signed-in")
    wrong = {"email": user.email, "password": "not it at all"}
    problem_of(client.post("/api/v1/auth/sign-in", json=wrong), 401, "wrong-credentials")
    right = {"email": user.email, "password": PASSWORD}
    problem_of(client.post("/api/v1/auth/sign-in", json=right), 403, "account-disabled")
    change_user(platform, admin.identity, user.id, None, False, RequestInfo())
    assert client.post("/api/v1/auth/sign-in", json=right).status_code == 200


def test_the_oldest_of_too_many_sessions_ends(sqlite_platform, monkeypatch):
    from genesis_music.service.accounts import sessions
    from tests.service.conftest import make_person

    monkeypatch.setattr(sessions, "MOST_SESSIONS", 2)
    person = make_person(sqlite_platform, "ada@example.com")
    with client_of(sqlite_platform) as client:
        for _ in range(2):
            client.post("/api/v1/auth/sign-in", json={"email": person.email, "password": PASSWORD})
        assert client.get("/api/v1/account", headers=person.headers).status_code == 401


def test_what_is_asked_for_to_sign_in_is_public(client):
    assert client.get("/api/v1/auth/options").json() == {
        "sign_in_required": True,
        "sign_up_open": True,
        "password_reset": False,
    }
