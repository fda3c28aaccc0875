"""Where jobs are worked on: ``harness`` for one test, without a worker; ``workshop`` for a module, with one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.migrate import migrate
from genesis_music.service.platform.publisher import RedisPublisher
from genesis_music.service.wiring import make_jobs
from tests.service.conftest import Person, make_person
from tests.service.jobs.harness import JobHarness
from tests.service.jobs.tiny import TinyHandler
from tests.service.platforms import make_platform, make_settings
from tests.service.servers import TestRedis, ended_after, scratch


@pytest.fixture
def harness(platform: Platform, tmp_path: Path) -> Iterator[JobHarness]:
    """Jobs on either database, a recording publisher, no worker."""
    made = JobHarness(platform, make_jobs(platform, TinyHandler(platform)), tmp_path)
    yield made
    made.jobs.queue.close()


@pytest.fixture(scope="module")
def own_redis() -> Iterator[TestRedis]:
    """A Redis for one module, which nobody else empties."""
    with scratch("redis") as folder:
        yield from ended_after(TestRedis(folder))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def workshop(
    request: pytest.FixtureRequest, own_redis: TestRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[JobHarness]:
    """Jobs on either database with a worker of two processes; an attempt is lost after 10 s."""
    folder = tmp_path_factory.mktemp("workshop")
    database = f"sqlite:///{folder / 'genesis.sqlite'}"
    if request.param == "postgres":
        database, _ = request.getfixturevalue("postgres").create_database()
    with opened_workshop(database, own_redis, folder) as harness:
        yield harness


@contextmanager
def opened_workshop(
    database_url: str, server: TestRedis, folder: Path, **changes: Any
) -> Iterator[JobHarness]:
    """Make the parts and start a worker; all processes end with the block, and their logs are shown.

    ``changes`` are settings.
    """
    changes = {"worker_processes": 2, "max_attempts": 2, "lease_seconds": 10} | changes
    with Redis.from_url(server.url) as redis:
        redis.flushall()
        platform = make_platform(make_settings((database_url, ""), server.url, folder, **changes), redis)
        platform = replace(platform, publisher=RedisPublisher(server.url))
        migrate(platform.database.primary)
        harness = JobHarness(platform, make_jobs(platform, TinyHandler(platform)), folder)
        harness.start_worker()
        try:
            yield harness
        finally:
            harness.stop()
            harness.jobs.queue.close()
            platform.database.close()
            for log in folder.glob("*.log"):
                print(log.read_text())


@pytest.fixture(scope="module")
def player(workshop: JobHarness) -> Person:
    """Whose jobs the workshop's are."""
    return make_person(workshop.platform, "ada@example.com")
