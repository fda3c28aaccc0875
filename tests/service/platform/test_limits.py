"""Rate limits: exact over all server processes, fair between users, and out of the way when Redis is away."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from genesis_music.service.platform import limits
from genesis_music.service.platform.limits import RateLimiter, Rule, Verdict, strictest
from tests.service.servers import TestRedis, until

TEN_A_MINUTE = Rule("uploads", 10, 60)


@pytest.fixture
def limiter(redis_client: Redis) -> RateLimiter:
    return RateLimiter(redis_client)


def test_so_many_pass_and_no_more(limiter: RateLimiter):
    verdicts = [limiter.check(["user:1"], TEN_A_MINUTE) for _ in range(13)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 10 + [False] * 3
    assert [verdict.remaining for verdict in verdicts] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0]
    assert {verdict.limit for verdict in verdicts} == {10}
    assert all(1 <= verdict.reset_seconds <= 60 for verdict in verdicts)


def test_the_headers_say_what_is_left_and_when_to_come_back(limiter: RateLimiter):
    rule = Rule("sign-in", 1, 30)
    passed, refused = (limiter.check(["ip:192.0.2.1"], rule) for _ in range(2))
    assert passed.headers() == {
        "RateLimit-Policy": '"sign-in";q=1;w=30',
        "RateLimit": f'"sign-in";r=0;t={passed.reset_seconds}',
    }
    assert refused.headers()["Retry-After"] == str(refused.reset_seconds)


def test_a_process_that_was_held_up_names_no_moment_that_is_over(
    limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch
):
    late = time.time() + 100
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: late))
    assert 1 <= limiter.check(["user:1"], TEN_A_MINUTE).reset_seconds <= 60


def test_two_server_processes_count_together(redis_server: TestRedis, redis_client: Redis):
    servers = [RateLimiter(redis_server.client()) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(
            pool.map(lambda number: servers[number % 2].check(["user:1"], TEN_A_MINUTE), range(60))
        )
    assert sum(verdict.allowed for verdict in verdicts) == 10


def test_one_who_asks_too_much_takes_nothing_from_the_others(redis_server: TestRedis, redis_client: Redis):
    servers = [RateLimiter(redis_server.client()) for _ in range(2)]
    requests = ["user:greedy"] * 100 + ["user:modest", "user:shy"] * 10
    with ThreadPoolExecutor(8) as pool:
        numbered = list(enumerate(requests))
        verdicts = list(pool.map(lambda one: servers[one[0] % 2].check([one[1]], TEN_A_MINUTE), numbered))
    passed = [user for user, verdict in zip(requests, verdicts, strict=True) if verdict.allowed]
    assert {user: passed.count(user) for user in set(requests)} == dict.fromkeys(set(requests), 10)


def test_rules_and_routes_are_counted_apart(limiter: RateLimiter):
    once = Rule("once", 1, 60)
    assert limiter.check(["user:1", "/transcribe"], once).allowed
    assert limiter.check(["user:1", "/export"], once).allowed
    assert limiter.check(["user:1", "/transcribe"], Rule("another", 1, 60)).allowed
    assert not limiter.check(["user:1", "/transcribe"], once).allowed


def test_a_refused_request_costs_nothing_and_the_window_moves_on(limiter: RateLimiter):
    fast = Rule("fast", 2, 5)
    assert [limiter.check(["a"], fast).allowed for _ in range(3)] == [True, True, False]
    until(lambda: limiter.check(["a"], fast).allowed)


@settings(deadline=None, max_examples=25)
@given(keys=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=3), cut=st.text("/%a", max_size=4))
def test_no_choice_of_names_lands_on_anothers_counter(redis_server: TestRedis, keys: list[str], cut: str):
    client = redis_server.client()
    client.flushall()
    limiter, once = RateLimiter(client), Rule("once", 1, 60)
    others = {("/".join(keys),), (*keys, cut), (keys[0] + cut, *keys[1:]), tuple(keys) + tuple(keys)} - {
        tuple(keys)
    }
    assert limiter.check(keys, once).allowed
    assert all(limiter.check(other, once).allowed for other in others)
    assert not limiter.check(keys, once).allowed
    client.close()


def test_without_redis_everyone_passes_and_it_is_said(
    limiter: RateLimiter, absent_redis: TestRedis, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        verdicts = [limiter.check(["user:1"], TEN_A_MINUTE) for _ in range(30)]
    assert all(verdict.allowed for verdict in verdicts)
    assert verdicts[0].headers()["RateLimit"] == '"uploads";r=10;t=0'
    assert limiter.best_effort.skipped == 30
    assert "rate limits: going on without Redis" in caplog.text


def test_once_redis_is_back_the_limit_holds_again(limiter: RateLimiter, absent_redis: TestRedis):
    once = Rule("once", 1, 60)
    assert limiter.check(["a"], once).allowed
    absent_redis.restart()
    until(lambda: not limiter.best_effort.degraded)
    assert [limiter.check(["a"], once).allowed for _ in range(2)] == [True, False]


@pytest.mark.parametrize("rule", [("", 1, 1), ("a b", 1, 1), ('a"', 1, 1), ("a", 0, 1), ("a", 1, 0)])
def test_a_rule_that_makes_no_sense_is_refused(rule: tuple[str, int, int]):
    with pytest.raises(ValueError, match="rule"):
        Rule(*rule)


def verdict_of(limit: int, used: int, allowed: bool, reset_seconds: int) -> Verdict:
    return Verdict(Rule("r", limit, 60), allowed, limit - used if allowed else 0, reset_seconds)


VERDICTS = st.builds(verdict_of, st.integers(5, 50), st.integers(0, 5), st.booleans(), st.integers(0, 60))


@settings(max_examples=50, deadline=None)
@given(st.lists(VERDICTS, min_size=1, max_size=5))
def test_of_several_rules_a_refusal_decides_and_the_longest_wait_is_told(verdicts: list[Verdict]):
    chosen = strictest(verdicts)
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    assert chosen.allowed == (not refused)
    if refused:
        assert chosen.reset_seconds == max(verdict.reset_seconds for verdict in refused)
