"""What can go wrong in the service, and how it is said: problem details for HTTP (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from genesis_music.errors import GenesisError


class ServiceError(GenesisError):
    """Root of the service's own errors: each class is one kind of problem.

    ``status`` is the HTTP status, ``code`` the stable name programs may rely on, ``title`` the kind in words; the
    message says what to do. ``extra`` goes into the problem document beside them, ``headers`` into the response.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self,
        message: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


class NotFoundError(ServiceError):
    """There is no such thing, or it is another user's: both look the same."""

    status, code, title = 404, "not-found", "Not found"


class NotSignedInError(ServiceError):
    """No valid token, session or key."""

    status, code, title = 401, "not-signed-in", "Sign in first"

    def __init__(self, message: str = "Sign in, or give a valid API key.") -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class ForbiddenError(ServiceError):
    """Signed in, but not allowed to do this."""

    status, code, title = 403, "forbidden", "Not allowed"


class InvalidRequestError(ServiceError):
    """The request cannot be understood or asks for something that makes no sense."""

    status, code, title = 422, "invalid-request", "The request makes no sense"


class MalformedRequestError(ServiceError):
    """The request is damaged: a broken body, a bad header."""

    status, code, title = 400, "malformed-request", "The request is damaged"


class ConflictError(ServiceError):
    """It cannot be done in the present state."""

    status, code, title = 409, "conflict", "Not possible in this state"


class GoneError(ServiceError):
    """It was there and is no more."""

    status, code, title = 410, "gone", "No longer there"


class TooLargeError(ServiceError):
    """The body or the recording is larger than allowed."""

    status, code, title = 413, "too-large", "Too large"


class UnsupportedMediaError(ServiceError):
    """Not a recording, or of a kind that cannot be read."""

    status, code, title = 415, "unsupported-media", "Not a usable recording"


class TooManyRequestsError(ServiceError):
    """A limit is reached; the headers say when to come back."""

    status, code, title = 429, "too-many-requests", "Too many requests"


class UnavailableError(ServiceError):
    """A part that this needs does not answer at the moment; nothing is lost, try again."""

    status, code, title = 503, "unavailable", "Not available at the moment"


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    request_id: str,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Build a problem document; members of ``extra`` never replace the standard ones."""
    return dict(extra or {}) | {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
