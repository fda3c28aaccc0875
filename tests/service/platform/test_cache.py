"""The cache: computed once, never older than the last change, never in the way."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from genesis_music.service.platform.best_effort import BestEffort
from genesis_music.service.platform.cache import Cache
from genesis_music.service.platform.redis_client import connect_redis
from tests.service.servers import TestRedis, until


@pytest.fixture
def cache(redis_client: Redis) -> Cache:
    return Cache(redis_client, "test", "1")


@pytest.fixture
def hasty(redis_server: TestRedis, redis_client: Redis) -> Cache:
    """A cache that soon gives up waiting for Redis."""
    return Cache(connect_redis(redis_server.url, answer_seconds=1.0), "test", "1")


def counting(value: bytes = b"value") -> tuple[Callable[[], bytes], list[bytes]]:
    computed: list[bytes] = []

    def compute() -> bytes:
        computed.append(value)
        return value

    return compute, computed


def test_what_was_kept_comes_back_until_it_is_forgotten(cache: Cache):
    cache.set("a", b"1", 60)
    cache.set_json("b", {"tuning": [64, 59], "none": None, "name": "Lágrima"}, 60)
    assert cache.get("a") == b"1"
    assert cache.get_json("b") == {"tuning": [64, 59], "none": None, "name": "Lágrima"}
    cache.invalidate("a", "b")
    assert (cache.get("a"), cache.get_json("b")) == (None, None)
    assert (cache.counts.hits, cache.counts.misses) == (2, 2)


def test_values_live_as_long_as_they_should_and_no_longer(cache: Cache, redis_client: Redis):
    cache.set("a", b"1", 60)
    cache.get_or_set("b", lambda: b"1", 60, ["tag"])
    lifetimes = [redis_client.pttl(key) for key in redis_client.scan_iter()]
    assert len(lifetimes) == 3
    assert all(0 < lifetime <= 90_000 for lifetime in lifetimes)
    cache.set("c", b"1", 0.001)
    until(lambda: cache.get("c") is None)


@pytest.mark.parametrize("lifetime", [0, -1])
def test_a_value_without_a_lifetime_is_a_mistake(cache: Cache, lifetime: float):
    with pytest.raises(ValueError, match="live"):
        cache.set("a", b"1", lifetime)
    with pytest.raises(ValueError, match="live"):
        cache.get_or_set("a", lambda: b"1", lifetime)


def test_a_new_version_of_the_program_never_reads_what_the_old_one_wrote(cache: Cache, redis_client: Redis):
    cache.set("a", b"1", 60)
    assert Cache(redis_client, "test", "2").get("a") is None
    assert Cache(redis_client, "test", "1").get("a") == b"1"


def test_a_tag_forgets_all_that_carries_it_and_nothing_else(cache: Cache):
    cache.set("a", b"1", 60, ["song:1", "user:1"])
    cache.get_or_set("b", lambda: b"2", 60, ["song:1"])
    cache.set("c", b"3", 60, ["song:2"])
    cache.invalidate_tag("song:1")
    assert [cache.get(key) for key in "abc"] == [None, None, b"3"]
    cache.invalidate_tag("song:never used")


def test_a_tag_outlives_its_longest_value(cache: Cache):
    cache.set("long", b"1", 60, ["tag"])
    cache.set("short", b"1", 0.001, ["tag"])
    until(lambda: cache.get("short") is None)
    cache.invalidate_tag("tag")
    assert cache.get("long") is None


def test_of_many_who_ask_at_once_one_computes(redis_server: TestRedis, redis_client: Redis):
    started, release = threading.Event(), threading.Event()
    computed = []

    def compute() -> bytes:
        computed.append(1)
        started.set()
        assert release.wait(20)
        return b"value"

    def ask_as_a_process_of_its_own() -> bytes:
        return Cache(redis_server.client(), "test", "1").get_or_set("a", compute, 60)

    with ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(ask_as_a_process_of_its_own) for _ in range(32)]
        assert started.wait(20)
        release.set()
        assert {answer.result() for answer in answers} == {b"value"}
    assert len(computed) == 1
    assert redis_client.keys("*lease*") == []


def test_an_error_is_passed_on_and_the_next_one_computes_at_once(cache: Cache):
    def fail() -> bytes:
        raise LookupError("no such song")

    with pytest.raises(LookupError, match="no such song"):
        cache.get_or_set("a", fail, 60)
    assert cache.get_or_set("a", lambda: b"found", 60) == b"found"


def test_whoever_waits_for_one_that_never_finishes_computes_for_itself(redis_client: Redis):
    cache = Cache(redis_client, "test", "1", lease_seconds=0.05)
    begun, release = threading.Event(), threading.Event()

    def stuck() -> bytes:
        begun.set()
        assert release.wait(20)
        return b"late"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get_or_set, "a", stuck, 60)
        assert begun.wait(20)
        assert cache.get_or_set("a", lambda: b"fresh", 60) == b"fresh"
        release.set()
        assert first.result() == b"late"


@pytest.mark.parametrize("forget", ["key", "tag"])
def test_what_was_read_before_a_change_is_not_kept_after_it(cache: Cache, forget: str):
    preference = ["old"]

    def compute_while_it_changes() -> bytes:
        seen = preference[0].encode()
        preference[0] = "new"
        if forget == "key":
            cache.invalidate("a")
        else:
            cache.invalidate_tag("user:1")
        return seen

    assert cache.get_or_set("a", compute_while_it_changes, 60, ["user:1"]) == b"old"
    assert cache.get_or_set("a", lambda: bytes(preference[0], "ascii"), 60, ["user:1"]) == b"new"


def test_a_giant_is_delivered_and_not_kept(redis_client: Redis):
    cache = Cache(redis_client, "test", "1", largest_bytes=10)
    compute, computed = counting(b"x" * 11)
    assert cache.get_or_set("a", compute, 60) == b"x" * 11
    assert cache.get_or_set("a", compute, 60) == b"x" * 11
    cache.set("b", b"x" * 11, 60)
    assert len(computed) == 2
    assert cache.get("b") is None
    assert cache.counts.too_large == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(key=st.text(max_size=40), other=st.text(max_size=40), value=JSON)
@settings(deadline=None, max_examples=30)
def test_any_key_and_any_value_come_back_and_keys_never_meet(
    redis_server: TestRedis, key: str, other: str, value: object
):
    client = redis_server.client()
    client.flushall()
    cache = Cache(client, "test", "1")
    cache.set_json(key, value, 60, [other])
    assert cache.get_json(key) == value
    if other != key:
        assert cache.get(other) is None
    client.close()


def test_without_redis_everything_is_computed_and_said(
    cache: Cache, absent_redis: TestRedis, caplog: pytest.LogCaptureFixture
):
    cache.best_effort = BestEffort("cache", pause_seconds=60.0)
    compute, computed = counting()
    with caplog.at_level(logging.WARNING):
        assert [cache.get_or_set("a", compute, 60, ["tag"]) for _ in range(3)] == [b"value"] * 3
    cache.set("a", b"1", 60)
    assert cache.get("a") is None
    assert len(computed) == 3
    assert cache.best_effort.skipped >= 3
    assert cache.best_effort.degraded
    assert caplog.text.count("cache: going on without Redis") == 1


def test_a_redis_that_hangs_costs_one_time_out_and_not_one_a_call(hasty: Cache, redis_server: TestRedis):
    compute, computed = counting()
    redis_server.pause()
    try:
        for _ in range(50):
            assert hasty.get_or_set("a", compute, 60) == b"value"
    finally:
        redis_server.resume()
    assert len(computed) == 50


def test_once_redis_is_back_it_is_used_again(cache: Cache, absent_redis: TestRedis):
    compute, computed = counting()
    cache.get_or_set("a", compute, 60)
    absent_redis.restart()
    until(lambda: not cache.best_effort.degraded)
    cache.get_or_set("a", compute, 60)
    cache.get_or_set("a", compute, 60)
    assert len(computed) == 2


@pytest.mark.parametrize("forget", ["key", "tag"])
def test_a_change_that_redis_missed_is_made_up_for_before_the_next_read(
    hasty: Cache, redis_server: TestRedis, forget: str
):
    hasty.set("a", b"old", 60, ["tag"])
    redis_server.pause()
    try:
        hasty.invalidate("a") if forget == "key" else hasty.invalidate_tag("tag")
    finally:
        redis_server.resume()
    until(lambda: not hasty.best_effort.degraded)
    assert hasty.get_or_set("a", lambda: b"new", 60) == b"new"


def test_a_change_during_the_pause_after_a_failure_reaches_redis_at_once(
    hasty: Cache, redis_server: TestRedis
):
    hasty.best_effort = BestEffort("cache", pause_seconds=60.0)
    hasty.set("a", b"old", 60)
    redis_server.pause()
    try:
        assert hasty.get("a") is None
    finally:
        redis_server.resume()
    assert hasty.best_effort.degraded
    hasty.invalidate("a")
    until(lambda: redis_server.client().keys("*value:a") == [])
