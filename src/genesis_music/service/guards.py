"""What every connection passes before it reaches a route or a socket, from the outside in."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from genesis_music.service.accounts.local_guard import LocalGuard
from genesis_music.service.accounts.rate_limits import RateLimits
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.headers import (
    BodyLimit,
    BodyLimits,
    RequestId,
    RouteLimit,
    SecurityHeaders,
)
from genesis_music.service.platform.request_watch import RequestWatch

REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
    "Traceparent",
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Defer-Length",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-API-Key",
    "X-Request-ID",
)
ANSWER_HEADERS = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Genesis-Job-Id",
    "Genesis-Transcription-Id",
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Offset",
    "X-Request-ID",
)
"""What a page of another origin may read."""


def guarded(app: ASGIApp, platform: Platform, body_limits: Sequence[RouteLimit] = ()) -> ASGIApp:
    """Wrap the whole service, HTTP and sockets; ``body_limits`` are routes that take more than ``max_body_bytes``."""
    settings = platform.settings
    app = BodyLimits(app, BodyLimit(settings.max_body_bytes), body_limits)
    app = RateLimits(app, platform)
    if settings.embedded:
        app = LocalGuard(app, settings)
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=("GET", "HEAD", "POST", "PATCH", "DELETE"),
            allow_headers=REQUEST_HEADERS,
            expose_headers=ANSWER_HEADERS,
            max_age=3600,
        )
    return RequestId(RequestWatch(SecurityHeaders(app)))
