"""How often an address, a user and an account may ask, and the headers that say so on every answer.

Three layers: every address has a generous limit on the whole API, counted before a body is read; every user has
``rate_limit_per_minute``; costly or guessable routes have rules of their own (:func:`limit_address`,
:func:`limit_user`, :func:`count`). The embedded service has one user and no limits.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genesis_music.service import problems
from genesis_music.service.accounts.client import client_address, site_of
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.config import ServiceSettings
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import TooManyRequestsError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.limits import Rule, Verdict, strictest

SIGN_IN = Rule("sign-in", 30, 5 * 60)
SIGN_IN_ACCOUNT = Rule("sign-in-account", 10, 15 * 60)
"""Of one e-mail address, known or not, from wherever: guessing a password takes ages."""
SIGN_UP = Rule("sign-up", 20, 3600)
REFRESH = Rule("refresh", 120, 60)
FORGOT_PASSWORD = Rule("forgot-password", 10, 3600)
FORGOT_PASSWORD_ACCOUNT = Rule("forgot-password-account", 3, 3600)
"""Nobody's mailbox is flooded."""
PASSWORD = Rule("password", 10, 15 * 60)
"""Of one user, wherever the present password is asked for."""
EXPORT = Rule("export", 10, 3600)
UPLOAD = Rule("upload", 120, 3600)
"""Recordings and links that one user hands in."""
EDIT = Rule("edit", 240, 60)
"""Revisions that one user makes, and places for notes that one asks for: more than a hand can click."""

ADDRESS_FACTOR = 4
"""An office or a school shares one address."""
_COUNTED_PREFIX = "/api/"
_VERDICTS = "genesis.rate_limits"


class RateLimits:
    """Middleware: counts every request's address, and writes the headers of the tightest limit on the answer."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        self._app = app
        self._platform = platform
        self._rule = Rule("address", ADDRESS_FACTOR * platform.settings.rate_limit_per_minute, 60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        counted = scope["type"] == "http" and scope["path"].startswith(_COUNTED_PREFIX)
        if not counted or not _enabled(self._platform.settings):
            await self._app(scope, receive, send)
            return
        verdicts: list[Verdict] = []
        scope[_VERDICTS] = verdicts
        verdicts.append(await run_in_threadpool(self._check, scope))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(strictest(verdicts).headers())
            await send(message)

        app = self._app if verdicts[0].allowed else _refusal(verdicts[0])
        await app(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> Verdict:
        address = client_address(scope, self._platform.settings.trusted_proxies)
        return self._platform.limiter.check((site_of(address),), self._rule)


def count(request: Request, platform: Platform, rule: Rule, *subject: str) -> None:
    """Count the request as one of ``subject`` (an address, a user's id, …) under a rule.

    Raises:
        TooManyRequestsError: that was one too many.
    """
    if not _enabled(platform.settings):
        return
    verdict = platform.limiter.check(subject, rule)
    request.scope.get(_VERDICTS, []).append(verdict)
    if not verdict.allowed:
        raise _too_many(verdict)


def count_identity(request: Request, platform: Platform, identity: Identity) -> None:
    """Count the request of a user, however many devices and keys the user has."""
    count(request, platform, Rule("user", platform.settings.rate_limit_per_minute, 60), str(identity.user_id))


def count_email(request: Request, platform: Platform, rule: Rule, email: str) -> None:
    """Count the request about an e-mail address; the address itself is kept nowhere."""
    count(request, platform, rule, sha256(email.encode()).hexdigest())


def limit_address(rule: Rule) -> Callable[[Request, Platform], None]:
    """Return a dependency that limits a route per address."""

    def limit(request: Request, platform: PlatformOf) -> None:
        address = client_address(request.scope, platform.settings.trusted_proxies)
        count(request, platform, rule, site_of(address))

    return limit


def _enabled(settings: ServiceSettings) -> bool:
    return settings.rate_limits_enabled and not settings.embedded


def _too_many(verdict: Verdict) -> TooManyRequestsError:
    wait_seconds = max(1, verdict.reset_seconds)
    return TooManyRequestsError(
        f"At most {verdict.limit} requests in {verdict.rule.window_seconds} s: try again in {wait_seconds} s.",
        extra={"limit": verdict.rule.name, "retry_after_seconds": wait_seconds},
        headers=verdict.headers(),
    )


def _refusal(verdict: Verdict) -> ASGIApp:
    return problems.of(_too_many(verdict))
