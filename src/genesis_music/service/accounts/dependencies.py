"""What routes ask for to know who is asking: the user, an administrator, a user who signed in with a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from genesis_music.service.accounts.authentication import authenticate
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.rate_limits import count, count_identity
from genesis_music.service.accounts.tables import Role
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import ConflictError, ForbiddenError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.limits import Rule

_bearer = HTTPBearer(
    scheme_name="bearer",
    description="An access token from signing in, or an API key (`gm_live_…`).",
    auto_error=False,
)
_api_key = APIKeyHeader(
    name="X-API-Key", scheme_name="apiKey", description="An API key (`gm_live_…`).", auto_error=False
)


def current_user(
    request: Request,
    platform: PlatformOf,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    api_key: Annotated[str | None, Depends(_api_key)],
) -> Identity:
    """Return who is asking, and count the request against that user's limit."""
    identity = authenticate(platform, bearer.credentials if bearer else api_key)
    count_identity(request, platform, identity)
    return identity


CurrentUser = Annotated[Identity, Depends(current_user)]
"""Whoever sent a valid access token or API key; in the embedded service always the local user."""


def limit_user(rule: Rule) -> Callable[[Request, Platform, Identity], None]:
    """Return a dependency that limits a route per user."""

    def limit(request: Request, platform: PlatformOf, identity: CurrentUser) -> None:
        count(request, platform, rule, str(identity.user_id))

    return limit


def _admin(identity: CurrentUser) -> Identity:
    if identity.role is not Role.ADMIN:
        raise ForbiddenError("Only administrators may do this.")
    return identity


AdminUser = Annotated[Identity, Depends(_admin)]
"""A current user who is an administrator."""


def with_accounts(platform: PlatformOf) -> None:
    """Refuse what makes no sense without accounts.

    Raises:
        ConflictError: the service is embedded.
    """
    if platform.settings.embedded:
        raise ConflictError(
            "This service runs for one person on one machine: there are no accounts to sign in to.",
            extra={"mode": "embedded"},
        )


def _session_user(identity: CurrentUser, _: Annotated[None, Depends(with_accounts)]) -> Identity:
    if identity.session_id is None:
        raise ForbiddenError("An API key may not manage the account itself: sign in with the password.")
    return identity


SessionUser = Annotated[Identity, Depends(_session_user)]
"""A current user who signed in: what an API key that leaked must not be able to do asks for this."""
