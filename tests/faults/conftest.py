"""One world for all faults; every test leaves it mended."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.faults.people import webhook_receiver
from tests.faults.world import World, whole_service
from tests.named import only_by_name
from tests.service.servers import Postgres, S3Server, TestRedis, postgres, redis_server, s3_server, scratch

__all__ = ["postgres", "redis_server", "s3_server"]


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return only_by_name("faults", config)


@pytest.fixture(scope="session")
def seed() -> str:
    """Decides when and what breaks; GENESIS_FAULTS_SEED repeats a run."""
    return os.environ.get("GENESIS_FAULTS_SEED") or secrets.token_hex(4)


@pytest.fixture(scope="session")
def webhook() -> Iterator[str]:
    with webhook_receiver() as (url, _):
        yield url


@pytest.fixture(scope="session")
def world(
    postgres: Postgres,
    redis_server: TestRedis,
    s3_server: S3Server,
    webhook: str,
    request: pytest.FixtureRequest,
) -> Iterator[World]:
    with scratch("faults") as folder:
        host = urlsplit(webhook).netloc
        try:
            with whole_service(postgres, redis_server, s3_server, folder, webhook_host=host) as whole:
                yield whole
                whole.stop()
                assert not whole.strays()
        finally:
            if request.session.testsfailed:
                for log in sorted(folder.glob("*.log")):
                    print(f"--- {log.name}\n{log.read_text()[-20_000:]}")
