"""Reading what ``POST /transcribe`` is sent: a form with a file, or JSON with a link."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from genesis_music.service.config import MEGABYTE, ServiceSettings
from genesis_music.service.errors import TooLargeError, UnsupportedMediaError
from genesis_music.service.platform.headers import BodyLimit, RouteLimit
from genesis_music.service.transcriptions.multipart import FILE_FIELD
from genesis_music.service.transcriptions.options import TranscriptionOptions
from genesis_music.service.transcriptions.schemas import LinkRequest

Model = TypeVar("Model", bound=BaseModel)

FORM, JSON = "multipart/form-data", "application/json"
_FORM_OVERHEAD_BYTES = MEGABYTE
_UPLOAD_PATHS = re.compile(r"/api/v1/(transcribe|uploads(/[^/]+)?)")


def body_limits(settings: ServiceSettings) -> Sequence[RouteLimit]:
    """Routes that take more than others."""
    return [RouteLimit(_UPLOAD_PATHS, BodyLimit(settings.max_upload_bytes + _FORM_OVERHEAD_BYTES))]


def kind_of_body(request: Request) -> str:
    """:data:`FORM` or :data:`JSON`.

    Raises:
        UnsupportedMediaError: something else.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {FORM, JSON}:
        raise UnsupportedMediaError(f"Send {FORM} with a file, or {JSON} with a url.")
    return media_type


async def read_link(request: Request, max_bytes: int) -> LinkRequest:
    """Read the JSON body.

    Raises:
        TooLargeError: larger than any link.
        RequestValidationError: what is wrong with which field.
    """
    body = bytearray()
    async for packet in request.stream():
        body.extend(packet)
        if len(body) > max_bytes:
            raise TooLargeError(f"The body is larger than {max_bytes} bytes.")
    try:
        return LinkRequest.model_validate_json(bytes(body))
    except ValidationError as error:
        raise _invalid(error) from error


def form_options(fields: Mapping[str, Any]) -> TranscriptionOptions:
    """Options from the fields of a form or the metadata of an upload; raises RequestValidationError."""
    try:
        return TranscriptionOptions(**fields)
    except ValidationError as error:
        raise _invalid(error) from error


def _invalid(error: ValidationError) -> RequestValidationError:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return RequestValidationError([fault | {"loc": ("body", *fault["loc"])} for fault in faults])


def _form_schema() -> dict[str, Any]:
    schema = TranscriptionOptions.model_json_schema()
    file = {"type": "string", "format": "binary", "description": "The recording, in any format FFmpeg reads."}
    return schema | {
        "title": "FileRequest",
        "properties": {FILE_FIELD: file} | schema["properties"],
        "required": [FILE_FIELD],
    }


TRANSCRIBE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {FORM: {"schema": _form_schema()}, JSON: {"schema": LinkRequest.model_json_schema()}},
    }
}
"""How the two bodies look, for the OpenAPI document."""
