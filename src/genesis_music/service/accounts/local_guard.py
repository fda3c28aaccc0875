"""Guards the embedded service, which has no sign-in, against web pages that reach for it from the user's browser.

1. DNS rebinding: a page whose host name is made to point to 127.0.0.1 sends its own name as ``Host``: refused.
2. Cross-site requests: a browser says in ``Origin`` which page asks; what changes something, and every socket,
   must come from the service's own pages or from ``cors_origins``. Programs send no ``Origin`` and pass.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from genesis_music.service import problems
from genesis_music.service.config import ServiceSettings
from genesis_music.service.errors import ForbiddenError

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY_VIOLATION = 1008


class LocalGuard:
    """Middleware for the embedded service, HTTP and WebSocket alike."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        self._app = app
        self._origins = frozenset(settings.cors_origins)
        self._hosts = LOCAL_HOSTS | {_host_name(urlsplit(settings.public_url).netloc)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        refusal = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": str(refusal)})
        else:
            await problems.of(refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ForbiddenError | None:
        headers = Headers(scope=scope)
        if _host_name(headers.get("host", "")) not in self._hosts:
            return ForbiddenError("The service is embedded: reach it by 127.0.0.1 or localhost.")
        if scope.get("method") not in SAFE_METHODS and not is_own_origin(headers, self._origins):
            return ForbiddenError("Another web page may not do this in your name.")
        return None


def is_own_origin(headers: Headers, allowed: frozenset[str]) -> bool:
    """Whether a request comes from no web page, from one of the service itself, or from an allowed origin."""
    origin = headers.get("origin")
    return origin is None or origin in allowed or origin.partition("://")[2] == headers.get("host")


def _host_name(authority: str) -> str:
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""
