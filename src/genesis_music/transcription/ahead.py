"""Work on one block while the next is being made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_END = object()


def one_ahead(blocks: Iterable[T]) -> Iterator[T]:
    """Yield the blocks, making the next one in a thread of its own meanwhile.

    The network leaves Python free while it runs, so decoding costs next to no time of its own. What making a
    block raises is raised here; leaving early waits for the one block in the making.
    """
    source = iter(blocks)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as executor:
        coming = executor.submit(next, source, _END)
        while (block := coming.result()) is not _END:
            coming = executor.submit(next, source, _END)
            yield block  # type: ignore[misc]  # the sentinel is excluded above
