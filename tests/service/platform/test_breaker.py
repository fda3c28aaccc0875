"""Circuit breakers: the specification's three states, shared by all processes."""

import logging
import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from redis import Redis

from genesis_music.service.platform.breaker import (
    BreakerRule,
    Breakers,
    Circuit,
    CircuitOpenError,
    State,
    abandoned,
    admit,
    failed,
    succeeded,
)
from tests.service.servers import TestRedis, until


class OutageError(Exception):
    pass


class PrivateVideoError(Exception):
    pass


SLOW = BreakerRule((OutageError,), threshold=3, open_seconds=3600, trial_seconds=3600)
QUICK = BreakerRule((OutageError,), threshold=1, open_seconds=0.05, trial_seconds=3600)
FORGETFUL = BreakerRule((OutageError,), threshold=1, open_seconds=0.05, trial_seconds=0.05)
RULES = {"youtube": SLOW, "email": QUICK, "sentry": FORGETFUL}


@pytest.fixture
def breakers(redis_client: Redis) -> Breakers:
    return Breakers(redis_client, RULES)


def call(breakers: Breakers, name: str, error: BaseException | None = None) -> str:
    """What becomes of one call."""
    try:
        with breakers.breaker(name):
            if error:
                raise error
    except CircuitOpenError:
        return "refused"
    except (OutageError, PrivateVideoError, KeyboardInterrupt):
        return "failed"
    return "passed"


def opened(breakers: Breakers, name: str) -> None:
    assert call(breakers, name, OutageError()) == "failed"
    assert breakers.states()[name] in (State.OPEN, State.HALF_OPEN)


def test_a_circuit_that_was_never_used_is_closed(breakers: Breakers):
    assert breakers.states() == dict.fromkeys(RULES, State.CLOSED)
    assert breakers.states()["youtube"] == "CLOSED"


def test_after_so_many_failures_in_a_row_calls_are_refused_at_once(breakers: Breakers):
    assert [call(breakers, "youtube", OutageError()) for _ in range(3)] == ["failed"] * 3
    with pytest.raises(CircuitOpenError, match=r"youtube does not work.*Try again in 3[56]\d\d s") as refusal:
        breakers.breaker("youtube").__enter__()
    assert 3500 < refusal.value.wait_seconds <= 3600
    assert refusal.value.headers["Retry-After"] == str(math.ceil(refusal.value.wait_seconds))
    assert breakers.states() == {"youtube": State.OPEN, "email": State.CLOSED, "sentry": State.CLOSED}


def test_a_success_in_between_starts_the_count_again(breakers: Breakers):
    for _ in range(5):
        call(breakers, "youtube", OutageError())
        call(breakers, "youtube", OutageError())
        assert call(breakers, "youtube") == "passed"
    assert breakers.states()["youtube"] is State.CLOSED


def test_what_is_not_the_services_fault_does_not_count(redis_client: Redis):
    rule = BreakerRule(
        (OutageError, PrivateVideoError), threshold=1, unless=lambda error: "private" in str(error)
    )
    breakers = Breakers(redis_client, {"youtube": rule, "email": SLOW})
    for error in (OutageError("private"), PrivateVideoError("a private one"), KeyboardInterrupt()):
        call(breakers, "youtube", error)
    assert breakers.states()["youtube"] is State.CLOSED
    assert call(breakers, "youtube", PrivateVideoError("quota")) == "failed"
    assert breakers.states()["youtube"] is State.OPEN
    assert [call(breakers, "email", PrivateVideoError()) for _ in range(9)] == ["failed"] * 9


def test_after_the_pause_one_call_tries_and_its_success_closes_the_circuit(breakers: Breakers):
    opened(breakers, "email")
    until(lambda: breakers.states()["email"] is State.HALF_OPEN)
    with breakers("email"):
        assert call(breakers, "email") == "refused"
    assert breakers.states()["email"] is State.CLOSED
    assert call(breakers, "email") == "passed"


def test_a_failed_trial_opens_the_circuit_again(breakers: Breakers, redis_client: Redis):
    opened(breakers, "email")
    until(lambda: breakers.states()["email"] is State.HALF_OPEN)
    slower = Breakers(redis_client, {"email": SLOW})
    assert call(slower, "email", OutageError()) == "failed"
    assert call(slower, "email") == "refused"


@pytest.mark.parametrize("error", [PrivateVideoError(), KeyboardInterrupt()])
def test_a_trial_that_says_nothing_gives_its_place_to_the_next(breakers: Breakers, error: BaseException):
    opened(breakers, "email")
    until(lambda: call(breakers, "email", error) == "failed")
    assert breakers.states()["email"] is State.HALF_OPEN
    assert call(breakers, "email") == "passed"


