"""The parts everything stands on, built once per process from the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from redis import Redis

from genesis_music.errors import SettingsError
from genesis_music.service.config import ServiceSettings
from genesis_music.service.platform.breaker import BreakerRule, Breakers
from genesis_music.service.platform.cache import Cache
from genesis_music.service.platform.database import Database
from genesis_music.service.platform.events import Publisher
from genesis_music.service.platform.limits import RateLimiter
from genesis_music.service.platform.marks import RedisMarks
from genesis_music.service.platform.presign import S3Credentials
from genesis_music.service.platform.publisher import RedisPublisher
from genesis_music.service.platform.redis_client import connect_redis
from genesis_music.service.platform.storage import ObjectStore
from genesis_music.version import __version__


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


@contextmanager
def build_platform(settings: ServiceSettings, breakers: Mapping[str, BreakerRule]) -> Iterator[Platform]:
    """Build the parts for one process, and give their connections back at the end.

    ``breakers`` has a rule for every external service. Nothing is asked yet: what is away shows itself when it is used.

    Raises:
        SettingsError: an address makes no sense.
    """
    redis = connect_redis(settings.redis_url)
    database = Database(settings.database_url, settings.database_replica_url, RedisMarks(redis))
    with closing(redis), closing(database):
        yield Platform(
            settings=settings,
            database=database,
            redis=redis,
            storage=open_storage(settings),
            cache=Cache(redis, "genesis:cache", __version__),
            limiter=RateLimiter(redis),
            breakers=Breakers(redis, breakers),
            publisher=RedisPublisher(settings.redis_url),
        )


def open_storage(settings: ServiceSettings) -> ObjectStore:
    """Open the object store.

    Raises:
        SettingsError: its address makes no sense, or the folder cannot be made.
    """
    try:
        return _open_storage(settings)
    except SettingsError as error:
        raise SettingsError(f"GENESIS_STORAGE_URL: {error}") from error
    except OSError as error:
        raise SettingsError(f"GENESIS_STORAGE_URL: the folder cannot be used: {error.strerror}.") from error


def _open_storage(settings: ServiceSettings) -> ObjectStore:
    if not settings.storage_url.startswith("s3:"):
        return ObjectStore.from_url(settings.storage_url)
    key, secret = (
        settings.storage_access_key.get_secret_value(),
        settings.storage_secret_key.get_secret_value(),
    )
    return ObjectStore.from_url(
        settings.storage_url,
        credentials=S3Credentials(key, secret) if key else None,
        encryption=settings.storage_encryption or None,
    )
