"""Moments in requests, as the OpenAPI document promises them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this date is out of range") from error


def _written_out(value: object) -> object:
    """Refuse numbers, also in quotes: pydantic would count them from 1970."""
    if not isinstance(value, str) or not re.match(r"\d{4}-", value):
        raise ValueError("write it like 2030-01-01T00:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
"""A moment with its time zone, put into UTC (which those at the edges of the calendar cannot be)."""
