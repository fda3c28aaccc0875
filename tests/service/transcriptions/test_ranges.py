"""Byte ranges of recordings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.service.transcriptions.ranges import UnsatisfiableRangeError, parse_range

SIZES = st.integers(1, 10_000)


@given(SIZES, st.integers(0, 12_000), st.integers(0, 12_000))
def test_a_range_is_the_part_that_a_slice_would_be(size: int, first: int, last: int) -> None:
    if last < first:
        assert parse_range(f"bytes={first}-{last}", size) is None
        return
    content = bytes(index % 251 for index in range(size))
    wanted = content[first : last + 1]
    if not wanted:
        with pytest.raises(UnsatisfiableRangeError):
            parse_range(f"bytes={first}-{last}", size)
        return
    part = parse_range(f"bytes={first}-{last}", size)
    assert part is not None
    assert content[part.start : part.end] == wanted
    assert part.content_range == f"bytes {first}-{min(last, size - 1)}/{size}"


@given(SIZES, st.integers(1, 12_000))
def test_the_last_bytes_may_be_asked_for(size: int, count: int) -> None:
    part = parse_range(f"bytes=-{count}", size)
    assert part is not None
    assert (part.start, part.end) == (max(0, size - count), size)


@given(SIZES, st.integers(0, 9_999))
def test_a_range_may_be_open_at_its_end(size: int, first: int) -> None:
    if first >= size:
        with pytest.raises(UnsatisfiableRangeError):
            parse_range(f"bytes={first}-", size)
    else:
        part = parse_range(f"bytes={first}-", size)
        assert part is not None
        assert (part.start, part.end) == (first, size)


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=9-1", "bytes=" + "9" * 30 + "-"],
)
def test_what_is_no_range_gives_the_whole(header: str | None) -> None:
    assert parse_range(header, 100) is None


@given(st.text(max_size=40), SIZES)
def test_any_header_is_survived(header: str, size: int) -> None:
    try:
        part = parse_range(header, size)
    except UnsatisfiableRangeError:
        return
    assert part is None or 0 <= part.start < part.end <= size


def test_nothing_of_an_empty_object_can_be_asked_for() -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range("bytes=-5", 0)
