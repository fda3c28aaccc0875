from datetime import timedelta

from sqlalchemy import update

from genesis_music.service.accounts import api_keys
from genesis_music.service.accounts.tables import ApiKey
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.tokens import SecretKind, new_secret
from tests.service.conftest import client_of, make_person

KEYS = "/api/v1/account/api-keys"
ACCOUNT = "/api/v1/account"


def create(client, user, **body):
    return client.post(KEYS, json={"name": "diary"} | body, headers=user.headers)


def test_a_key_is_shown_once_and_signs_requests_in_both_headers(client, user):
    created = create(client, user)
    assert (created.status_code, created.headers["cache-control"]) == (201, "no-store")
    key = created.json()["key"]
    assert key.startswith("gm_live_") and key.startswith(created.json()["start"])
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        assert client.get(ACCOUNT, headers=headers).json()["id"] == str(user.id)
    listed = client.get(KEYS, headers=user.headers)
    assert key not in listed.text
    (item,) = listed.json()["items"]
    assert item["name"] == "diary" and item["last_used_at"] is not None


def test_the_use_of_a_key_is_seen_at_once_also_when_a_replica_lags(postgres_platform, postgres):
    person = make_person(postgres_platform, "ada@example.com")
    with client_of(postgres_platform) as client:
        key = create(client, person).json()["key"]
        postgres.await_replica()
        postgres.hold_replica()
        try:
            assert client.get(ACCOUNT, headers={"X-API-Key": key}).status_code == 200
            (item,) = client.get(KEYS, headers=person.headers).json()["items"]
        finally:
            postgres.release_replica()
    assert item["last_used_at"] is not None


def test_a_revoked_key_is_refused_at_once(client, user):
    created = create(client, user).json()
    assert client.delete(f"{KEYS}/{created['id']}", headers=user.headers).status_code == 204
    assert client.get(ACCOUNT, headers={"X-API-Key": created["key"]}).status_code == 401
    assert client.delete(f"{KEYS}/{created['id']}", headers=user.headers).status_code == 404
    assert client.get(KEYS, headers=user.headers).json()["items"] == []


def test_a_key_ends_when_it_was_said_to(client, platform, user):
    created = create(client, user, expires_at=(utc_now() + timedelta(days=1)).isoformat()).json()
    headers = {"X-API-Key": created["key"]}
    assert client.get(ACCOUNT, headers=headers).status_code == 200
    with platform.database.writing() as session:
        session.execute(update(ApiKey).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert client.get(ACCOUNT, headers=headers).status_code == 401


def test_a_key_cannot_end_in_the_past_or_at_no_clear_time(client, user):
    for expires_at in ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00", "soon", 10**30):
        assert create(client, user, expires_at=expires_at).status_code == 422, expires_at


def test_a_leaked_key_cannot_take_the_account_over(client, user):
    headers = {"X-API-Key": create(client, user).json()["key"]}
    attempts = [
        client.post(KEYS, json={"name": "another"}, headers=headers),
        client.get(KEYS, headers=headers),
        client.get(f"{ACCOUNT}/sessions", headers=headers),
        client.post("/api/v1/auth/sign-out-everywhere", headers=headers),
        client.post(f"{ACCOUNT}/deletion", json={"password": user.password}, headers=headers),
    ]
    assert {answer.status_code for answer in attempts} == {403}


def test_there_is_an_end_to_the_number_of_keys(client, user, monkeypatch):
    monkeypatch.setattr(api_keys, "MOST_KEYS", 2)
    assert [create(client, user).status_code for _ in range(3)] == [201, 201, 409]


def test_keys_that_are_none_are_refused(client, user):
    unknown = new_secret(SecretKind.API_KEY).token
    share = new_secret(SecretKind.SHARE).token
    for key in (unknown, unknown[:-1] + "_", share, user.signed_in.refresh_token, "gm_live_", "x" * 3000):
        for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
            assert client.get(ACCOUNT, headers=headers).status_code == 401, key
