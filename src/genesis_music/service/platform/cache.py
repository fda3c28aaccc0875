"""Results that are costly to make or to fetch, kept in Redis for a while.

1. A value is computed once however many ask at the same moment: the first takes a lease, the others wait for its value.
2. Invalidation wins over a computation that is under way: it takes the lease away, and without its lease a
   value is not kept. So what was read before a change can never be kept after it.
3. While Redis is away everything is computed anew (counted and logged, see `best_effort`): slower, never an error.
4. A value larger than `largest_bytes` is not kept: one giant must not push out a thousand small ones.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

from genesis_music.service.platform.best_effort import BestEffort

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
        self, redis_client: Redis, prefix: str, version: str, largest_bytes: int = LARGEST_BYTES
    ) -> None:
        """Keys begin with `prefix:version`; a new version of the program thus never reads what an old one wrote."""
        self._redis = redis_client
        self._root = f"{prefix}:{version}"
        self._largest_bytes = largest_bytes
        self._keep_if_leased = redis_client.register_script(_KEEP_IF_LEASED)
        self._forget_tag = redis_client.register_script(_FORGET_TAG)
        self.counts = CacheCounts()
        self.best_effort = BestEffort("cache")

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        found = self.best_effort.attempt(lambda: cast(bytes | None, self._redis.get(self._key(key))), None)
        if found is None:
            self.counts.misses += 1
        else:
            self.counts.hits += 1
        return found

    def set(self, key: str, value: bytes, ttl_seconds: float, tags: Iterable[str] = ()) -> None:
        """Keep `value` for `ttl_seconds`; `tags` name what it depends on (see `invalidate_tag`)."""
        if self._fits(value):
            self.best_effort.attempt(lambda: self._write(key, value, ttl_seconds, list(tags)), None)

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

        Errors of `compute` are passed on and not kept. Whoever waited LEASE_SECONDS in vain computes for itself.
        """
        deadline = time.monotonic() + LEASE_SECONDS
        labels = list(tags)
        found = self.get(key)
        while found is None:
            lease = self._take_lease(key, ttl_seconds, labels)
            if lease is not None or time.monotonic() >= deadline:
                return self._compute(key, compute, ttl_seconds, lease or "")
            time.sleep(POLL_SECONDS)
            found = self.best_effort.attempt(
                lambda: cast(bytes | None, self._redis.get(self._key(key))), None
            )
        return found

    def get_or_set_json(
        self, key: str, compute: Callable[[], Any], ttl_seconds: float, tags: Iterable[str] = ()
    ) -> Any:
        """As `get_or_set`, for values that JSON can hold."""
        return json.loads(self.get_or_set(key, lambda: _to_json(compute()), ttl_seconds, tags))

    def invalidate(self, *keys: str) -> None:
        """Forget values, also those being computed now."""
        names = [name for key in keys for name in (self._key(key), self._lease(key))]
        if names:
            self.best_effort.attempt(lambda: self._redis.delete(*names), None)

    def invalidate_tag(self, tag: str) -> None:
        """Forget every value that was kept, or is being computed now, under `tag`."""
        self.best_effort.attempt(
            lambda: self._forget_tag([self._tag(tag)], [self._key(""), self._lease("")]), None
        )

    def _compute(self, key: str, compute: Callable[[], bytes], ttl_seconds: float, lease: str) -> bytes:
        value, lifetime = b"", ""
        try:
            value = compute()
            lifetime = str(round(ttl_seconds * 1000)) if self._fits(value) else ""
        finally:
            # Without a lifetime this only gives the lease back.
            arguments: list[str | bytes] = [lease, lifetime, value if lifetime else b""]
            names = [self._key(key), self._lease(key)]
            self.best_effort.attempt(lambda: self._keep_if_leased(names, arguments), None)
        return value

    def _take_lease(self, key: str, ttl_seconds: float, tags: list[str]) -> str | None:
        """Return a lease; "" while Redis is away (compute, keep nothing); None when another holds it."""
        token = uuid.uuid4().hex

        def take() -> str | None:
            with self._redis.pipeline() as pipeline:
                self._label(pipeline, key, ttl_seconds + LEASE_SECONDS, tags)
                pipeline.set(self._lease(key), token, nx=True, px=round(LEASE_SECONDS * 1000))
                return token if pipeline.execute()[-1] else None

        without_redis: str | None = ""
        return self.best_effort.attempt(take, without_redis)

    def _write(self, key: str, value: bytes, ttl_seconds: float, tags: list[str]) -> None:
        with self._redis.pipeline() as pipeline:
            self._label(pipeline, key, ttl_seconds, tags)
            pipeline.set(self._key(key), value, px=round(ttl_seconds * 1000))
            pipeline.execute()

    def _label(self, pipeline: Any, key: str, lifetime_seconds: float, tags: list[str]) -> None:
        # A tag lives at least as long as the longest value under it: NX for the first, GT to prolong.
        lifetime = round(lifetime_seconds * 1000)
        for tag in tags:
            pipeline.sadd(self._tag(tag), key)
            pipeline.pexpire(self._tag(tag), lifetime, nx=True)
            pipeline.pexpire(self._tag(tag), lifetime, gt=True)

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


def _to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
