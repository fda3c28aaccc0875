"""Names of segments of the write-ahead log: 8 hexadecimal digits each of timeline, 4 GB block and segment in it."""

from __future__ import annotations

import re

SEGMENT = re.compile(r"[0-9A-F]{24}")
HISTORY = re.compile(r"[0-9A-F]{8}\.history")
BLOCK_BYTES = 2**32


def position(lsn: str) -> int:
    """Read PostgreSQL's spelling (``0/2000028``) as a number of bytes."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def segment_name(timeline: int, lsn: str, segment_bytes: int) -> str:
    """Name the segment that holds a position."""
    return _name(timeline, position(lsn) // segment_bytes, segment_bytes)


def following(name: str, segment_bytes: int) -> str:
    """Name the segment after this one, on the same timeline."""
    return _name(int(name[:8], 16), number(name, segment_bytes) + 1, segment_bytes)


def number(name: str, segment_bytes: int) -> int:
    """Count segments from the beginning of the log, whatever the timeline."""
    return int(name[8:16], 16) * (BLOCK_BYTES // segment_bytes) + int(name[16:], 16)


def _name(timeline: int, count: int, segment_bytes: int) -> str:
    in_block = BLOCK_BYTES // segment_bytes
    return f"{timeline:08X}{count // in_block:08X}{count % in_block:08X}"
