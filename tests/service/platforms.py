"""The service's parts put together for tests: real databases, a real Redis, a local folder for files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from redis import Redis

from genesis_music.service.config import Mode, ServiceSettings
from genesis_music.service.platform.breaker import BreakerRule, Breakers
from genesis_music.service.platform.cache import Cache
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import Database
from genesis_music.service.platform.events import JobEvent
from genesis_music.service.platform.limits import RateLimiter
from genesis_music.service.platform.mail import MAIL_BREAKER, MAIL_FAILURES
from genesis_music.service.platform.migrate import migrate
from genesis_music.service.platform.storage import ObjectStore
from tests.service.servers import Postgres

SECRET_KEY = "a secret of the tests that is long enough"
PUBLIC_URL = "http://127.0.0.1:8000"


@dataclass
class RecordingPublisher:
    """Keeps what it was asked to publish."""

    events: list[tuple[JobEvent, UUID, dict[str, Any]]] = field(default_factory=list)

    def publish(self, event: JobEvent, job_id: UUID, data: Mapping[str, Any]) -> None:
        self.events.append((event, job_id, dict(data)))


@dataclass
class Marks:
    """How far the primary was when a user last wrote."""

    positions: dict[UUID, str] = field(default_factory=dict)

    def put(self, user_id: UUID, position: str) -> None:
        self.positions[user_id] = position

    def get(self, user_id: UUID) -> str | None:
        return self.positions.get(user_id)


def make_settings(database: tuple[str, str], redis_url: str, folder: Path, **changes: Any) -> ServiceSettings:
    """Settings of the production mode without rate limits; ``changes`` are further settings."""
    values: dict[str, Any] = {
        "mode": Mode.PRODUCTION,
        "public_url": PUBLIC_URL,
        "database_url": database[0],
        "database_replica_url": database[1],
        "redis_url": redis_url,
        "storage_url": (folder / "files").as_uri(),
        "secret_keys": (SECRET_KEY,),
        "rate_limits_enabled": False,
        "data_dir": folder,
    }
    return ServiceSettings(**(values | changes))


def make_platform(settings: ServiceSettings, redis: Redis) -> Platform:
    """Put the parts together; close its database when done."""
    marks = Marks() if settings.database_replica_url else None
    return Platform(
        settings=settings,
        database=Database(settings.database_url, settings.database_replica_url, marks),
        redis=redis,
        storage=ObjectStore.from_url(settings.storage_url),
        cache=Cache(redis, "genesis:cache", "test"),
        limiter=RateLimiter(redis),
        breakers=Breakers(
            redis, {MAIL_BREAKER: BreakerRule(MAIL_FAILURES), "youtube": BreakerRule((OSError,))}
        ),
        publisher=RecordingPublisher(),
    )


class SqliteTemplate:
    """A migrated database file to be copied: migrating takes longer than most tests."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "template.sqlite"
        database = Database(f"sqlite:///{self._path}")
        migrate(database.primary)
        with database.primary.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def copy_to(self, folder: Path) -> tuple[str, str]:
        """Return the addresses of a fresh copy, as primary and replica."""
        shutil.copy(self._path, folder / "genesis.sqlite")
        return f"sqlite:///{folder / 'genesis.sqlite'}", ""


class MigratedPostgres:
    """One migrated database that tests use one after the other: making one for each would take longer than most."""

    def __init__(self, servers: Postgres) -> None:
        self._servers = servers
        self._urls = servers.create_database()
        database = Database(self._urls[0])
        migrate(database.primary)
        database.close()

    def emptied(self) -> tuple[str, str]:
        """Delete all rows; return the addresses on the primary and the replica once both are empty."""
        with closing(self._servers.primary.connect(self._urls[0].rpartition("/")[2])) as connection:
            connection.execute("DELETE FROM users")
            connection.execute("SET session_replication_role = replica")  # the log lets nothing be deleted
            connection.execute("DELETE FROM audit_events")
        self._servers.await_replica()
        return self._urls
