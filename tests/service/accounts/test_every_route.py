"""Walks over every route of the application: who may not, cannot."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi.routing import iter_route_contexts

from genesis_music.service.accounts.tables import ApiKey
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.database import utc_now
from genesis_music.service.transcriptions.tables import Share, SourceType, Transcription, Upload, Webhook
from tests.service.conftest import app_of, client_of, make_person

PUBLIC = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/api/v1/config"),
    ("GET", "/api/v1/auth/options"),
    ("POST", "/api/v1/auth/sign-up"),
    ("POST", "/api/v1/auth/sign-in"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/forgot-password"),
    ("POST", "/api/v1/auth/reset-password"),
    ("OPTIONS", "/api/v1/uploads"),
    ("GET", "/api/v1/shared/{token}"),
    ("GET", "/api/v1/shared/{token}/result"),
    ("GET", "/api/v1/shared/{token}/files/{format}"),
    ("GET", "/api/v1/shared/{token}/audio"),
    ("HEAD", "/api/v1/shared/{token}/audio"),
    ("GET", "/api/v1/shared/{token}/stems"),
    ("GET", "/api/v1/shared/{token}/stems/{name}"),
    ("HEAD", "/api/v1/shared/{token}/stems/{name}"),
}
"""Whoever adds a route here has thought about strangers."""
DOCUMENTS = {
    (method, f"/api/v1/{name}") for method in ("GET", "HEAD") for name in ("openapi.json", "docs")
} | {("GET", "/")}
BODIES = {
    "/api/v1/account/preferences": {"theme": "dark"},
    "/api/v1/account/password": {"current_password": "x", "new_password": "y"},
    "/api/v1/account/deletion": {"password": "x"},
    "/api/v1/account/api-keys": {"name": "x"},
    "/api/v1/admin/users/{user_id}": {"disabled": False},
    "/api/v1/transcribe": {"url": "https://youtu.be/dQw4w9WgXcQ"},
    "/api/v1/transcribe/{transcription_id}": {"title": "x"},
    "/api/v1/transcribe/{transcription_id}/revisions": {
        "base": 0,
        "edits": [{"op": "restore", "revision": 0}],
    },
    "/api/v1/webhooks": {"url": "https://example.com/hook"},
    "/api/v1/webhooks/{webhook_id}": {"enabled": False},
}
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Upload-Length": "4"}
TUS_PIECE = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def routes(sqlite_platform):
    """Every (method, path) that the application answers."""
    found = iter_route_contexts(app_of(sqlite_platform).routes)
    return sorted({(method, route.path) for route in found for method in route.methods or ()} - DOCUMENTS)


def send(client, method, path, headers=None, ids=None):
    """Send what the route takes; ``ids`` fill the path, unknown ones where they are missing."""
    values = {"format": "mid", "note_id": "t1n1", "name": "guitar"} | (ids or {})
    where = re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], uuid4())), path)
    if method == "PATCH" and path.startswith("/api/v1/uploads"):
        return client.request(method, where, headers=TUS | TUS_PIECE | (headers or {}), content=b"abcd")
    body = {"json": BODIES.get(path, {})} if method in {"POST", "PATCH"} else {}
    return client.request(method, where, headers=TUS | (headers or {}), **body)


@pytest.fixture
def belongings(platform, user):
    """One of everything that a user can have; by the names of the paths' parameters."""
    owner = {"user_id": user.id}
    later = utc_now() + timedelta(hours=1)
    done = {"status": JobStatus.COMPLETE, "options": {}}
    with platform.database.writing(user.id) as session:
        transcription = Transcription(**owner, **done, source_type=SourceType.FILE)
        key = ApiKey(**owner, name="x", start="x", key_hash="x")
        upload = Upload(**owner, length_bytes=4, prefix="uploads/x", expires_at=later)
        webhook = Webhook(**owner, url="https://example.com/hook", secret="x", events=[])
        session.add_all([transcription, key, upload, webhook])
        session.flush()
        about = {"transcription_id": transcription.id}
        share = Share(**about, token_hash="x")
        job = Job(**owner, **about, **done, celery_task_id="x", kind=JobKind.TRANSCRIBE)
        session.add_all([share, job])
        session.flush()
        return about | {
            "session_id": user.signed_in.session_id,
            "key_id": key.id,
            "upload_id": upload.id,
            "webhook_id": webhook.id,
            "share_id": share.id,
            "job_id": job.id,
        }


