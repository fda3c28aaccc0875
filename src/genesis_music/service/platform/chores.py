"""Chores that somebody has to do again and again: deliver webhooks, clear away what has expired."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from genesis_music.service.errors import UnavailableError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """``run`` is called about every ``period_seconds`` by one of the workers.

    A run that takes longer than the period may overlap with the next one, which must do no harm. One that uses the
    object store is a worker's child's to do: in the parent it would spoil the store for all children that are forked
    later (see the store's conventions).
    """

    name: str
    period_seconds: float
    run: Callable[[], object]
    uses_storage: bool = False


def do_chore(chore: Chore, redis: Redis, stop: threading.Event) -> None:
    """Do it until told to stop, in a thread of its own; what is away is waited for."""
    period_ms = round(chore.period_seconds * 1000)
    while not stop.is_set():
        try:
            if redis.set(f"genesis:chore:{chore.name}", b"", nx=True, px=period_ms):
                chore.run()
        except (SQLAlchemyError, RedisError, UnavailableError) as error:
            log.warning("the chore %r has to wait: %s", chore.name, error)
        except Exception:
            log.exception("the chore %r failed", chore.name)
        stop.wait(chore.period_seconds)
