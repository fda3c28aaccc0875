"""The faults: each breaks one thing at once, and mends it, unless that is for the supervisor of processes to do."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.world import LEASE_SECONDS, World, wait_until
from tests.service.processes import descendants


def kill_child(world: World, generator: random.Random) -> None:
    """The process that works on a job is gone (out of memory, a crash of a library)."""
    wait_until(lambda: any(worker.children() for worker in world.workers), "a worker has children")
    children = [child for worker in world.workers for child in worker.children()]
    _signal([generator.choice(children)], signal.SIGKILL)


def kill_worker(world: World, generator: random.Random) -> None:
    """A whole worker is gone; its supervisor starts it again."""
    generator.choice(world.workers).kill()


def kill_api(world: World, generator: random.Random) -> None:
    """A server process is gone; its supervisor starts it again."""
    generator.choice(world.apis).kill()


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
        _pause(generator)
        world.redis.restart()


def restart_primary(world: World, _: random.Random) -> None:
    """PostgreSQL is started again, as for an update; connections are broken."""
    with world.outage():
        world.postgres.primary.restart()


def crash_primary(world: World, generator: random.Random) -> None:
    """PostgreSQL is gone for a while and has to recover."""
    with world.outage():
        world.postgres.primary.kill()
        _pause(generator)
        wait_until(lambda: _started(world), "PostgreSQL starts after its crash")


def _started(world: World) -> bool:
    """What is left of the crashed one may still hold the folder for a moment."""
    with suppress(AssertionError):
        world.postgres.primary.restart()
        return True
    return False


def stop_replica(world: World, generator: random.Random) -> None:
    """The read replica is away: nobody may notice, so this is no outage."""
    world.postgres.replica.stop()
    _pause(generator)
    world.postgres.replica.restart()


def refuse_storage(world: World, generator: random.Random) -> None:
    """S3 refuses every connection for a while."""
    with world.outage():
        world.s3_proxy.refuse()
        _pause(generator)
        world.s3_proxy.heal()


def silence_storage(world: World, generator: random.Random) -> None:
    """S3 takes connections and says nothing."""
    with world.outage():
        world.s3_proxy.silence()
        _pause(generator)
        world.s3_proxy.heal()


def slow_storage(world: World, generator: random.Random) -> None:
    """S3 takes its time: slower, but no reason to refuse anything."""
    world.s3_proxy.delay_seconds = 0.3
    _pause(generator)
    world.s3_proxy.heal()


def fill_disk(world: World, generator: random.Random) -> None:
    """A server's and a worker's temporary folder have no room for a while."""
    with world.outage():
        if not world.small_disk.is_mount():
            pytest.skip("a small disk cannot be mounted: run as root")
        ballast = world.small_disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(64 * 1024))
        _pause(generator, least=4.0)
        ballast.unlink()


def freeze_worker(world: World, generator: random.Random) -> None:
    """A worker hangs for longer than its leases (swapping, a virtual machine that is moved), then goes on."""
    worker = generator.choice(world.workers)
    frozen = [worker.child.pid, *descendants(worker.child.pid)]
    _signal(frozen, signal.SIGSTOP)
    time.sleep(LEASE_SECONDS + 3.0)
    _signal(frozen, signal.SIGCONT)


@contextmanager
def skewed_clocks(world: World) -> Iterator[None]:
    """One worker's clock is ten minutes ahead; one server's is behind by what tokens are promised to bear."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("no libfaketime: apt install faketime")
    fake = {"LD_PRELOAD": str(library), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    worker, api = world.workers[1], world.apis[1]
    worker.restart(**fake, FAKETIME="+10m")
    api.restart(**fake, FAKETIME="-4")
    try:
        yield
    finally:
        worker.restart()
        api.restart()


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _pause(generator: random.Random, least: float = 1.0) -> None:
    """How long a fault lasts."""
    time.sleep(generator.uniform(least, least + 4.0))
