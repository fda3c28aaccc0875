"""How often a user, an address or a key may ask: sliding windows that all server processes share through Redis.

The window is the "sliding window counter" of the `limits` library: two counters per key, weighted by how
much of the previous window is still in view; Redis' own clock decides, so servers whose clocks differ agree.
A refused request costs nothing.

While Redis is away every request is allowed (counted and logged, see `best_effort`): a limit protects the
service, it must not become its outage.
"""

import math
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import Redis

from genesis_music.service.platform.best_effort import BestEffort


@dataclass(frozen=True)
class Rule:
    """At most `limit` requests in any `window_seconds`."""

    name: str
    """Names the policy in the headers and separates its counters from other rules' (letters, digits, `-`, `_`)."""
    limit: int
    window_seconds: int

    def __post_init__(self) -> None:
        if self.limit < 1 or self.window_seconds < 1 or not re.fullmatch(r"[A-Za-z0-9_-]+", self.name):
            raise ValueError(f"{self} is not a rule: it needs a plain name and positive numbers")


@dataclass(frozen=True)
class Verdict:
    """May this request pass, and what is left."""

    rule: Rule
    allowed: bool
    remaining: int
    """Requests that would still pass now."""
    reset_seconds: int
    """When at least one more request will pass (whole seconds, rounded up; 0 when nothing is counted)."""

    @property
    def limit(self) -> int:
        """Requests per window."""
        return self.rule.limit

    def headers(self) -> dict[str, str]:
        """Return the response headers of draft-ietf-httpapi-ratelimit-headers-10, and Retry-After when refused."""
        name = self.rule.name
        headers = {
            "RateLimit-Policy": f'"{name}";q={self.rule.limit};w={self.rule.window_seconds}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset_seconds}',
        }
        if not self.allowed:
            headers["Retry-After"] = str(max(1, self.reset_seconds))
        return headers


class RateLimiter:
    """Counts requests in Redis. Safe to share between threads."""

    def __init__(self, redis_client: Redis, prefix: str = "genesis:limits") -> None:
        """`prefix` begins every key in Redis."""
        storage = RedisStorage("redis://", connection_pool=redis_client.connection_pool, key_prefix=prefix)
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self.best_effort = BestEffort("rate limits")

    def check(self, keys: Iterable[str], rule: Rule) -> Verdict:
        """Count one request of whoever `keys` names together (for example an address and a route) against `rule`."""
        item = RateLimitItemPerSecond(rule.limit, rule.window_seconds, namespace=rule.name)
        identifiers = [_escaped(key) for key in keys]
        allowed = Verdict(rule, True, rule.limit, 0)
        return self.best_effort.attempt(lambda: self._count(item, identifiers, rule), allowed)

    def _count(self, item: RateLimitItem, identifiers: list[str], rule: Rule) -> Verdict:
        allowed = self._limiter.hit(item, *identifiers)
        window = self._limiter.get_window_stats(item, *identifiers)
        # The library says 0 at the very start of a window, which is when it has the longest to go.
        reset_seconds = max(0, math.ceil(window.reset_time - time.time())) or rule.window_seconds
        return Verdict(rule, allowed, window.remaining if allowed else 0, reset_seconds)


def strictest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict to act on and to tell when a request falls under several rules: a refusal, or the
    least left.
    """
    return min(
        verdicts,
        key=lambda verdict: (verdict.allowed, verdict.remaining / verdict.limit, -verdict.reset_seconds),
    )


def _escaped(key: str) -> str:
    # The library joins identifiers with "/": without this ("a/b", "c") and ("a", "b/c") would share a counter.
    return key.replace("%", "%25").replace("/", "%2F")
