"""A read replica, or a primary, that is frozen: connections stay open and nothing answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from genesis_music.service.platform import database as databases
from genesis_music.service.platform.breaker import State
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import Database
from tests.service.conftest import Person, client_of
from tests.service.servers import Postgres, PostgresServer, until

T = TypeVar("T")
LONGEST_SECONDS = 60.0
"""For ever, as far as these tests are concerned."""


@pytest.fixture
def platform(postgres_platform: Platform) -> Platform:
    return postgres_platform


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes tests short."""
    monkeypatch.setattr(databases, "PATIENCE_SECONDS", 3.0)
    monkeypatch.setattr(databases, "REPLICA_PATIENCE_SECONDS", 3.0)
    monkeypatch.setattr(databases, "REPLICA_RULE", replace(databases.REPLICA_RULE, open_seconds=0.5))


@pytest.fixture
def database(impatient: None, platform: Platform) -> Iterator[Database]:
    settings = platform.settings
    opened = Database(settings.database_url, settings.database_replica_url)
    yield opened
    opened.close()


@pytest.fixture
def frozen_replica(postgres: Postgres) -> Iterator[PostgresServer]:
    yield from frozen(postgres, postgres.replica)


@pytest.fixture
def frozen_primary(postgres: Postgres) -> Iterator[PostgresServer]:
    yield from frozen(postgres, postgres.primary)


def frozen(postgres: Postgres, server: PostgresServer) -> Iterator[PostgresServer]:
    """Freezes when told to, and is thawed in any case."""
    yield server
    server.resume()
    postgres.await_replica()


def in_time(action: Callable[[], T]) -> T:
    """What an action returns, if it ever does."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(action).result(LONGEST_SECONDS)
    finally:
        pool.shutdown(wait=False)


def answering(database: Database) -> Engine | None:
    """Which server answers a reading."""
    with database.reading() as session:
        assert session.execute(text("SELECT 1")).scalar() == 1
        return session.bind if isinstance(session.bind, Engine) else None


def test_reads_go_to_the_primary_while_the_replica_is_frozen_and_back_when_it_goes_on(
    database: Database, frozen_replica: PostgresServer
) -> None:
    until(lambda: answering(database) is database.replica)
    frozen_replica.pause()
    assert in_time(lambda: answering(database)) is database.primary
    assert database.replica_breaker.state is not State.CLOSED
    assert in_time(lambda: answering(database)) is database.primary
    frozen_replica.resume()
    until(lambda: answering(database) is database.replica)
    assert database.replica_breaker.state is State.CLOSED


def test_a_replica_that_was_frozen_before_the_first_connection_is_not_waited_for(
    database: Database, frozen_replica: PostgresServer
) -> None:
    frozen_replica.pause()
    assert in_time(lambda: answering(database)) is database.primary


def test_a_replica_that_failed_is_left_alone(platform: Platform, frozen_replica: PostgresServer) -> None:
    """With the usual rule: the second reading does not even ask."""
    frozen_replica.pause()
    assert in_time(lambda: answering(platform.database)) is platform.database.primary
    assert platform.database.replica_breaker.state is State.OPEN
    assert not platform.database.replica_breaker.admits()


def test_a_reading_that_a_freezing_replica_cuts_off_ends_and_the_next_goes_to_the_primary(
    database: Database, frozen_replica: PostgresServer
) -> None:
    def cut_off() -> None:
        with database.reading() as session:
            assert session.bind is database.replica
            frozen_replica.pause()
            session.execute(text("SELECT 2"))

    until(lambda: answering(database) is database.replica)
    with pytest.raises(OperationalError, match="said nothing"):
        in_time(cut_off)
    assert in_time(lambda: answering(database)) is database.primary


def test_a_query_that_makes_no_sense_says_nothing_about_the_replica(database: Database) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="nowhere"), database.reading() as session:
            session.execute(text("SELECT * FROM nowhere"))
    assert database.replica_breaker.state is State.CLOSED
    until(lambda: answering(database) is database.replica)


def test_users_notice_nothing_of_a_frozen_replica(
    platform: Platform, user: Person, frozen_replica: PostgresServer
) -> None:
    with client_of(platform) as client:
        frozen_replica.pause()
        for _ in range(3):
            answer = in_time(lambda: client.get("/api/v1/transcribe", headers=user.headers))
            assert answer.status_code == 200
        assert client.get("/health/ready").json()["breakers"]["replica"] == State.OPEN


def test_a_frozen_primary_is_given_up_and_connections_to_it_are_not_used_again(
    database: Database, frozen_primary: PostgresServer
) -> None:
    def write() -> object:
        with database.writing() as session:
            return session.execute(text("SELECT 1")).scalar()

    def written() -> bool:
        with suppress(OperationalError):
            return in_time(write) == 1
        return False

    until(written)
    frozen_primary.pause()
    with pytest.raises(OperationalError):
        in_time(write)
    frozen_primary.resume()
    until(written)
