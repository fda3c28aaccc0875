"""What every request is counted, timed, traced and logged by. Plain ASGI: nothing is buffered."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from genesis_music.service.platform.metrics import Counter, Histogram
from genesis_music.service.platform.tracing import Span, span

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

REQUESTS = Counter(
    "genesis_http_requests_total", "Requests that were answered.", ("method", "route", "status")
)
REQUEST_SECONDS = Histogram(
    "genesis_http_request_seconds", "Time until an answer began.", ("method", "route")
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ABANDONED = 499
"""The client went away before there was an answer."""
_HEALTH = "/health"


class RequestWatch:
    """Watches all that is inside it; a request's route is only known when it has been answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, noted = time.perf_counter(), False
        method = scope["method"] if scope["method"] in _METHODS else "other"

        def note(status: int) -> None:
            nonlocal noted
            if not noted:
                noted = True
                _note(watched, method, route_of(scope), status, time.perf_counter() - began)

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                note(message["status"])  # first: whoever has the answer finds it counted and logged
            await send(message)

        with span(method, "server", {"http.request.method": method}) as watched:
            try:
                await self._app(scope, receive, send_noted)
            except Exception:
                note(500)
                raise
            finally:
                note(_ABANDONED)


def route_of(scope: Scope) -> str:
    """The route's pattern, never the path itself: there are few of them, and no ids in them.

    FastAPI keeps only the last router's part of it, so what is before is put together again from the path.
    """
    own = getattr(scope.get("route"), "path", None)
    if own is not None:
        names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
        segments, last = scope["path"].split("/"), own.split("/")[1:]
        before = [names.get(segment, segment) for segment in segments[: len(segments) - len(last)]]
        return "/".join([*before, *last])
    if scope["path"].startswith("/socket.io"):
        return "/socket.io"
    return "none" if scope["path"].startswith(("/api", _HEALTH)) else "page"


def _note(watched: Span, method: str, route: str, status: int, seconds: float) -> None:
    REQUESTS.add(method=method, route=route, status=str(status))
    REQUEST_SECONDS.observe(seconds, method=method, route=route)
    watched.note({"http.route": route, "http.response.status_code": status}, f"{method} {route}")
    if status >= 500:
        watched.fail(str(status))
    if status < 500 and route.startswith(_HEALTH):
        return
    fields = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "event.duration": round(seconds * 1e9),
    }
    log.info("%s %s %d", method, route, status, extra={"ecs": fields})
