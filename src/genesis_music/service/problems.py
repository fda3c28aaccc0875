"""Every failure of a request becomes a problem document (RFC 9457): never a traceback, never a bare text."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from genesis_music.errors import GenesisError, InputError
from genesis_music.service.errors import (
    InvalidRequestError,
    MalformedRequestError,
    ServiceError,
    UnavailableError,
    problem,
)
from genesis_music.service.platform.headers import current_request_id

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
METHOD_NOT_ALLOWED = 405
INTERNAL_DETAIL = (
    "This is our mistake and has been recorded. Try again; if it stays, tell support the request id."
)
_HTTP_CODES = {
    400: "malformed-request",
    404: "not-found",
    METHOD_NOT_ALLOWED: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media",
}


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(GenesisError, _genesis_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(Exception, _unforeseen)


def respond(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Answer with a problem document."""
    document = problem(status, code, title, detail, request_id=current_request_id(), extra=extra)
    return JSONResponse(document, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def of(error: ServiceError) -> JSONResponse:
    """Answer with the problem document of an error."""
    return respond(
        error.status, error.code, error.title, str(error), extra=error.extra, headers=error.headers
    )


async def _service_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    return of(error)


async def _genesis_error(request: Request, error: Exception) -> JSONResponse:
    """The pipeline's errors: the user's to mend (422), or ours."""
    if isinstance(error, InputError):
        return of(InvalidRequestError(str(error)))
    return await _unforeseen(request, error)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    """Say which field is wrong and why, without echoing what was sent (it may be a password)."""
    assert isinstance(error, RequestValidationError)
    faults = [
        {"field": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
        for fault in error.errors()
    ]
    broken = any(fault["type"] == "json_invalid" for fault in error.errors())
    kind = MalformedRequestError if broken else InvalidRequestError
    detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults[:3])
    return of(kind(detail, extra={"errors": faults}))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, f"http-{error.status_code}")
    headers = {"Allow": _allowed(request)} if error.status_code == METHOD_NOT_ALLOWED else error.headers
    return respond(error.status_code, code, str(error.detail), str(error.detail), headers=headers)


def _allowed(request: Request) -> str:
    """The methods of all routes at the request's path: the framework knows of the first one only."""
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.path and compile_path(route.path)[0].match(request.url.path):
            found |= route.methods or set()
    return ", ".join(sorted(found))


async def _database_error(request: Request, error: Exception) -> JSONResponse:
    """A database that is away is not our mistake; a value it cannot hold is the sender's."""
    if isinstance(error, OperationalError):
        log.warning("the database does not answer: %s", error.orig)
        return of(
            UnavailableError(
                "The database does not answer. Try again in a moment.", headers={"Retry-After": "5"}
            )
        )
    if isinstance(error, DataError):
        return of(InvalidRequestError("A value in the request cannot be stored."))
    return await _unforeseen(request, error)


async def _unforeseen(_: Request, error: Exception) -> JSONResponse:
    log.error("a request failed", exc_info=error)
    return respond(500, ServiceError.code, ServiceError.title, INTERNAL_DETAIL)
