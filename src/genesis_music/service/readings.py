"""What is read when Prometheus asks a server: the queue, jobs, circuits and data stores. Workers only say who they are.

Servers, not workers: the queue has to be seen most of all when no worker is left. Each of them reads the same, so
queries take the maximum.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, text

from genesis_music.service.config import ServiceSettings
from genesis_music.service.health import examine
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.watch import readings as of_jobs
from genesis_music.service.platform.breaker import State
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.metrics_server import Quantity, Reading, Sample
from genesis_music.version import __version__

BUILD = Quantity("genesis_build_info", "Always 1: which version this is.", ("version", "release"))
BREAKER = Quantity(
    "genesis_breaker_state", "Circuit of an outside service: 0 closed, 1 half-open, 2 open.", ("service",)
)
PART_UP = Quantity("genesis_part_up", "Whether the database, Redis and the storage answer.", ("part",))
REDIS_BYTES = Quantity("genesis_redis_memory_bytes", "Memory that Redis uses.")
REDIS_LIMIT = Quantity("genesis_redis_memory_limit_bytes", "Memory that Redis may use; 0: all there is.")
DATABASE_BYTES = Quantity("genesis_database_bytes", "Size of the database.")
CONNECTIONS = Quantity("genesis_database_connections", "Connections to the primary.")
CONNECTIONS_LIMIT = Quantity("genesis_database_connections_limit", "How many the primary takes.")
LAG_BYTES = Quantity("genesis_replica_lag_bytes", "What the read replica has not replayed yet.")
LAG_SECONDS = Quantity("genesis_replica_lag_seconds", "How old the replica's newest change is while it lags.")

_STATES = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}
_DATABASE = """
SELECT pg_database_size(current_database()), count(*), current_setting('max_connections')::int FROM pg_stat_activity
"""
_LAG = """
SELECT CAST(:position AS pg_lsn) - pg_last_wal_replay_lsn(),
    coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)
"""


def build_reading(settings: ServiceSettings) -> Reading:
    """Which version a process is."""
    release = settings.release or __version__
    return Reading("build", lambda: [BUILD(1.0, version=__version__, release=release)])


def server_readings(platform: Platform) -> tuple[Reading, ...]:
    """Everything that a server reads for Prometheus."""
    queue = JobQueue(platform.settings, platform.redis)
    readings = [
        build_reading(platform.settings),
        *of_jobs(queue, platform.database),
        Reading("parts", lambda: _read_parts(platform)),
        Reading("breakers", lambda: _read_breakers(platform)),
        Reading("redis", lambda: _read_redis(platform)),
    ]
    if platform.database.primary.dialect.name == "postgresql":
        readings.append(Reading("database", lambda: _read_database(platform.database.primary)))
    if (replica := platform.database.replica) is not None:
        readings.append(Reading("replica", lambda: _read_lag(platform.database.primary, replica)))
    return tuple(readings)


def _read_parts(platform: Platform) -> Iterator[Sample]:
    for part, state in examine(platform).items():
        yield PART_UP(float(state == "ok"), part=part)


def _read_breakers(platform: Platform) -> Iterator[Sample]:
    for service, state in platform.breakers.states().items():
        yield BREAKER(_STATES[State(state)], service=service)


def _read_redis(platform: Platform) -> Iterator[Sample]:
    memory = platform.redis.info("memory")
    yield REDIS_BYTES(memory["used_memory"])
    yield REDIS_LIMIT(memory["maxmemory"])


def _read_database(primary: Engine) -> Iterator[Sample]:
    with primary.connect() as connection:
        size, connections, limit = connection.execute(text(_DATABASE)).one()
    yield DATABASE_BYTES(size)
    yield CONNECTIONS(connections)
    yield CONNECTIONS_LIMIT(limit)


def _read_lag(primary: Engine, replica: Engine) -> Iterator[Sample]:
    """How far the replica is behind; an idle primary makes nobody late."""
    with primary.connect() as connection:
        position = connection.execute(text("SELECT pg_current_wal_lsn()")).scalar_one()
    with replica.connect() as connection:
        missing, seconds = connection.execute(text(_LAG), {"position": position}).one()
    yield LAG_BYTES(max(0.0, float(missing)))
    yield LAG_SECONDS(float(seconds) if missing > 0 else 0.0)
