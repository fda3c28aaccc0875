"""What the service can do without for a while: a cache or a limit whose Redis is away must never cost a user
the answer.

This is intended degradation, not a silent one: every skip is counted (`skipped`) and the first of each pause is logged.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from redis.exceptions import RedisError

from genesis_music.service.platform.metrics import Counter

T = TypeVar("T")

logger = logging.getLogger(__name__)

SKIPPED = Counter("genesis_redis_skipped_total", "What went on without Redis while it was away.", ("part",))

PAUSE_SECONDS = 1.0
"""After a failure Redis is left alone this long, so that a hanging server costs one time-out a second and
not one a request."""


class BestEffort:
    """Runs Redis calls of one part of the service; while Redis is away it answers with the given alternative."""

    def __init__(self, part: str, pause_seconds: float = PAUSE_SECONDS) -> None:
        """`part` names it in the log and in the metrics ("cache", "rate limits")."""
        self.part = part
        self.skipped = 0
        """Calls that were answered without Redis since this process started."""
        self._pause_seconds = pause_seconds
        self._resumes_at = 0.0

    @property
    def degraded(self) -> bool:
        """True while Redis is being left alone after a failure."""
        return time.monotonic() < self._resumes_at

    def attempt(self, action: Callable[[], T], otherwise: T, *, urgent: bool = False) -> T:
        """Return what `action` returns, or `otherwise` when Redis does not answer.

        `urgent` asks Redis even while it is being left alone.
        """
        if urgent or not self.degraded:
            try:
                return action()
            except RedisError as error:
                self._resumes_at = time.monotonic() + self._pause_seconds
                logger.warning(
                    "%s: going on without Redis for %g s: %s", self.part, self._pause_seconds, error
                )
        self.skipped += 1
        SKIPPED.add(part=self.part)
        return otherwise
