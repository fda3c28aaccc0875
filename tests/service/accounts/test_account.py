from dataclasses import dataclass, field
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from genesis_music.service.accounts.audit import Action, events_before
from genesis_music.service.accounts.tables import (
    ApiKey,
    IdempotencyKey,
    SpentRefreshToken,
    User,
    UserPreferences,
    UserSession,
)
from genesis_music.service.guards import guarded
from genesis_music.service.jobs.tables import Job
from genesis_music.service.transcriptions.tables import Transcription, Upload, Webhook
from tests.service.conftest import PASSWORD, app_of
from tests.service.platforms import PUBLIC_URL

ACCOUNT = "/api/v1/account"
NEW_PASSWORD = "nine copper umbrellas"


def test_preferences_begin_with_defaults_and_all_five_change(client):
    body = {"email": "clara@example.com", "password": "orange tides 47 below"}
    tokens = client.post("/api/v1/auth/sign-up", json=body).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    begin = client.get(f"{ACCOUNT}/preferences", headers=headers).json()
    assert begin == {
        "guitar_tuning": "standard",
        "notation_preference": "tab",
        "difficulty_level": "intermediate",
        "theme": "system",
        "email_notifications": True,
    }
    changes = {
        "guitar_tuning": "Drop D",
        "notation_preference": "both",
        "difficulty_level": "beginner",
        "theme": "dark",
        "email_notifications": False,
    }
    changed = client.patch(f"{ACCOUNT}/preferences", json=changes, headers=headers)
    assert changed.status_code == 200
    assert changed.json() == changes | {"guitar_tuning": "drop-d"}
    assert client.get(f"{ACCOUNT}/preferences", headers=headers).json() == changed.json()


def test_a_tuning_is_kept_under_its_usual_name(client, user):
    for written, kept in (
        ("D A D G A D", "dadgad"),
        ("E2 A2 D3 G3 B3 G4", "E2 A2 D3 G3 B3 G4"),
        ("uke", "ukulele"),
    ):
        answer = client.patch(f"{ACCOUNT}/preferences", json={"guitar_tuning": written}, headers=user.headers)
        assert answer.json()["guitar_tuning"] == kept


def test_preferences_that_make_no_sense_are_refused_and_change_nothing(client, user):
    for change in (
        {"guitar_tuning": "banjo-like"},
        {"guitar_tuning": None},
        {"guitar_tuning": "E2\0A2"},
        {"guitar_tuning": "9" * 100},
        {"theme": "pink"},
        {"theme": None},
        {"email_notifications": "perhaps"},
        {"user_id": "00000000-0000-0000-0000-000000000001"},
        [],
        "dark",
    ):
        answer = client.patch(f"{ACCOUNT}/preferences", json=change, headers=user.headers)
        assert answer.status_code == 422, change
    assert client.get(f"{ACCOUNT}/preferences", headers=user.headers).json()["theme"] == "system"


def test_a_new_password_signs_the_other_devices_out_but_not_this_one(client, user):
    other = client.post("/api/v1/auth/sign-in", json={"email": user.email, "password": PASSWORD}).json()
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert client.post(f"{ACCOUNT}/password", json=body, headers=user.headers).status_code == 204
    assert client.get(ACCOUNT, headers=user.headers).status_code == 200
    assert (
        client.get(ACCOUNT, headers={"Authorization": f"Bearer {other['access_token']}"}).status_code == 401
    )
    old = client.post("/api/v1/auth/sign-in", json={"email": user.email, "password": PASSWORD})
    new = client.post("/api/v1/auth/sign-in", json={"email": user.email, "password": NEW_PASSWORD})
    assert (old.status_code, new.status_code) == (401, 200)


