"""Accepting recordings in turn: two hundred at once must not keep everybody else waiting for a thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE = 2 * (os.cpu_count() or 1)
"""Each recording is looked into by a process of its own: no more at once than this machine can run."""

_limiter: RunVar[CapacityLimiter] = RunVar("accepting-recordings")


async def in_turn(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run ``function``, which accepts a recording, in a thread when it is its turn; until then it holds none."""
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = CapacityLimiter(AT_ONCE)
        _limiter.set(limiter)
    return await to_thread.run_sync(partial(function, *arguments, **options), limiter=limiter)
