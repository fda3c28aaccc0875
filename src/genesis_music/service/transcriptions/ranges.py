"""Byte ranges of HTTP (RFC 9110, section 14): one range of one recording."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes ``[start, end)`` of ``size``."""

    start: int
    end: int
    size: int

    @property
    def content_range(self) -> str:
        """As the header says it, with the last byte's position."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


class UnsatisfiableRangeError(ValueError):
    """The range begins after the last byte."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Read a ``Range`` header for an object of ``size`` bytes.

    Returns:
        The part that is asked for; ``None`` when all is to be sent: there is no header, it is malformed, or it asks
        for several ranges (a server may ignore such, and it does).

    Raises:
        UnsatisfiableRangeError: nothing of the range is there (416).
    """
    match = _RANGE.fullmatch(header) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last) + 1, size) if first and last else size
    if start >= end:
        raise UnsatisfiableRangeError(header)
    return ByteRange(start, end, size)
