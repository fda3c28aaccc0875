"""What every request passes: an id, limits on its body, security headers on its answer."""

import asyncio
import json
import re
import select
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from genesis_music.service.platform import context
from genesis_music.service.platform.headers import (
    BodyLimit,
    BodyLimits,
    RequestId,
    RouteLimit,
    SecurityHeaders,
    current_request_id,
)
from tests.service.conftest import served

SMALL = BodyLimit(
    max_bytes=1000, idle_seconds=0.05, grace_seconds=0.2, min_bytes_per_second=1000, linger_seconds=0.1
)
UPLOADS = RouteLimit(re.compile(r"/upload/[0-9]+"), BodyLimit(max_bytes=100_000, idle_seconds=5))


def application(limit: BodyLimit = SMALL) -> Any:
    app = FastAPI()

    @app.get("/id")
    def read_id() -> dict[str, str | None]:
        return {"id": current_request_id(), "trace": context.trace_id.get()}

    @app.get("/page", response_class=HTMLResponse)
    def read_page() -> str:
        return "<p>hello</p>"

    @app.get("/own")
    def read_own() -> JSONResponse:
        return JSONResponse(
            {}, headers={"Content-Security-Policy": "default-src *", "X-Request-ID": "forged"}
        )

    @app.get("/stream")
    def read_stream() -> StreamingResponse:
        return StreamingResponse(str(number) for number in range(1000))

    @app.post("/json")
    async def write_json(body: dict[str, Any]) -> dict[str, int]:
        return {"fields": len(body)}

    @app.post("/upload/{number}")
    async def upload(request: Request) -> dict[str, int]:
        return {"bytes": sum([len(piece) async for piece in request.stream()])}

    @app.post("/swallow")
    async def swallow(request: Request) -> dict[str, str]:
        try:
            await request.body()
        except Exception:
            return {"answer": "of a route that swallows everything"}
        return {"answer": "complete"}

    @app.websocket("/socket")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(current_request_id())

    return RequestId(SecurityHeaders(BodyLimits(app, limit, [UPLOADS])))


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(application(), base_url="https://genesis.example") as client:
        yield client


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for answer in (
        client.get("/id"),
        client.get("/page"),
        client.get("/missing"),
        client.post("/json", content=b"x" * 2000),
    ):
        headers = answer.headers
        assert headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert (
            headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        )
        assert "camera=()" in headers["permissions-policy"]
        assert "max-age=" in headers["strict-transport-security"]


def test_plain_http_never_promises_https() -> None:
    with TestClient(application(), base_url="http://genesis.example") as client:
        assert "strict-transport-security" not in client.get("/id").headers


def test_a_route_may_set_a_header_of_its_own_but_never_the_id(client: TestClient) -> None:
    answer = client.get("/own")
    assert answer.headers.get_list("content-security-policy") == ["default-src *"]
    assert "forged" not in answer.headers.get_list("x-request-id")


def test_a_harmless_id_of_the_caller_is_kept_and_known_to_the_route(client: TestClient) -> None:
    answer = client.get("/id", headers={"X-Request-ID": "caller-1234.5_6"})
    assert answer.headers["x-request-id"] == answer.json()["id"] == "caller-1234.5_6"