def test_a_new_password_needs_the_present_one_and_must_be_safe(client, platform, user):
    wrong = {"current_password": "not it at all", "new_password": NEW_PASSWORD}
    answer = client.post(f"{ACCOUNT}/password", json=wrong, headers=user.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-password")
    weak = {"current_password": PASSWORD, "new_password": "password1"}
    answer = client.post(f"{ACCOUNT}/password", json=weak, headers=user.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "weak-password")
    assert "password1" not in answer.text
    with platform.database.writing() as session:
        assert events_before(session, None, 1)[0].action == Action.PASSWORD_WRONG


@dataclass
class Keeper:
    """Keeps something of users, as transcriptions do."""

    deleted: list[UUID] = field(default_factory=list)
    fails: bool = False

    def account_deleted(self, session, user_id):
        assert session.get(User, user_id) is not None, "the account is still there"
        self.deleted.append(user_id)
        if self.fails:
            raise RuntimeError("the keeper cannot")

    def export(self, session, user_id):
        return {"kept": [str(user_id)]}


@pytest.fixture
def keeper():
    return Keeper()


@pytest.fixture
def kept_client(platform, keeper):
    app = app_of(platform, keeper)
    with TestClient(guarded(app, platform), base_url=PUBLIC_URL, raise_server_exceptions=False) as client:
        yield client


OWNED = (
    UserPreferences,
    UserSession,
    SpentRefreshToken,
    ApiKey,
    IdempotencyKey,
    Transcription,
    Job,
    Upload,
    Webhook,
)


def test_a_deleted_account_leaves_nothing_but_the_log(kept_client, keeper, platform, user, other_user):
    client = kept_client
    client.post("/api/v1/auth/refresh", json={"refresh_token": user.signed_in.refresh_token})
    client.post(f"{ACCOUNT}/api-keys", json={"name": "mine"}, headers=user.headers)
    answer = client.post(f"{ACCOUNT}/deletion", json={"password": PASSWORD}, headers=user.headers)
    assert answer.status_code == 204, answer.text
    assert keeper.deleted == [user.id]
    assert client.get(ACCOUNT, headers=user.headers).status_code == 401
    with platform.database.writing() as session:
        assert session.get(User, user.id) is None
        left = [row for table in OWNED for row in session.query(table).all()]
        assert {getattr(row, "user_id", None) for row in left} == {other_user.id}
        assert events_before(session, None, 1)[0].action == Action.ACCOUNT_DELETED
    again = client.post("/api/v1/auth/sign-in", json={"email": user.email, "password": PASSWORD})
    assert again.json()["code"] == "wrong-credentials"


def test_an_account_is_deleted_with_its_password_only(kept_client, keeper, user):
    answer = kept_client.post(f"{ACCOUNT}/deletion", json={"password": "wrong"}, headers=user.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-password")
    assert not keeper.deleted
    assert kept_client.get(ACCOUNT, headers=user.headers).status_code == 200


def test_an_account_is_deleted_whole_or_not_at_all(kept_client, keeper, user):
    keeper.fails = True
    answer = kept_client.post(f"{ACCOUNT}/deletion", json={"password": PASSWORD}, headers=user.headers)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert kept_client.get(ACCOUNT, headers=user.headers).status_code == 200


def test_the_only_administrator_stays(kept_client, admin, keeper):
    answer = kept_client.post(f"{ACCOUNT}/deletion", json={"password": PASSWORD}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "last-admin")
    assert not keeper.deleted


def test_an_export_has_all_data_and_no_secret(kept_client, platform, user, other_user):
    kept_client.post(f"{ACCOUNT}/api-keys", json={"name": "my key"}, headers=user.headers)
    answer = kept_client.get(f"{ACCOUNT}/export", headers=user.headers)
    assert answer.headers["content-disposition"].startswith("attachment")
    document = answer.json()
    assert document["schema"] == "genesis.export/1"
    assert document["account"]["email"] == user.email
    assert document["preferences"]["guitar_tuning"] == "standard"
    assert [session["user_agent"] for session in document["sessions"]] == ["tests"]
    assert [key["name"] for key in document["api_keys"]] == ["my key"]
    assert {event["action"] for event in document["audit_events"]} == {"api-key.created", "account.exported"}
    assert document["kept"] == [str(user.id)]
    assert str(other_user.id) not in answer.text
    with platform.database.writing() as session:
        row, key = session.get(User, user.id), session.query(ApiKey).one()
        signed_in = session.get(UserSession, user.signed_in.session_id)
    for secret in (row.password_hash, key.key_hash, signed_in.refresh_token, signed_in.token):
        assert secret not in answer.text
