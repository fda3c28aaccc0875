"""Results that are costly to make or to fetch, kept in Redis for a while.

1. A value is computed once however many ask at the same moment: the first takes a lease, the others wait for its value.
2. Invalidation wins over a computation that is under way: it takes the lease away, and without its lease a value is
   not kept. So what was read before a change can never be kept after it.
3. While Redis is away everything is computed anew (counted and logged, see `best_effort`): slower, never an error.
   Invalidations that it misses are made up for before this process reads from it again; what another process reads in
   between may be old, for no longer than the value's lifetime. Nothing that grants rights belongs in here.
4. A value larger than `largest_bytes` is not kept: one giant must not push out a thousand small ones.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from redis import Redis

from genesis_music.service.platform.best_effort import BestEffort
from genesis_music.service.platform.metrics import Counter

CACHE_REQUESTS = Counter(
    "genesis_cache_requests_total", "Values that were asked for: hit or miss.", ("cache", "result")
)

LARGEST_BYTES = 2 * 1024 * 1024

LEASE_SECONDS = 30.0
"""How long one computation keeps the others waiting at most."""

POLL_SECONDS = 0.02

_KEEP_IF_LEASED = """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[2])
if ARGV[2] ~= '' then redis.call('set', KEYS[1], ARGV[3], 'PX', ARGV[2]) end
return 1
"""
_FORGET_TAG = """
for _, key in ipairs(redis.call('smembers', KEYS[1])) do redis.call('del', ARGV[1] .. key, ARGV[2] .. key) end
return redis.call('del', KEYS[1])
"""


@dataclass
class CacheCounts:
    """What the cache did in this process since it started."""

    hits: int = 0
    misses: int = 0
    too_large: int = 0


class Cache:
    """Bytes and JSON under keys with a lifetime. Safe to share between threads."""

    def __init__(
        self,
        redis_client: Redis,
        prefix: str,
        version: str,
        largest_bytes: int = LARGEST_BYTES,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """Keys begin with `prefix:version`; so a new version of the program never reads what an old one wrote."""
        self._redis = redis_client
        self._root = f"{prefix}:{version}"
        self._largest_bytes = largest_bytes
        self._lease_seconds = lease_seconds
        self._keep_if_leased = redis_client.register_script(_KEEP_IF_LEASED)
        self._forget_tag = redis_client.register_script(_FORGET_TAG)
        self._owed: dict[Callable[[str], bool], set[str]] = {self._forget: set(), self._forget_tagged: set()}
        self.counts = CacheCounts()
        self.best_effort = BestEffort("cache")

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        found = self._read(key) if self._settle() else None
        if found is None:
            self.counts.misses += 1
        else:
            self.counts.hits += 1
        CACHE_REQUESTS.add(cache="redis", result="miss" if found is None else "hit")
        return found

    def set(self, key: str, value: bytes, ttl_seconds: float, tags: Iterable[str] = ()) -> None:
        """Keep `value` for `ttl_seconds` (above 0); `tags` name what it depends on (see `invalidate_tag`)."""
        lifetime_ms, labels = _milliseconds(ttl_seconds), list(tags)
        if self._fits(value) and self._settle():
            self.best_effort.attempt(lambda: self._write(key, value, lifetime_ms, labels), None)

    def get_json(self, key: str) -> Any | None:
        """Return the value that `set_json` kept, or None."""
        found = self.get(key)
        return None if found is None else json.loads(found)

    def set_json(self, key: str, value: Any, ttl_seconds: float, tags: Iterable[str] = ()) -> None:
        """Keep a value that JSON can hold."""
        self.set(key, _to_json(value), ttl_seconds, tags)

    def get_or_set(
        self, key: str, compute: Callable[[], bytes], ttl_seconds: float, tags: Iterable[str] = ()
    ) -> bytes:
        """Return the kept value, or compute and keep it; of many who ask at once one computes.

        Errors of `compute` are passed on and not kept. Whoever waited for the whole lease in vain computes for itself.
        """
        lifetime_ms, labels = _milliseconds(ttl_seconds), list(tags)
        deadline = time.monotonic() + self._lease_seconds
        found = self.get(key)
        while found is None:
            lease = self._take_lease(key, lifetime_ms, labels)
            found = self._read(key)  # again: whoever held the lease just before has kept its value by now
            if found is not None:
                self._end_lease(key, lease or "")
            elif lease is not None or time.monotonic() >= deadline:
                return self._compute(key, compute, lifetime_ms, lease or "")
            else:
                time.sleep(POLL_SECONDS)
        return found

    def get_or_set_json(
        self, key: str, compute: Callable[[], Any], ttl_seconds: float, tags: Iterable[str] = ()
    ) -> Any:
        """As `get_or_set`, for values that JSON can hold."""
        return json.loads(self.get_or_set(key, lambda: _to_json(compute()), ttl_seconds, tags))

    def invalidate(self, *keys: str) -> None:
        """Forget values, also those being computed now."""
        self._owed[self._forget].update(keys)
        self._settle(urgent=True)

    def invalidate_tag(self, tag: str) -> None:
        """Forget every value that was kept, or is being computed now, under `tag`."""
        self._owed[self._forget_tagged].add(tag)
        self._settle(urgent=True)

    def _settle(self, *, urgent: bool = False) -> bool:
        """Forget what is owed to be forgotten; False while Redis is away."""
        for forget, names in self._owed.items():
            for name in list(names):
                names.discard(name)  # before: a thread that owes it anew meanwhile must not lose it
                if not self.best_effort.attempt(partial(forget, name), False, urgent=urgent):
                    names.add(name)
                    return False
        return True

    def _forget(self, key: str) -> bool:
        self._redis.delete(self._key(key), self._lease(key))
        return True

    def _forget_tagged(self, tag: str) -> bool:
        self._forget_tag([self._tag(tag)], [self._key(""), self._lease("")])
        return True

    def _compute(self, key: str, compute: Callable[[], bytes], lifetime_ms: int, lease: str) -> bytes:
        try:
            value = compute()
        except BaseException:
            self._end_lease(key, lease)
            raise
        if self._fits(value):
            self._end_lease(key, lease, value, str(lifetime_ms))
        else:
            self._end_lease(key, lease)
        return value

    def _end_lease(self, key: str, lease: str, value: bytes = b"", lifetime_ms: str = "") -> None:
        """Give a lease back if it is still held, and then keep `value` if it has a lifetime."""
        names = [self._key(key), self._lease(key)]
        self.best_effort.attempt(lambda: self._keep_if_leased(names, [lease, lifetime_ms, value]), None)

    def _take_lease(self, key: str, lifetime_ms: int, tags: list[str]) -> str | None:
        """Return a lease; "" while Redis is away (compute, keep nothing); None when another holds it."""
        token, lease_ms = uuid.uuid4().hex, _milliseconds(self._lease_seconds)

        def take() -> str | None:
            with self._redis.pipeline() as pipeline:
                self._label(pipeline, key, lifetime_ms + lease_ms, tags)
                pipeline.set(self._lease(key), token, nx=True, px=lease_ms)
                return token if pipeline.execute()[-1] else None

        without_redis: str | None = ""
        return self.best_effort.attempt(take, without_redis)

    def _read(self, key: str) -> bytes | None:
        return self.best_effort.attempt(lambda: cast(bytes | None, self._redis.get(self._key(key))), None)

    def _write(self, key: str, value: bytes, lifetime_ms: int, tags: list[str]) -> None:
        with self._redis.pipeline() as pipeline:
            self._label(pipeline, key, lifetime_ms, tags)
            pipeline.set(self._key(key), value, px=lifetime_ms)
            pipeline.execute()

    def _label(self, pipeline: Any, key: str, lifetime_ms: int, tags: list[str]) -> None:
        # A tag lives at least as long as the longest value under it: NX for the first, GT to prolong.
        for tag in tags:
            pipeline.sadd(self._tag(tag), key)
            pipeline.pexpire(self._tag(tag), lifetime_ms, nx=True)
            pipeline.pexpire(self._tag(tag), lifetime_ms, gt=True)

    def _fits(self, value: bytes) -> bool:
        fits = len(value) <= self._largest_bytes
        self.counts.too_large += not fits
        return fits

    def _key(self, key: str) -> str:
        return f"{self._root}:value:{key}"

    def _lease(self, key: str) -> str:
        return f"{self._root}:lease:{key}"

    def _tag(self, tag: str) -> str:
        return f"{self._root}:tag:{tag}"


def _milliseconds(seconds: float) -> int:
    if seconds <= 0:
        raise ValueError(f"a value must live for more than {seconds} s")
    return max(1, round(seconds * 1000))


def _to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