@pytest.mark.parametrize(
    "given",
    ["", "short", "x" * 65, "a b c d e f g", "<script>alert", "a\\nb-12345678", "-" * 10, "ключ-ключ"],
)
def test_any_other_id_is_replaced(given: str, client: TestClient) -> None:
    answer = client.get("/id", headers={"X-Request-ID": given.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.json()["id"] == answer.headers["x-request-id"]


def test_two_ids_at_once_are_none(client: TestClient) -> None:
    answer = client.get("/id", headers=[("x-request-id", "first-12345"), ("x-request-id", "second-12345")])
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


@given(st.binary(max_size=100))
def test_whatever_is_sent_as_id_the_answer_has_one_clean_line(raw: bytes) -> None:
    scope = {"type": "http", "headers": [(b"x-request-id", raw)]}
    sent = asyncio.run(exchange(RequestId(answering), scope, []))
    (value,) = [value for name, value in sent[0]["headers"] if name == b"x-request-id"]
    assert re.fullmatch(rb"[A-Za-z0-9._-]{8,64}", value)
    assert current_request_id() == ""


def test_a_trace_of_the_caller_is_followed(client: TestClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    parent = f"00-{trace}-00f067aa0ba902b7-01"
    assert client.get("/id", headers={"traceparent": parent}).json()["trace"] == trace


@pytest.mark.parametrize("nonsense", ["00-nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01", ""])
def test_without_a_trace_of_the_caller_one_is_begun(client: TestClient, nonsense: str) -> None:
    first, second = (client.get("/id", headers={"traceparent": nonsense}).json()["trace"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first) and first != second
    assert set(first) != {"0"}


def test_a_socket_has_an_id_too(client: TestClient) -> None:
    with client.websocket_connect("/socket") as socket:
        assert re.fullmatch(r"[0-9a-f]{32}", socket.receive_text())


def test_streams_pass_piece_by_piece(client: TestClient) -> None:
    with client.stream("GET", "/stream") as answer:
        assert answer.read() == "".join(map(str, range(1000))).encode()


Message = dict[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]


async def answering(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


async def reading(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await answering(scope, receive, send)


async def exchange(
    app: Application, scope: Message, pieces: list[bytes | None], *, last: bool = True
) -> list[Message]:
    """What an application sends, when a client sends the pieces; ``None`` is a pause that never ends."""
    sent: list[Message] = []
    waiting = list(pieces)

    async def receive() -> Message:
        if not waiting:
            return {"type": "http.request", "body": b"", "more_body": not last}
        if (piece := waiting.pop(0)) is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": piece, "more_body": bool(waiting) or not last}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"method": "POST", "path": "/", "headers": [], **scope}, receive, send)
    return sent


def posted(
    pieces: list[bytes | None],
    *,
    headers: list[tuple[bytes, bytes]] | None = None,
    app: Application = reading,
    limit: BodyLimit = SMALL,
    path: str = "/",
    last: bool = True,
) -> tuple[int, dict[str, Any]]:
    scope = {"type": "http", "path": path, "headers": headers or []}
    sent = asyncio.run(exchange(BodyLimits(app, limit, [UPLOADS]), scope, pieces, last=last))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1, "one answer, whatever happens"
    return starts[0]["status"], json.loads(body) if body != b"fine" else {}


def test_a_body_within_the_limit_passes() -> None:
    assert posted([b"x" * 500, b"x" * 500])[0] == 200
    assert posted([])[0] == 200


@pytest.mark.parametrize(
    ("pieces", "headers"),
    [
        ([b"x" * 500, b"x" * 501], []),
        ([b"x" * 10_000_000], []),
        ([b"x" * 1001], [(b"content-length", b"5")]),
        ([], [(b"content-length", b"1001")]),
        ([], [(b"content-length", b"9" * 5000)]),
    ],
)
def test_a_body_that_is_too_large_is_413(
    pieces: list[bytes | None], headers: list[tuple[bytes, bytes]]
) -> None:
    status, problem = posted(pieces, headers=headers)
    assert (status, problem["status"], problem["code"]) == (413, 413, "too-large")
    assert "1000 bytes" in problem["detail"]


def test_a_body_that_says_it_is_too_large_is_never_read() -> None:
    async def untouched(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("the application was called")

    assert posted([b"x"], headers=[(b"content-length", b"1001")], app=untouched)[0] == 413


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"0x10", b"five", b"1,1", "٣".encode()])
def test_a_length_that_is_no_number_is_400(length: bytes) -> None:
    assert posted([b"x"], headers=[(b"content-length", length)])[0] == 400


def test_a_body_that_stops_is_408() -> None:
    status, problem = posted([b"x", None])
    assert (status, problem["code"]) == (408, "body-too-slow")
    assert posted([None])[0] == 408


def test_a_body_that_trickles_is_408_although_it_never_stops() -> None:
    async def trickling(scope: Any, receive: Any, send: Any) -> None:
        async def slowly() -> Message:
            await asyncio.sleep(0.01)
            return {"type": "http.request", "body": b"x", "more_body": True}

        await BodyLimits(reading, SMALL)(scope, slowly, send)

    status = asyncio.run(exchange(trickling, {"type": "http"}, []))[0]["status"]
    assert status == 408


def test_time_that_the_service_takes_is_not_the_clients() -> None:
    async def slow_to_read(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(3):
            await asyncio.sleep(0.1)
            await receive()
        await answering(scope, receive, send)

    assert posted([b"x", b"x", b"x"], app=slow_to_read)[0] == 200


def test_a_route_class_has_a_limit_of_its_own() -> None:
    assert posted([b"x" * 50_000], path="/upload/1")[0] == 200
    assert posted([b"x" * 100_001], path="/upload/1")[0] == 413
    assert posted([b"x" * 50_000], path="/upload/1/../json")[0] == 413


def test_waiting_for_the_end_of_a_long_answer_is_no_slow_body() -> None:
    class Finished(Exception):  # noqa: N818
        """The client has left."""

    async def long_answer(scope: Any, receive: Any, send: Any) -> None:
        assert not (await receive())["more_body"]
        await receive()

    async def staying(scope: Any, receive: Any, send: Any) -> None:
        messages = iter([{"type": "http.request", "body": b"x", "more_body": False}])

        async def then_quiet() -> Message:
            if (message := next(messages, None)) is not None:
                return message
            await asyncio.sleep(3 * SMALL.idle_seconds)
            raise Finished

        await BodyLimits(long_answer, SMALL)(scope, then_quiet, send)

    with pytest.raises(Finished):
        asyncio.run(exchange(staying, {"type": "http"}, []))


def test_the_refusal_comes_through_every_kind_of_route(client: TestClient) -> None:
    for path in ("/json", "/swallow"):
        answer = client.post(path, content=b"x" * 2000)
        assert answer.status_code == 413, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_an_error_of_the_application_stays_its_own() -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        posted([b"x"], app=failing)


PATIENT = BodyLimit(max_bytes=1000, idle_seconds=60, linger_seconds=60)
"""A busy machine pauses between pieces."""


def test_whoever_still_sends_too_much_reads_why_it_was_refused() -> None:
    chunk = b"64\r\n" + b"x" * 100 + b"\r\n"
    with (
        served(application(PATIENT)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as sender,
    ):
        sender.sendall(b"POST /json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + 11 * chunk)
        select.select([sender], [], [], 60)
        for _ in range(5):
            time.sleep(0.02)
            sender.sendall(chunk)
        sender.sendall(b"0\r\n\r\n")
        answer = sender.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"}"), "whole"


def test_a_refused_body_without_end_is_not_read_for_ever() -> None:
    chunk = b"64\r\n" + b"x" * 100 + b"\r\n"
    limit = replace(PATIENT, linger_seconds=1)
    with (
        served(application(limit)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as sender,
    ):
        sender.sendall(b"POST /json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError):
            while True:
                sender.sendall(chunk)


def test_a_real_server_ends_chunked_bodies() -> None:
    def pieces(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield b"x" * 100

    with (
        served(application(PATIENT)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        assert client.post("/upload/1", content=pieces(100)).json() == {"bytes": 10_000}
        assert client.post("/swallow", content=pieces(11)).status_code == 413
        assert client.get("/id").status_code == 200


def test_a_real_server_ends_slow_bodies() -> None:
    limit = BodyLimit(max_bytes=1000, idle_seconds=1, linger_seconds=1)
    with (
        served(application(limit)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as slow,
    ):
        slow.sendall(b"POST /json HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{")
        answer = slow.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"body-too-slow" in answer
