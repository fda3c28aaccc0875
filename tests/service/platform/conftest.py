import secrets
from collections.abc import Iterator

import pytest
from redis import Redis

from tests.service.servers import TestRedis


@pytest.fixture
def redis_client(redis_server: TestRedis) -> Iterator[Redis]:
    """A client of an empty Redis that works."""
    client = redis_server.client()
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def absent_redis(redis_server: TestRedis, redis_client: Redis) -> Iterator[TestRedis]:
    """The server of `redis_client`, ended; it runs again (empty) after the test."""
    redis_server.kill()
    yield redis_server
    redis_server.restart()


@pytest.fixture
def prefix() -> str:
    """A name that no other test uses."""
    return secrets.token_hex(6)
