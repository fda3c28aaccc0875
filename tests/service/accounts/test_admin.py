import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from tests.service.conftest import make_person

USERS, LOG = "/api/v1/admin/users", "/api/v1/admin/audit-events"


def test_administrators_page_through_accounts_and_search_them(client, platform, admin):
    for name in ("ada", "ben", "a%b", "a_b"):
        make_person(platform, f"{name}@example.com")
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(USERS, params={"limit": 2, "cursor": cursor}, headers=admin.headers).json()
        found += [item["email"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == sorted(found) and len(found) == 5
    search = client.get(USERS, params={"q": "A%B"}, headers=admin.headers).json()["items"]
    assert [item["email"] for item in search] == ["a%b@example.com"]


def test_a_role_holds_from_the_next_request_on(client, admin, user):
    made = client.patch(f"{USERS}/{user.id}", json={"role": "admin"}, headers=admin.headers)
    assert made.json()["role"] == "admin"
    assert client.get(USERS, headers=user.headers).status_code == 200
    client.patch(f"{USERS}/{user.id}", json={"role": "user"}, headers=admin.headers)
    assert client.get(USERS, headers=user.headers).status_code == 403
    log = client.get(LOG, params={"action": "admin.role-changed"}, headers=admin.headers).json()["items"]
    assert [entry["details"] for entry in log] == [
        {"before": "admin", "after": "user"},
        {"before": "user", "after": "admin"},
    ]
    assert {(entry["actor_id"], entry["subject"]) for entry in log} == {(str(admin.id), str(user.id))}


def test_a_disabled_account_is_signed_out_with_its_keys(client, admin, user):
    key = client.post("/api/v1/account/api-keys", json={"name": "x"}, headers=user.headers).json()["key"]
    answer = client.patch(f"{USERS}/{user.id}", json={"disabled": True}, headers=admin.headers)
    assert answer.json()["disabled_at"] is not None
    for headers in (user.headers, {"X-API-Key": key}):
        assert client.get("/api/v1/account", headers=headers).status_code == 401
    refresh = client.post("/api/v1/auth/refresh", json={"refresh_token": user.signed_in.refresh_token})
    assert refresh.status_code == 401
    client.patch(f"{USERS}/{user.id}", json={"disabled": False}, headers=admin.headers)
    assert client.get("/api/v1/account", headers={"X-API-Key": key}).status_code == 200
    assert client.get("/api/v1/account", headers=user.headers).status_code == 401, "its sessions stay ended"


def test_the_last_administrator_can_neither_be_lost_nor_lock_itself_out(client, admin):
    own = f"{USERS}/{admin.id}"
    refused = [
        client.patch(own, json={"role": "user"}, headers=admin.headers),
        client.patch(own, json={"disabled": True}, headers=admin.headers),
        client.delete(own, headers=admin.headers),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "last-admin")}
    assert client.get(USERS, headers=admin.headers).status_code == 200


def test_an_administrator_deletes_an_account(client, admin, user):
    assert client.delete(f"{USERS}/{user.id}", headers=admin.headers).status_code == 204
    assert client.get("/api/v1/account", headers=user.headers).status_code == 401
    assert client.delete(f"{USERS}/{user.id}", headers=admin.headers).status_code == 404


def test_the_log_tells_who_did_what_from_where(client, platform, admin, user):
    client.post("/api/v1/auth/sign-in", json={"email": user.email, "password": "wrong one"})
    client.post("/api/v1/auth/sign-in", json={"email": "no@example.com", "password": "wrong one"})
    good = client.post(
        "/api/v1/auth/sign-in",
        json={"email": user.email, "password": user.password},
        headers={"X-Request-ID": "a-known-request"},
    )
    assert good.status_code == 200
    log = client.get(LOG, headers=admin.headers).json()["items"]
    assert [(entry["action"], entry["actor_id"], entry["subject"]) for entry in log] == [
        ("account.sign-in", str(user.id), str(user.id)),
        ("account.sign-in-failed", None, ""),
        ("account.sign-in-failed", None, str(user.id)),
    ]
    assert log[0]["request_id"] == "a-known-request"
    assert log[0]["address"] == "testclient"
    assert "example.com" not in client.get(LOG, headers=admin.headers).text


def test_the_log_is_read_in_pages_and_by_actor(client, platform, admin, user):
    with platform.database.writing() as session:
        for number in range(5):
            audit(session, user.id if number % 2 else None, Action.SIGN_OUT, number, RequestInfo())
    found, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(LOG, params=params, headers=admin.headers).json()
        found += [entry["subject"] for entry in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == ["4", "3", "2", "1", "0"]
    own = client.get(LOG, params={"actor_id": str(user.id)}, headers=admin.headers).json()["items"]
    assert [entry["subject"] for entry in own] == ["3", "1"]


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET action = 'x'", "DELETE FROM audit_events"])
def test_the_database_lets_nobody_rewrite_the_log(platform, user, statement):
    with platform.database.writing() as session:
        audit(session, user.id, Action.SIGN_IN, user.id, RequestInfo())
    with pytest.raises(DBAPIError, match="append-only"), platform.database.writing() as session:
        session.execute(text(statement))


def test_pages_that_make_no_sense_are_refused(client, admin):
    for params in (
        {"cursor": "x"},
        {"cursor": 0},
        {"cursor": 2**63},
        {"limit": 0},
        {"limit": 10**9},
        {"action": "x"},
        {"actor_id": "x"},
    ):
        assert client.get(LOG, params=params, headers=admin.headers).status_code == 422, params
