"""Middleware that every request passes: its id, limits on its body, and the security headers of the answer.

Plain ASGI: bodies and answers stream through, nothing is buffered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genesis_music.service.errors import MalformedRequestError, ServiceError, TooLargeError, problem
from genesis_music.service.platform import context

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For what is not a page: a browser that is tricked into showing it may load and run nothing."""

FIXED_HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), payment=(), usb=(), microphone=(self)"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def current_request_id() -> str:
    """The id of the request that is being handled; empty outside of one."""
    return context.request_id.get() or ""


class SecurityHeaders:
    """Adds security headers to every answer; a header that a route has set stays as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = [*FIXED_HEADERS, *((HSTS,) if scope.get("scheme") == "https" else ())]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                present = {name.lower() for name, _ in headers}
                missing = [(name, value) for name, value in wanted if name not in present]
                message = {**message, "headers": headers + missing}
            await send(message)

        await self._app(scope, receive, send_with_headers)


class RequestId:
    """Gives every request an id (the caller's, if it is harmless) and returns it as ``X-Request-ID``.

    It also goes on with the caller's trace, or begins one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = _header(scope, b"x-request-id")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        trace = context.parse_trace_parent(_header(scope, b"traceparent")) or (uuid.uuid4().hex, None)
        id_token = context.request_id.set(request_id)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(n, v) for n, v in message.get("headers", []) if n.lower() != b"x-request-id"]
                message = {**message, "headers": [*headers, (b"x-request-id", request_id.encode())]}
            await send(message)

        try:
            with context.within(*trace):
                await self._app(scope, receive, send_with_id)
        finally:
            context.request_id.reset(id_token)


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """What a request's body may cost.

    ``max_bytes`` in all; at most ``idle_seconds`` between two pieces; and in all ``grace_seconds`` plus a second
    for every ``min_bytes_per_second`` received. After a refusal the rest is read and thrown away for at most
    ``linger_seconds``: whoever still sends while the connection closes loses the answer (RFC 9112, section 9.6).
    """

    max_bytes: int
    idle_seconds: float = 20.0
    grace_seconds: float = 30.0
    min_bytes_per_second: float = 4096.0
    linger_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class RouteLimit:
    """A limit for the paths that a pattern matches as a whole."""

    path: re.Pattern[str]
    limit: BodyLimit


class BodyLimits:
    """Refuses bodies that are too large (413) or come too slowly (408), before they cost much.

    The first of ``routes`` whose pattern matches the path counts, else ``default``.
    """

    def __init__(self, app: ASGIApp, default: BodyLimit, routes: Sequence[RouteLimit] = ()) -> None:
        self._app = app
        self._default = default
        self._routes = tuple(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next((r.limit for r in self._routes if r.path.fullmatch(scope["path"])), self._default)
        await _LimitedRequest(limit, receive, send).run(self._app, scope)


class BodyTooSlowError(ServiceError):
    """A body that trickles in."""

    status, code, title = 408, "body-too-slow", "The body came too slowly"


class _RefusedError(Exception):
    """Stops whoever reads the body; never seen outside."""


class _LimitedRequest:
    """One request whose body is watched; an answer to a refused body is replaced by the refusal."""

    def __init__(self, limit: BodyLimit, receive: Receive, send: Send) -> None:
        self._limit = limit
        self._receive = receive
        self._send = send
        self._received_bytes = 0
        self._complete = False
        self._answered = False
        self._refusal: ServiceError | None = None
        self._waited_seconds = 0.0

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        stated = _header(scope, b"content-length")
        if stated and not (stated.isascii() and stated.isdigit()):
            self._refusal = MalformedRequestError("The Content-Length header is not a number.")
        elif stated and (len(stated) > 18 or int(stated) > self._limit.max_bytes):
            self._refusal = self._too_large()
        else:
            try:
                await app(scope, self.receive, self.send)
            except Exception:
                if self._refusal is None:
                    raise
        if self._refusal is not None and not self._answered:
            await self._refuse(self._refusal)

    async def receive(self) -> Message:
        if self._refusal is not None:
            raise _RefusedError
        if self._complete:
            return await self._receive()
        message = await self._receive_in_time()
        if message["type"] == "http.request":
            self._received_bytes += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._received_bytes > self._limit.max_bytes:
                self._refusal = self._too_large()
                raise _RefusedError
        return message

    async def _receive_in_time(self) -> Message:
        """The next message; only time spent waiting for the client counts, not what the service takes."""
        allowed = self._limit.grace_seconds + self._received_bytes / self._limit.min_bytes_per_second
        started = time.monotonic()
        try:
            async with asyncio.timeout(min(self._limit.idle_seconds, allowed - self._waited_seconds)):
                return await self._receive()
        except TimeoutError:
            self._refusal = BodyTooSlowError("The body came too slowly: check the connection and try again.")
            raise _RefusedError from None
        finally:
            self._waited_seconds += time.monotonic() - started

    async def send(self, message: Message) -> None:
        if self._refusal is not None and not self._answered:
            return
        self._answered = True
        await self._send(message)

    def _too_large(self) -> ServiceError:
        return TooLargeError(
            f"The body is larger than the {self._limit.max_bytes} bytes that are allowed here."
        )

    async def _refuse(self, error: ServiceError) -> None:
        document = problem(
            error.status,
            error.code,
            error.title,
            str(error),
            request_id=current_request_id(),
            extra=error.extra,
        )
        body = json.dumps(document).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await self._send({"type": "http.response.start", "status": error.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b""})

    async def _linger(self) -> None:
        """Throw away what the client still sends, until it is done or has left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limit.linger_seconds):
                while not self._complete:
                    message = await self._receive()
                    self._complete = not message.get("more_body", False)


def _header(scope: Scope, name: bytes) -> str:
    values = [value for key, value in scope.get("headers", []) if key.lower() == name]
    return values[0].decode("latin-1").strip() if len(values) == 1 else ""
