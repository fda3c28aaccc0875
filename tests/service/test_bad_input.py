"""Damaged, huge and senseless requests to every route, and many uploads at once: a clear refusal, never a 5xx."""

import base64
import gzip
import json
import threading
from uuid import uuid4

import anyio
import httpx
import pytest
from fastapi.routing import iter_route_contexts

from genesis_music.service.guards import guarded
from genesis_music.service.transcriptions.bodies import body_limits
from genesis_music.service.transcriptions.turns import AT_ONCE
from tests.service.conftest import app_of
from tests.service.platforms import PUBLIC_URL
from tests.service.transcriptions.conftest import wav

JSON, FORM = "application/json", "multipart/form-data; boundary=cut"
DAMAGED = {
    "nothing": (JSON, b""),
    "cut off": (JSON, b'{"url": "htt'),
    "deeply nested": (JSON, b"[" * 100_000),
    "a number as large as a library": (JSON, b"9" * 5000),
    "not a document": (JSON, b"\xff\xfe\x00"),
    "a list": (JSON, b"[]"),
    "keys twice": (JSON, b'{"url": 1, "url": [], "title": {}, "name": 0}'),
    "zeros": (JSON, b'"\\u0000"'),
    "half a character": (JSON, b'{"title": "\\ud800", "name": "\\ud800", "url": "\\ud800"}'),
    "packed": (JSON, gzip.compress(b'{"a": "' + b"0" * 10**7 + b'"}')),
    "another type": ("text/plain", b"{}"),
    "no type": ("", b"{}"),
    "an odd type": ("multipart/;;;=\x7f", b"{}"),
    "a form cut off": (FORM, b"--cut\r\nContent-Disposition: form-data; name=x\r\n\r\nabc"),
    "a form without an end": (FORM, b"--cut\r\n" * 1000),
    "a form of headers": (FORM, b"--cut\r\n" + b"A: b\r\n" * 50_000 + b"\r\n"),
    "a form with a thousand fields": (
        FORM,
        b"".join(
            b'--cut\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(1000)
        ),
    ),
}
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Upload-Length": "4"}


def jwt(header, claims):
    """A token without a signature."""
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
    )


BAD_TOKENS = [
    "Bearer",
    "Bearer  ",
    "Basic YWRhOnBhc3N3b3Jk",
    "bearer x y z",
    "Bearer " + "x" * 50_000,
    "Bearer ..",
    "Bearer \xff\xfe",
    f"Bearer {jwt({'alg': 'none'}, {'sub': 'x', 'role': 'admin'})}.",
    f"Bearer {jwt({'alg': 'HS256', 'kid': '../../etc/passwd'}, {'exp': 10**30})}.AAAA",
    "Bearer gm_live_" + "0" * 60,
    "Bearer gm_refresh_x",
]


@pytest.fixture
def platform(postgres_platform):
    """The stricter of the two databases."""
    return postgres_platform


@pytest.fixture
def routes(platform):
    """Every (method, path) of the API."""
    found = iter_route_contexts(app_of(platform).routes)
    return sorted(
        {(method, r.path) for r in found for method in r.methods or () if r.path.startswith("/api")}
    )


def is_refused(answer):
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "detail", "status", "request_id"} <= answer.json().keys()
    return True


def filled(path):
    return path.format_map(Anything())


class Anything(dict):
    def __missing__(self, _):
        return uuid4()


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_body_is_refused_wherever_it_is_sent(client, user, routes, kind):
    media_type, content = DAMAGED[kind]
    headers = user.headers | TUS | ({"Content-Type": media_type} if media_type else {})
    for method, path in routes:
        if method in {"POST", "PATCH"}:
            answer = client.request(method, filled(path), content=content, headers=headers)
            assert answer.status_code < 500, (method, path, answer.text)
            if answer.status_code >= 400:
                assert is_refused(answer)


def test_a_huge_body_is_refused_wherever_it_is_sent(client, user, routes, platform):
    content = b"x" * (platform.settings.max_body_bytes + 1)
    for method, path in routes:
        if method in {"POST", "PATCH"} and not path.endswith(("/transcribe", "/uploads", "{upload_id}")):
            answer = client.request(method, filled(path), content=content, headers=user.headers)
            assert answer.status_code == 413, (method, path, answer.text)
            assert is_refused(answer)


@pytest.mark.parametrize("token", BAD_TOKENS, ids=lambda token: token[:20])
def test_no_token_but_a_good_one_opens_anything(client, user, token):
    for path in ("/account", "/transcribe", "/admin/users"):
        answer = client.get(f"/api/v1{path}", headers={"Authorization": token.encode("latin-1")})
        assert answer.status_code == 401
        assert is_refused(answer)


@pytest.mark.parametrize(
    "query",
    [
        "%00",
        "%ff%fe",
        "q=%00",
        "cursor=%ff",
        "limit=" + "9" * 4000,
        "limit=1&limit=x",
        "&" * 5000,
        "created_from=0000-00-00",
        "q=" + "%25" * 60,
    ],
)
def test_any_query_is_answered(client, user, routes, query):
    for method, path in routes:
        if method == "GET" and "{" not in path:
            answer = client.get(f"{path}?{query}", headers=user.headers)
            assert answer.status_code < 500, (path, answer.text)


@pytest.mark.parametrize(
    "header",
    [
        "Range",
        "If-None-Match",
        "If-Range",
        "X-Forwarded-For",
        "Traceparent",
        "Origin",
        "Upload-Metadata",
        "Upload-Checksum",
        "Upload-Length",
        "Idempotency-Key",
    ],
)
def test_any_header_is_answered(client, user, routes, header):
    for value in (b"\xff\xfe", b",,,;;;", b"9" * 20_000, b"bytes=" + b"0-," * 3000, b"-1"):
        for method, path in routes:
            answer = client.request(method, filled(path), headers=user.headers | TUS | {header: value})
            assert answer.status_code < 500, (method, path, value[:9], answer.text)


def test_many_uploads_at_once_leave_threads_for_everybody_else(platform, user, monkeypatch):
    go_on, tried = threading.Event(), "genesis_music.service.transcriptions.recordings.check_media"
    begun = []

    def check(path, limits):
        begun.append(path)
        go_on.wait()
        raise RuntimeError("enough")

    monkeypatch.setattr(tried, check)
    application = guarded(app_of(platform), platform, body_limits(platform.settings))

    async def run():
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with (
            httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=user.headers) as client,
            anyio.create_task_group() as group,
        ):
            for _ in range(60):
                group.start_soon(
                    lambda: client.post("/api/v1/transcribe", files={"file": ("a.wav", wav(1.0))})
                )
            try:
                with anyio.fail_after(60):
                    while len(begun) < AT_ONCE:
                        await client.get("/health/live")
                    assert (await client.get("/api/v1/account")).status_code == 200
                assert len(begun) == AT_ONCE
            finally:
                go_on.set()

    anyio.run(run)
