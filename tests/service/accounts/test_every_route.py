"""Walks over every route of the application: who may not, cannot."""

import re
from uuid import uuid4

import pytest
from fastapi.routing import iter_route_contexts

from genesis_music.service.app import create_app
from tests.service.conftest import client_of, make_person

PUBLIC = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/api/v1/auth/options"),
    ("POST", "/api/v1/auth/sign-up"),
    ("POST", "/api/v1/auth/sign-in"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/forgot-password"),
    ("POST", "/api/v1/auth/reset-password"),
    ("GET", "/api/v1/shared/{token}"),
    ("GET", "/api/v1/shared/{token}/result"),
    ("GET", "/api/v1/shared/{token}/files/{format}"),
    ("GET", "/api/v1/shared/{token}/audio"),
    ("HEAD", "/api/v1/shared/{token}/audio"),
    ("OPTIONS", "/api/v1/uploads"),
}
"""Whoever adds a route here has thought about strangers."""
DOCUMENTS = {(method, f"/api/v1/{name}") for method in ("GET", "HEAD") for name in ("openapi.json", "docs")}
BODIES = {
    "/api/v1/account/preferences": {"theme": "dark"},
    "/api/v1/account/password": {"current_password": "x", "new_password": "y"},
    "/api/v1/account/deletion": {"password": "x"},
    "/api/v1/account/api-keys": {"name": "x"},
    "/api/v1/admin/users/{user_id}": {"disabled": False},
    "/api/v1/transcribe/{transcription_id}": {"title": "x"},
}
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}


@pytest.fixture
def routes(sqlite_platform):
    """Every (method, path) that the application answers."""
    found = iter_route_contexts(create_app(sqlite_platform).routes)
    return sorted({(method, route.path) for route in found for method in route.methods or ()} - DOCUMENTS)


def filled(path, value=None):
    return re.sub(r"\{\w+(:\w+)?\}", lambda _: str(value or uuid4()), path)


def send(client, method, path, headers=None, value=None):
    body = BODIES.get(path, {})
    arguments = {"json": body} if method in {"POST", "PATCH", "PUT"} else {}
    if path.startswith("/api/v1/uploads"):
        headers = TUS | (headers or {})
    return client.request(method, filled(path, value), headers=headers, **arguments)


def test_every_route_that_answers_is_in_the_document(sqlite_platform, routes):
    paths = create_app(sqlite_platform).openapi()["paths"]
    assert set(routes) == {(method.upper(), path) for path, item in paths.items() for method in item}


def test_strangers_reach_public_routes_only(client, routes):
    assert set(routes) >= PUBLIC
    for method, path in set(routes) - PUBLIC:
        for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"X-API-Key": "gm_live_x"}):
            answer = send(client, method, path, headers)
            assert answer.status_code == 401, (method, path, answer.text)
            assert method == "HEAD" or answer.json()["code"] == "not-signed-in"
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
        if (method, path) in PUBLIC:
            continue
        answer = send(client, method, path, admin.headers)
        assert answer.status_code == 404, (method, path, answer.text)
        assert method == "HEAD" or answer.json()["code"] == "not-found"


def test_what_belongs_to_another_user_is_not_found(client, platform, user, other_user):
    key = client.post("/api/v1/account/api-keys", json={"name": "mine"}, headers=user.headers).json()["id"]
    theirs = {"sessions": user.signed_in.session_id, "api-keys": key}
    for kind, id_ in theirs.items():
        answer = client.delete(f"/api/v1/account/{kind}/{id_}", headers=other_user.headers)
        assert answer.status_code == 404, kind
        own = client.get(f"/api/v1/account/{kind}", headers=user.headers).json()["items"]
        assert [item["id"] for item in own] == [str(id_)], "nothing happened to it"


def test_a_method_that_a_route_does_not_know_is_a_problem_too(client):
    answer = client.put("/api/v1/account")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method-not-allowed"
    assert client.get("/api/v1/nothing").json()["code"] == "not-found"


def test_every_operation_has_a_name_of_its_own_and_says_which_problems_it_has(sqlite_platform):
    document = create_app(sqlite_platform).openapi()
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
