"""The faults: each breaks one thing at once, and mends it where a machine's supervisor would."""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress

from tests.faults.world import World, wait_until


def kill_child(world: World, generator: random.Random) -> None:
    """The process that works on a job is gone (out of memory, a crash of a library)."""
    children = [child for worker in world.workers for child in worker.children()]
    with suppress(ProcessLookupError):
        os.kill(generator.choice(children), signal.SIGKILL)


def kill_worker(world: World, generator: random.Random) -> None:
    """A whole worker is gone; its supervisor starts it again."""
    worker = generator.choice(world.workers)
    worker.kill()
    worker.start()


def kill_api(world: World, generator: random.Random) -> None:
    """A server process is gone; its supervisor starts it again."""
    api = generator.choice(world.apis)
    api.kill()
    api.start()


def flush_redis(world: World, _: random.Random) -> None:
    """Redis has lost everything it knew."""
    world.platform.redis.flushall()


def restart_redis(world: World, _: random.Random) -> None:
    """Redis is started again, empty."""
    with world.outage():
        world.redis.restart()


def crash_redis(world: World, generator: random.Random) -> None:
    """Redis is gone for a while."""
    with world.outage():
        world.redis.kill()
        pause(generator)
        world.redis.restart()


def pause(generator: random.Random) -> None:
    import time

    time.sleep(generator.uniform(1.0, 4.0))
