"""Which compressions a client can read."""

from __future__ import annotations


def readable(accept_encoding: str) -> set[str]:
    """The encodings that ``Accept-Encoding`` names and does not rule out (RFC 9110, section 12.5.3)."""
    parts = (part.partition(";") for part in accept_encoding.lower().split(","))
    return {name.strip() for name, _, weight in parts if weight.strip().rstrip("0.") != "q="}
