"""Whether a client has the newest version already."""

from __future__ import annotations


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names the ETag: weak comparison (RFC 9110, section 13.1.2)."""
    given = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in given or given == ["*"]
