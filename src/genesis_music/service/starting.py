"""Before a process begins: does everything it needs answer? Never a half-started service."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from secrets import token_hex

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from genesis_music.errors import GenesisError, SettingsError
from genesis_music.service.config import ServiceSettings
from genesis_music.service.errors import UnavailableError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import make_engine
from genesis_music.service.platform.mail import check_mail_address
from genesis_music.service.platform.revision import bring_up_to_date
from genesis_music.service.wiring import service_platform

log = logging.getLogger(__name__)


def require_parts(settings: ServiceSettings) -> None:
    """Ask the database, Redis and the storage, and bring the tables up to date.

    Raises:
        UnavailableError: one does not answer or refuses us; the message names its variable.
        SettingsError: an address makes no sense.
    """
    check_mail_address(settings.smtp_url.get_secret_value())
    with service_platform(settings) as platform:
        _require("GENESIS_DATABASE_URL: the database", lambda: bring_up_to_date(platform.database.primary))
        if settings.database_replica_url:
            _look_at_replica(settings)
        _require("GENESIS_REDIS_URL: Redis", lambda: examine_redis(platform))
        _require(
            "GENESIS_STORAGE_URL, GENESIS_STORAGE_ACCESS_KEY, GENESIS_STORAGE_SECRET_KEY: the storage",
            lambda: examine_storage(platform),
        )


def require_parts_apart(settings: ServiceSettings) -> None:
    """As `require_parts`, in a process of its own: one that will be forked must not have used the storage."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        pool.submit(require_parts, settings).result()


def _look_at_replica(settings: ServiceSettings) -> None:
    """One that is away is not missed, the primary answers for it; one that is none would show what is old for ever."""
    try:
        examine_replica(settings)
    except GenesisError as error:
        raise UnavailableError(f"GENESIS_DATABASE_REPLICA_URL: {error}.") from error
    except SQLAlchemyError as error:
        log.warning("GENESIS_DATABASE_REPLICA_URL: the replica does not answer (%s)", type(error).__name__)


def examine_replica(settings: ServiceSettings) -> str:
    """Say how the replica is.

    Raises:
        GenesisError: it is a primary.
    """
    engine = make_engine(settings.database_replica_url, is_replica=True)
    try:
        with engine.connect() as connection:
            if not connection.execute(text("SELECT pg_is_in_recovery()")).scalar():
                raise GenesisError("this is no replica but a primary")
    finally:
        engine.dispose()
    return "answers and follows the primary"


def examine_redis(platform: Platform) -> str:
    """Say how Redis is.

    Raises:
        GenesisError: it may forget what it was told to keep.
    """
    policy = platform.redis.info("memory").get("maxmemory_policy")
    if policy != "noeviction":
        raise GenesisError(f"it may forget the queue (maxmemory-policy {policy}): set noeviction")
    return "answers and forgets nothing"


def examine_storage(platform: Platform) -> str:
    """Write, read and delete a small object, and say so.

    Raises:
        GenesisError: one of these fails.
    """
    key = f"health/{token_hex(8)}"
    platform.storage.put_bytes(key, b"genesis")
    try:
        if platform.storage.get(key) != b"genesis":
            raise GenesisError("it does not return what was written")
    finally:
        platform.storage.delete(key)
    return "can be written, read and deleted"


def _require(what: str, look: Callable[[], object]) -> None:
    """Ask one part; what it says may hold a password and is not repeated, its kind is."""
    try:
        look()
    except SettingsError:
        raise
    except GenesisError as error:
        raise UnavailableError(f"{what} cannot be used: {error}") from error
    except Exception as error:
        raise UnavailableError(
            f"{what} does not answer or refuses us ({type(error).__name__}); `genesis doctor` asks every part."
        ) from error
