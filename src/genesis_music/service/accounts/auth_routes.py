"""Signing up, in and out; refreshing; forgotten passwords.

A page asks for its refresh token in a cookie: HttpOnly (scripts never see it), SameSite=Strict and bound to these
routes (no other page can make the browser send it), and it is only taken from the service's own pages or
``cors_origins``. The access token stays in the page's memory and travels in a header, so no other route knows
cookies and no request can be forged across sites.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Cookie, Depends, Request, Response

from genesis_music.service.accounts import service, sessions
from genesis_music.service.accounts.client import RequestInfoOf
from genesis_music.service.accounts.dependencies import SessionUser, with_accounts
from genesis_music.service.accounts.letters import write_changed, write_forgotten
from genesis_music.service.accounts.local_guard import is_own_origin
from genesis_music.service.accounts.passwords import finish_reset
from genesis_music.service.accounts.rate_limits import (
    FORGOT_PASSWORD,
    FORGOT_PASSWORD_ACCOUNT,
    REFRESH,
    SIGN_IN,
    SIGN_IN_ACCOUNT,
    SIGN_UP,
    count_email,
    limit_address,
)
from genesis_music.service.accounts.schemas import (
    AuthOptions,
    ForgotPasswordRequest,
    RefreshIn,
    RefreshRequest,
    ResetPasswordRequest,
    SignInRequest,
    SignUpRequest,
    Tokens,
)
from genesis_music.service.accounts.sessions import SignedIn
from genesis_music.service.config import ServiceSettings
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import ForbiddenError, NotSignedInError
from genesis_music.service.openapi import problem_responses
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.mail import MailNotConfiguredError, can_send_mail

COOKIE = "genesis_refresh"
COOKIE_PATH = "/api/v1/auth"

router = APIRouter(prefix="/auth", tags=["signing in"])
accounts_only = APIRouter(dependencies=[Depends(with_accounts)], responses=problem_responses(409))


@router.get("/options")
def get_auth_options(platform: PlatformOf) -> AuthOptions:
    """Say what there is to sign in with."""
    return auth_options(platform)


def auth_options(platform: Platform) -> AuthOptions:
    """What there is to sign in with, by the settings."""
    settings = platform.settings
    return AuthOptions(
        sign_in_required=not settings.embedded,
        sign_up_open=settings.sign_up_open and not settings.embedded,
        password_reset=can_send_mail(platform) and not settings.embedded,
    )


@accounts_only.post(
    "/sign-up",
    status_code=201,
    dependencies=[Depends(limit_address(SIGN_UP))],
    responses=problem_responses(403),
)
def sign_up(body: SignUpRequest, platform: PlatformOf, info: RequestInfoOf, response: Response) -> Tokens:
    """Create an account and sign in."""
    signed_in = service.sign_up(platform, body.credentials, info)
    return _answer(response, platform.settings, signed_in, body.refresh_in)


@accounts_only.post(
    "/sign-in", dependencies=[Depends(limit_address(SIGN_IN))], responses=problem_responses(401, 403)
)
def sign_in(
    body: SignInRequest, request: Request, platform: PlatformOf, info: RequestInfoOf, response: Response
) -> Tokens:
    """Start a session with e-mail and password."""
    count_email(request, platform, SIGN_IN_ACCOUNT, body.email)
    signed_in = service.sign_in(platform, body.credentials, info)
    return _answer(response, platform.settings, signed_in, body.refresh_in)


@accounts_only.post(
    "/refresh", dependencies=[Depends(limit_address(REFRESH))], responses=problem_responses(401, 403)
)
def refresh(
    request: Request,
    platform: PlatformOf,
    info: RequestInfoOf,
    response: Response,
    body: RefreshRequest | None = None,
    cookie: Annotated[str | None, Cookie(alias=COOKIE, include_in_schema=False)] = None,
) -> Tokens:
    """Exchange a refresh token for the next pair of tokens. Each is good once: used again, it ends the session."""
    if body is not None:
        token, refresh_in = body.refresh_token.get_secret_value(), RefreshIn.BODY
    elif cookie:
        _require_own_page(request, platform.settings)
        token, refresh_in = cookie, RefreshIn.COOKIE
    else:
        raise NotSignedInError("Give the refresh token, or sign in.")
    return _answer(response, platform.settings, sessions.refresh_session(platform, token, info), refresh_in)


@accounts_only.post("/sign-out", status_code=204, responses=problem_responses(403))
def sign_out(identity: SessionUser, platform: PlatformOf, info: RequestInfoOf, response: Response) -> None:
    """End this session: its tokens are refused from now on."""
    sessions.sign_out(platform, identity, info)
    response.delete_cookie(COOKIE, path=COOKIE_PATH)


@accounts_only.post("/sign-out-everywhere", status_code=204, responses=problem_responses(403))
def sign_out_everywhere(
    identity: SessionUser, platform: PlatformOf, info: RequestInfoOf, response: Response
) -> None:
    """End all sessions of the user. API keys stay; they are revoked one by one."""
    sessions.sign_out_everywhere(platform, identity, info)
    response.delete_cookie(COOKIE, path=COOKIE_PATH)


@accounts_only.post(
    "/forgot-password", status_code=202, dependencies=[Depends(limit_address(FORGOT_PASSWORD))]
)
def forgot_password(
    body: ForgotPasswordRequest,
    request: Request,
    platform: PlatformOf,
    info: RequestInfoOf,
    background: BackgroundTasks,
) -> None:
    """Send a link for a new password, if the address has an account; the answer is the same either way."""
    if not can_send_mail(platform):
        raise MailNotConfiguredError("This service sends no e-mail: ask its operator for a new password.")
    count_email(request, platform, FORGOT_PASSWORD_ACCOUNT, body.email)
    background.add_task(write_forgotten, platform, body.email, info)


@accounts_only.post("/reset-password", status_code=204, dependencies=[Depends(limit_address(SIGN_IN))])
def reset_password(
    body: ResetPasswordRequest, platform: PlatformOf, info: RequestInfoOf, background: BackgroundTasks
) -> None:
    """Set a new password with the token of the link, once; all sessions end."""
    token, new = body.token.get_secret_value(), body.new_password.get_secret_value()
    background.add_task(write_changed, platform, finish_reset(platform, token, new, info))


router.include_router(accounts_only)


def _answer(
    response: Response, settings: ServiceSettings, signed_in: SignedIn, refresh_in: RefreshIn
) -> Tokens:
    response.headers["Cache-Control"] = "no-store"
    if refresh_in is RefreshIn.COOKIE:
        response.set_cookie(
            COOKIE,
            signed_in.refresh_token,
            max_age=settings.refresh_token_seconds,
            path=COOKIE_PATH,
            secure=settings.public_url.startswith("https:"),
            httponly=True,
            samesite="strict",
        )
    return Tokens.of(signed_in, refresh_in)


def _require_own_page(request: Request, settings: ServiceSettings) -> None:
    if not is_own_origin(request.headers, frozenset(settings.cors_origins)):
        raise ForbiddenError("Another web page may not do this in your name.")