def test_every_route_that_answers_is_in_the_document(sqlite_platform, routes):
    paths = app_of(sqlite_platform).openapi()["paths"]
    assert set(routes) == {(method.upper(), path) for path, item in paths.items() for method in item}


def test_strangers_reach_public_routes_only(client, routes):
    assert set(routes) >= PUBLIC
    for method, path in set(routes) - PUBLIC:
        for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"X-API-Key": "gm_live_x"}):
            answer = send(client, method, path, headers)
            assert answer.status_code == 401, (method, path, answer.text)
            if method != "HEAD":
                assert answer.json()["code"] == "not-signed-in"
            assert answer.headers["www-authenticate"] == "Bearer"


def test_users_reach_no_route_of_administrators(client, user, routes):
    found = [(method, path) for method, path in routes if path.startswith("/api/v1/admin")]
    assert found
    for method, path in found:
        answer = send(client, method, path, user.headers)
        assert answer.status_code == 403, (method, path, answer.text)


def test_ids_that_nobody_has_are_not_found(client, admin, routes):
    found = [(method, path) for method, path in routes if "{" in path]
    assert found
    for method, path in found:
        answer = send(client, method, path, admin.headers)
        assert answer.status_code == 404, (method, path, answer.text)
        if method != "HEAD":
            assert answer.json()["code"] == "not-found"


def test_what_belongs_to_another_user_is_not_found(client, belongings, user, other_user, admin, routes):
    found = [
        (method, path)
        for method, path in routes
        if "{" in path and (method, path) not in PUBLIC and not path.startswith("/api/v1/admin")
    ]
    assert {name for _, path in found for name in re.findall(r"\{(\w+)\}", path)} == (
        belongings.keys() - {"job_id"} | {"format", "note_id", "name"}
    ), "whoever adds a kind of thing adds one to the belongings"
    for stranger in (other_user, admin):
        for method, path in found:
            answer = send(client, method, path, stranger.headers, belongings)
            assert answer.status_code == 404, (method, path, answer.text)
    for path in ("transcribe/{transcription_id}", "webhooks/{webhook_id}", "uploads/{upload_id}"):
        method = "HEAD" if "upload" in path else "GET"
        own = send(client, method, f"/api/v1/{path}", user.headers, belongings)
        assert own.status_code == 200, "nothing happened to it"
    for kind in ("sessions", "api-keys"):
        assert len(client.get(f"/api/v1/account/{kind}", headers=user.headers).json()["items"]) == 1


def test_a_method_that_a_route_does_not_know_is_a_problem_too(client):
    answer = client.put("/api/v1/account")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method-not-allowed"
    assert client.get("/api/v1/nothing").json()["code"] == "not-found"


def test_every_operation_has_a_name_of_its_own_and_says_which_problems_it_has(sqlite_platform):
    document = app_of(sqlite_platform).openapi()
    operations = [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/")
    ]
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(set(names)) == len(names)
    for method, path, operation in operations:
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", operation["operationId"])
        assert operation["description"], path
        expected = {"422", "429"} | ({"401"} if (method.upper(), path) not in PUBLIC else set())
        assert expected <= operation["responses"].keys(), path
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert "application/problem+json" in response["content"], (path, status)


def test_deleted_users_are_nobody(sqlite_platform):
    person = make_person(sqlite_platform, "ada@example.com")
    with client_of(sqlite_platform) as client:
        body = {"password": person.password}
        deletion = client.post("/api/v1/account/deletion", json=body, headers=person.headers)
        assert deletion.status_code == 204
        assert client.get("/api/v1/account", headers=person.headers).status_code == 401
