"""The service's OpenAPI document: problems on every route, names for generated clients."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from genesis_music.service.problems import MEDIA_TYPE

EVERYWHERE = (400, 413, 422, 429, 503)
"""What any route may answer: a damaged or senseless request, one too many, a part that is away."""
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_SCHEMA = {"$ref": "#/components/schemas/Problem"}


class FieldFault(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(examples=["body.email"])
    message: str = Field(examples=["Field required"])


class Problem(BaseModel):
    """Why a request failed (RFC 9457). Some kinds have further members."""

    type: str = Field(examples=["/problems/not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(
        description="What happened and what to do.", examples=["There is no such transcription."]
    )
    code: str = Field(description="The kind of problem, for programs.", examples=["not-found"])
    request_id: str = Field(description="Tell it to support.", examples=["0d9f6e0c8f6b4d1e9a55f0c1d2e3f4a5"])
    errors: list[FieldFault] = Field(
        default=[], description="With `invalid-request`: the fields that are wrong."
    )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare that a route may answer with problems of these HTTP statuses (for ``responses=``)."""
    return {status: _response(status) for status in statuses}


def operation_id(route: APIRoute) -> str:
    """Name an operation after its function, as JavaScript writes it: ``sign_in`` → ``signIn``."""
    first, *others = route.name.split("_")
    return first + "".join(word.capitalize() for word in others)


def install(app: FastAPI) -> None:
    """Complete the document that FastAPI writes."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _response(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}


def _completed(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        servers=app.servers,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= _schemas()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS and path.startswith("/api/"):
                _add_problems(operation)
    return document


def _add_problems(operation: dict[str, Any]) -> None:
    """Say what every route may answer, in problems instead of FastAPI's own form."""
    responses = operation["responses"]
    statuses = [*EVERYWHERE, *((401,) if "security" in operation else ())]
    responses |= {
        str(status): _response(status) for status in statuses if not _is_declared(responses, status)
    }
    operation["responses"] = dict(sorted(responses.items()))


def _is_declared(responses: dict[str, Any], status: int) -> bool:
    return MEDIA_TYPE in responses.get(str(status), {}).get("content", {})


def _schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions: dict[str, Any] = schema.pop("$defs")
    return definitions | {"Problem": schema}
