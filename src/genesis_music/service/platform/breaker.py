"""Circuit breakers: after a service has failed several times in a row it is left alone for a while.

The specification's states: CLOSED (calls pass), OPEN (calls are refused at once), HALF_OPEN (one call at a
time tries whether the service is back). All processes share one state through Redis, by Redis' clock.

1. Only failures of the service count (`BreakerRule`): a private video says nothing about YouTube's
   health. Any other exception leaves the state as it is; success closes the circuit and forgets earlier failures.
2. A trial call holds its right for `trial_seconds` only: when its process is killed, another call may try.
3. While Redis is away each process keeps its own state (counted and logged, see `best_effort`).

Why not a library: purgatory 3's synchronous Redis store opens an asynchronous client and cannot work; pybreaker 1.4
holds one lock during each call, which lines up all downloads of a process; with it and with aiobreaker 1.2 every
process may try at once when HALF_OPEN, and each goes by its own clock.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from threading import Lock
from typing import cast

from redis import Redis
from redis.client import Pipeline

from genesis_music.service.errors import UnavailableError
from genesis_music.service.platform.best_effort import BestEffort


class State(StrEnum):
    """What a circuit lets through."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class CircuitOpenError(UnavailableError):
    """The service behind a circuit is left alone; `wait_seconds` says for how long still."""

    def __init__(self, name: str, wait_seconds: float) -> None:
        whole_seconds = max(1, math.ceil(wait_seconds))
        super().__init__(
            f"{name} does not work at the moment. Try again in {whole_seconds} s.",
            headers={"Retry-After": str(whole_seconds)},
        )
        self.name = name
        self.wait_seconds = wait_seconds


@dataclass(frozen=True)
class BreakerRule:
    """When a circuit opens, and for how long."""

    failures: tuple[type[BaseException], ...]
    """The exceptions that mean "the service does not work" …"""
    unless: Callable[[BaseException], bool] = lambda _: False
    """… except those of which this says that they mean something else (a private video)."""
    threshold: int = 5
    """Failures in a row that open the circuit."""
    open_seconds: float = 60.0
    """How long calls are refused before one may try again."""
    trial_seconds: float = 60.0
    """How long a trial call may take before another may try: more than the call's own time limit."""


@dataclass(frozen=True)
class Circuit:
    """The state of one circuit: a value, changed by `admit`, `succeeded`, `failed` and `abandoned` only."""

    state: State = State.CLOSED
    failures: int = 0
    """Failures in a row."""
    until: float = 0.0
    """OPEN: refused until then; HALF_OPEN: the trial call has the field until then (Unix seconds)."""


def admit(circuit: Circuit, now: float, rule: BreakerRule) -> tuple[Circuit, float]:
    """Return the circuit after a call asks to pass, and how long it must wait (0: it may pass now)."""
    if circuit.state is State.CLOSED:
        return circuit, 0.0
    if now < circuit.until:
        return circuit, circuit.until - now
    return replace(circuit, state=State.HALF_OPEN, until=now + rule.trial_seconds), 0.0


def succeeded(circuit: Circuit) -> Circuit:
    """Return the circuit after a call went well. One that began before the circuit opened does not close it."""
    return circuit if circuit.state is State.OPEN else Circuit()


def failed(circuit: Circuit, now: float, rule: BreakerRule) -> Circuit:
    """Return the circuit after the service failed."""
    failures = circuit.failures + 1
    if circuit.state is State.OPEN or (circuit.state is State.CLOSED and failures < rule.threshold):
        return replace(circuit, failures=failures)
    return Circuit(State.OPEN, failures, now + rule.open_seconds)


def abandoned(circuit: Circuit, now: float) -> Circuit:
    """Return the circuit after a call that says nothing about the service: a trial gives its place to the next."""
    return replace(circuit, until=now) if circuit.state is State.HALF_OPEN else circuit