def test_a_trial_whose_process_was_killed_does_not_block_the_others_for_ever(breakers: Breakers):
    opened(breakers, "sentry")
    until(lambda: breakers.states()["sentry"] is State.HALF_OPEN)
    killed = breakers.breaker("sentry")
    killed.__enter__()
    until(lambda: call(breakers, "sentry") == "passed")
    assert breakers.states()["sentry"] is State.CLOSED


def test_all_processes_see_the_same_state(redis_server: TestRedis, redis_client: Redis):
    first, second = (Breakers(redis_server.client(), RULES) for _ in range(2))
    for breakers in (first, second, first):
        assert call(breakers, "youtube", OutageError()) == "failed"
    assert call(second, "youtube") == "refused"
    assert first.states() == second.states()
    second.reset("youtube")
    assert call(first, "youtube") == "passed"


def test_an_unknown_name_is_a_mistake(breakers: Breakers):
    with pytest.raises(KeyError, match="yutube"), breakers.breaker("yutube"):
        pass


def test_a_state_nobody_asks_for_any_more_is_forgotten(breakers: Breakers, redis_client: Redis):
    call(breakers, "youtube", OutageError())
    (key,) = redis_client.scan_iter()
    assert 0 < redis_client.ttl(key) <= 36_000


def test_without_redis_each_process_has_its_own_circuit_and_says_so(
    breakers: Breakers, absent_redis: TestRedis, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        assert [call(breakers, "youtube", OutageError()) for _ in range(4)] == ["failed"] * 3 + ["refused"]
        assert breakers.states()["youtube"] is State.OPEN
    assert "circuit breakers: going on without Redis" in caplog.text
    assert breakers.best_effort.skipped > 0


class CircuitMachine(RuleBasedStateMachine):
    """The transitions against the specification's words, with a clock of our own and calls that overlap."""

    RULE = BreakerRule((OutageError,), threshold=3, open_seconds=10, trial_seconds=5)

    def __init__(self) -> None:
        super().__init__()
        self.circuit = Circuit()
        self.now = 0
        self.in_a_row = 0

    @rule(seconds=st.sampled_from([1, 4, 5, 9, 10, 60]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(outcome=st.sampled_from(["success", "failure", "neither"]))
    def a_call(self, outcome: str) -> None:
        before = self.circuit
        self.circuit, wait = admit(before, self.now, self.RULE)
        assert (wait > 0) == (before.state is not State.CLOSED and self.now < before.until)
        if wait > 0:
            assert self.circuit == before
            return
        self.finish(outcome)

    def finish(self, outcome: str) -> None:
        before = self.circuit
        match outcome:
            case "success":
                self.circuit = succeeded(before)
                assert self.circuit == Circuit()
                self.in_a_row = 0
            case "failure":
                self.circuit = failed(before, self.now, self.RULE)
                self.in_a_row += 1
                trips = before.state is State.HALF_OPEN or self.in_a_row >= self.RULE.threshold
                assert (self.circuit.state is State.OPEN) == trips
                if trips:
                    assert self.circuit.until == self.now + self.RULE.open_seconds
            case _:
                self.circuit = abandoned(before, self.now)
                assert self.circuit.state is before.state

    @precondition(lambda self: self.circuit.state is not State.CLOSED and self.now >= self.circuit.until)
    @rule()
    def a_trial_that_never_returns(self) -> None:
        self.circuit, wait = admit(self.circuit, self.now, self.RULE)
        assert wait == 0
        assert admit(self.circuit, self.now, self.RULE)[1] == self.RULE.trial_seconds

    @rule(outcome=st.sampled_from(["success", "failure", "neither"]))
    def a_call_from_before_returns_late(self, outcome: str) -> None:
        before = self.circuit
        if before.state is State.OPEN:
            ended = {
                "success": lambda: succeeded(before),
                "failure": lambda: failed(before, self.now, self.RULE),
                "neither": lambda: abandoned(before, self.now),
            }[outcome]()
            assert (ended.state, ended.until) == (State.OPEN, before.until)

    @invariant()
    def a_closed_circuit_has_few_failures_and_no_wait(self) -> None:
        if self.circuit.state is State.CLOSED:
            assert self.circuit.failures == self.in_a_row < self.RULE.threshold
            assert self.circuit.until == 0

    @invariant()
    def nobody_waits_for_longer_than_the_rule_says(self) -> None:
        assert self.circuit.until <= self.now + max(self.RULE.open_seconds, self.RULE.trial_seconds)


TestCircuit = CircuitMachine.TestCase
TestCircuit.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
