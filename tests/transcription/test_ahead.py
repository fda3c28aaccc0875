"""Blocks made ahead arrive in order, and so do their errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from genesis_music.transcription.ahead import one_ahead


def test_all_blocks_arrive_in_order() -> None:
    assert list(one_ahead(range(50))) == list(range(50))
    assert list(one_ahead([])) == []


def test_an_error_while_making_a_block_reaches_the_caller_after_the_blocks_before_it() -> None:
    def blocks() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    seen = []
    with pytest.raises(ValueError, match="broken"):
        seen.extend(one_ahead(blocks()))
    assert seen == [] or seen == [1]


def test_leaving_early_leaves_no_thread_behind() -> None:
    others = set(threading.enumerate())
    blocks = one_ahead(range(10))
    assert next(blocks) == 0
    blocks.close()  # type: ignore[attr-defined]
    assert not [one for one in set(threading.enumerate()) - others if one.name.startswith("ahead")]