class Breakers:
    """The circuits of all outside services. Safe to share between threads."""

    def __init__(
        self, redis_client: Redis, rules: Mapping[str, BreakerRule], prefix: str = "genesis:breaker"
    ) -> None:
        """`rules` has one entry per service; `prefix` begins every key in Redis."""
        self._redis = redis_client
        self._rules = dict(rules)
        self._prefix = prefix
        self._own: dict[str, Circuit] = {}
        self.best_effort = BestEffort("circuit breakers")

    @contextmanager
    def breaker(self, name: str) -> Iterator[None]:
        """Guard a call: `with breakers.breaker("youtube"): …`. Raises CircuitOpenError, KeyError for an
        unknown name.
        """
        rule = self._rules[name]
        self._enter(name, rule)
        try:
            yield
        except BaseException as error:
            counts = isinstance(error, rule.failures) and not rule.unless(error)
            self._change(name, partial(failed, rule=rule) if counts else abandoned)
            raise
        self._change(name, lambda circuit, _: succeeded(circuit))

    __call__ = breaker

    def states(self) -> dict[str, str]:
        """Return the `State` of every circuit now (see `shown_state`)."""
        return {name: self._state(name) for name in self._rules}

    def reset(self, name: str) -> None:
        """Close a circuit by hand."""
        self._change(name, lambda *_: Circuit())

    def _enter(self, name: str, rule: BreakerRule) -> None:
        wait_seconds = 0.0

        def ask(circuit: Circuit, now: float) -> Circuit:
            nonlocal wait_seconds
            changed, wait_seconds = admit(circuit, now, rule)
            return changed

        self._change(name, ask)
        if wait_seconds > 0:
            raise CircuitOpenError(name, wait_seconds)

    def _state(self, name: str) -> State:
        circuit, now = self.best_effort.attempt(
            lambda: (_decoded(cast(bytes | None, self._redis.get(self._key(name)))), self._now()),
            (self._own.get(name, Circuit()), time.time()),
        )
        return shown_state(circuit, now)

    def _change(self, name: str, change: Callable[[Circuit, float], Circuit]) -> None:
        if not self.best_effort.attempt(lambda: self._change_shared(name, change), False):
            self._own[name] = change(self._own.get(name, Circuit()), time.time())

    def _change_shared(self, name: str, change: Callable[[Circuit, float], Circuit]) -> bool:
        key = self._key(name)
        lifetime_seconds = math.ceil(
            10 * max(self._rules[name].open_seconds, self._rules[name].trial_seconds, 60.0)
        )

        def transaction(pipeline: Pipeline) -> None:
            before = _decoded(cast(bytes | None, pipeline.get(key)))
            after = change(before, self._now())
            pipeline.multi()
            if after != before:
                pipeline.set(key, json.dumps(asdict(after)), ex=lifetime_seconds)

        self._redis.transaction(transaction, key)
        return True

    def _now(self) -> float:
        seconds, microseconds = self._redis.time()
        return seconds + microseconds / 1e6

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"


class OwnBreaker:
    """The circuit of something that each process reaches in its own way: nobody else is told, and asking costs nothing.

    Safe to share between threads.
    """

    def __init__(self, rule: BreakerRule) -> None:
        self._rule = rule
        self._circuit = Circuit()
        self._lock = Lock()

    def admits(self) -> bool:
        """Whether a call may pass now."""
        with self._lock:
            self._circuit, wait_seconds = admit(self._circuit, time.monotonic(), self._rule)
        return wait_seconds == 0

    def note(self, *, success: bool) -> None:
        """Say how a call went."""
        with self._lock:
            if success:
                self._circuit = succeeded(self._circuit)
            else:
                self._circuit = failed(self._circuit, time.monotonic(), self._rule)

    @property
    def state(self) -> State:
        """What the circuit lets through now."""
        return shown_state(self._circuit, time.monotonic())


def shown_state(circuit: Circuit, now: float) -> State:
    """The state of a circuit; an OPEN one whose time is over shows as HALF_OPEN."""
    return State.HALF_OPEN if circuit.state is State.OPEN and now >= circuit.until else circuit.state


def _decoded(stored: bytes | None) -> Circuit:
    if stored is None:
        return Circuit()
    fields = json.loads(stored)
    return Circuit(State(fields["state"]), fields["failures"], fields["until"])
