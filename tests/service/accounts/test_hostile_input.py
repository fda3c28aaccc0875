"""Whatever is sent, the answer is a clear problem of the sender's: never a 5xx."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NASTY = [
    None,
    True,
    0,
    -1,
    10**400,
    1e308,
    [],
    {},
    "",
    "\0",
    "a\0b",
    "\ud800",
    "x" * 100_000,
    "'; DROP TABLE users; --",
    "{{7*7}}${7*7}",
    "../../etc/passwd",
    "\u202egnp.exe",
    "𝔞𝔡𝔞@example.com",
    "ada@example.com\r\nBcc: all@example.com",
    ["ada@example.com"],
    {"$ne": None},
]
ROUTES = [
    (
        "POST",
        "auth/sign-up",
        {"email": "new@example.com", "password": "orange tides 47 below", "refresh_in": "body"},
    ),
    ("POST", "auth/sign-in", {"email": "ada@example.com", "password": "x", "refresh_in": "body"}),
    ("POST", "auth/refresh", {"refresh_token": "x"}),
    ("POST", "auth/forgot-password", {"email": "ada@example.com"}),
    ("POST", "auth/reset-password", {"token": "x", "new_password": "y"}),
    ("POST", "account/password", {"current_password": "x", "new_password": "y"}),
    ("POST", "account/deletion", {"password": "x"}),
    ("POST", "account/api-keys", {"name": "x", "expires_at": "2099-01-01T00:00:00Z"}),
    ("PATCH", "account/preferences", {"guitar_tuning": "standard", "theme": "dark"}),
]


@pytest.fixture
def platform(postgres_platform):
    """The stricter of the two databases about what text may hold."""
    return postgres_platform


def is_answered(answer):
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    return True


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[path for _, path, _ in ROUTES])
def test_every_field_survives_whatever_is_put_into_it(client, user, method, path, body):
    for field in body:
        for value in NASTY:
            content = as_json(body | {field: value})
            headers = user.headers | {"Content-Type": "application/json"}
            assert is_answered(client.request(method, f"/api/v1/{path}", content=content, headers=headers))
    assert client.get("/api/v1/account", headers=user.headers).status_code == 200


def as_json(body):
    return json.dumps(body).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1,",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"x"',
        b"NaN",
        b'{"email":NaN}',
        b"[" * 50_000,
        b'{"email":"\xff"}',
    ],
    ids=repr,
)
def test_damaged_bodies_are_refused(client, content):
    answer = client.post(
        "/api/v1/auth/sign-in", content=content, headers={"Content-Type": "application/json"}
    )
    assert is_answered(answer)
    assert answer.status_code in {400, 422}


def test_bodies_of_another_kind_are_refused(client):
    body = {"email": "ada@example.com", "password": "x"}
    for answer in (
        client.post("/api/v1/auth/sign-in", data=body),
        client.post("/api/v1/auth/sign-in", files={"email": b"ada@example.com"}),
        client.post("/api/v1/auth/sign-in", content=as_json(body), headers={"Content-Type": "text/plain"}),
    ):
        assert answer.status_code == 422, "a page elsewhere could send these without asking"


def test_a_huge_body_is_refused(client, platform):
    body = b'{"email": "' + b"x" * platform.settings.max_body_bytes + b'"}'
    answer = client.post("/api/v1/auth/sign-in", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert is_answered(answer)


def test_what_was_sent_is_never_repeated(client):
    body = {"email": "not an address", "password": {"secret": "hunter2hunter2"}}
    answer = client.post("/api/v1/auth/sign-in", json=body)
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert {fault["field"] for fault in answer.json()["errors"]} == {"body.email", "body.password"}


def test_an_unknown_field_is_refused(client, user):
    body = {"name": "x", "user_id": "00000000-0000-0000-0000-000000000001"}
    assert client.post("/api/v1/account/api-keys", json=body, headers=user.headers).status_code == 422


@pytest.mark.parametrize(
    "id_", ["x", "1", "%00", "..%2f..", "'; --", "00000000-0000-0000-0000-00000000000g", "é"]
)
def test_ids_that_are_none_are_refused(client, user, id_):
    answer = client.delete(f"/api/v1/account/sessions/{id_}", headers=user.headers)
    assert is_answered(answer)
    assert answer.status_code in {404, 422}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(text=st.text(max_size=60), query=st.text(max_size=40))
def test_any_text_is_answered(embedded_client, text, query):
    changed = embedded_client.patch("/api/v1/account/preferences", json={"guitar_tuning": text})
    assert is_answered(changed)
    found = embedded_client.get("/api/v1/admin/users", params={"q": query, "cursor": text})
    assert is_answered(found)
