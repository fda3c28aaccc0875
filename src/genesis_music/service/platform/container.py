"""The parts everything stands on, built once per process from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from genesis_music.service.config import ServiceSettings
from genesis_music.service.platform.breaker import Breakers
from genesis_music.service.platform.cache import Cache
from genesis_music.service.platform.database import Database
from genesis_music.service.platform.events import Publisher
from genesis_music.service.platform.limits import RateLimiter
from genesis_music.service.platform.storage import ObjectStore


@dataclass(frozen=True)
class Platform:
    """What services are given; tests put their own together."""

    settings: ServiceSettings
    database: Database
    redis: Redis
    storage: ObjectStore
    cache: Cache
    limiter: RateLimiter
    breakers: Breakers
    publisher: Publisher
