"""The throw-away servers themselves: what every test with real parts relies on."""

from contextlib import closing

import psycopg
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from genesis_music.service.platform.redis_client import connect_redis
from tests.service.servers import Postgres, TestRedis, postgres_program


def database_name(postgres: Postgres) -> str:
    return postgres.create_database()[0].rsplit("/", 1)[1]


def test_a_commit_on_the_primary_reaches_the_replica_which_cannot_be_written(postgres: Postgres):
    name = database_name(postgres)
    with (
        closing(postgres.primary.connect(name)) as primary,
        closing(postgres.replica.connect(name)) as replica,
    ):
        primary.execute("CREATE TABLE song AS SELECT 'Lágrima' AS title")
        postgres.await_replica()
        assert replica.execute("SELECT title FROM song").fetchone() == ("Lágrima",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            replica.execute("INSERT INTO song VALUES ('Adelita')")


def test_a_held_replica_shows_the_past_until_it_is_released(postgres: Postgres):
    name = database_name(postgres)
    with (
        closing(postgres.primary.connect(name)) as primary,
        closing(postgres.replica.connect(name)) as replica,
    ):
        postgres.hold_replica()
        primary.execute("CREATE TABLE song (title text)")
        assert replica.execute("SELECT to_regclass('song')").fetchone() == (None,)
        postgres.release_replica()
        postgres.await_replica()
        assert replica.execute("SELECT to_regclass('song')").fetchone() == ("song",)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_primary_comes_back_with_its_data_and_the_replica_follows_again(postgres: Postgres, end: str):
    name = database_name(postgres)
    with closing(postgres.primary.connect(name)) as primary:
        primary.execute("CREATE TABLE song (title text)")
    getattr(postgres.primary, end)()
    with pytest.raises(psycopg.OperationalError):
        postgres.primary.connect(name)
    postgres.primary.restart()
    with closing(postgres.primary.connect(name)) as primary:
        primary.execute("INSERT INTO song VALUES ('Lágrima')")
    postgres.await_replica()


def test_a_paused_redis_is_silent_and_answers_again_when_resumed(redis_server: TestRedis):
    client = connect_redis(redis_server.url, answer_seconds=0.3)
    redis_server.pause()
    try:
        with pytest.raises(RedisTimeoutError):
            client.ping()
    finally:
        redis_server.resume()
    assert redis_server.client().ping()


def test_a_restarted_redis_has_the_same_address_and_forgot_everything(redis_server: TestRedis):
    client = redis_server.client()
    client.set("song", "Lágrima")
    redis_server.kill()
    with pytest.raises(RedisConnectionError):
        client.get("song")
    redis_server.restart()
    assert client.get("song") is None


def test_a_server_that_is_not_installed_skips_its_tests_and_fails_them_where_it_must_be(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("GENESIS_TEST_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt install postgresql"):
        postgres_program("pg_nonsense")
    monkeypatch.setenv("GENESIS_TEST_SERVERS", "required")
    with pytest.raises(pytest.fail.Exception, match="apt install postgresql"):
        postgres_program("pg_nonsense")
