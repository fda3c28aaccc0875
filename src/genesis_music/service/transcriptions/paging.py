"""Pages of a list that is added to meanwhile: a cursor names the last row seen, not a number of rows (keyset)."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from genesis_music.service.errors import InvalidRequestError

LONGEST_CURSOR = 2000


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the order it was in, its value in that order as JSON, and its id."""

    sort: str
    value: str | int
    id: UUID

    def encode(self) -> str:
        """As it goes over the wire: opaque to clients."""
        text = json.dumps([self.sort, self.value, self.id.hex], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str, sort: str) -> Cursor:
    """Read a cursor that :meth:`Cursor.encode` wrote for the same order.

    Raises:
        InvalidRequestError: damaged, or of another order.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        fields: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        of_sort, value, id_ = fields
        cursor = Cursor(of_sort, value, UUID(hex=id_))
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _bad() from error
    if cursor.sort != sort or not _is_storable(value):
        raise _bad()
    return cursor


def _is_storable(value: object) -> bool:
    """Whether every database can compare with it: no lone surrogates, no zero bytes, no huge numbers."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


def _bad() -> InvalidRequestError:
    return InvalidRequestError("The cursor is not one of this list in this order: begin again without it.")
