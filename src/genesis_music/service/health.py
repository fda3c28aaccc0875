"""Is the process alive, and can it do its work: for load balancers and people."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text

from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.platform.container import Platform

PATIENCE_SECONDS = 2.0

router = APIRouter(prefix="/health", tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Each part this server needs, ``ok`` or what is wrong, and the state of each circuit breaker."""

    status: Literal["ok", "unavailable"]
    parts: dict[str, str]
    breakers: dict[str, str]


@router.get("/live")
def live() -> Alive:
    """Say that the process answers."""
    return Alive()


@router.get("/ready", responses={503: {"model": Readiness, "description": "A part does not answer"}})
def ready(platform: PlatformOf, response: Response) -> Readiness:
    """Ask the database, the queue and the storage whether they answer."""
    parts = examine(platform)
    well = all(state == "ok" for state in parts.values())
    response.status_code = 200 if well else 503
    response.headers["Cache-Control"] = "no-store"
    return Readiness(status="ok" if well else "unavailable", parts=parts, breakers=_breakers(platform))


def examine(platform: Platform) -> dict[str, str]:
    """Ask all parts at once, each for two seconds at most."""
    checks: dict[str, Callable[[], object]] = {
        "database": lambda: _select(platform),
        "redis": platform.redis.ping,
        "storage": lambda: platform.storage.exists("health"),
    }
    pool = ThreadPoolExecutor(len(checks))
    futures = {name: pool.submit(check) for name, check in checks.items()}
    pool.shutdown(wait=False)
    return {name: _state(future.result) for name, future in futures.items()}


def _breakers(platform: Platform) -> dict[str, str]:
    """The states of all circuits; that of the replica is this process's own."""
    database = platform.database
    own = {"replica": str(database.replica_breaker.state)} if database.replica is not None else {}
    return platform.breakers.states() | own


def _state(result: Callable[[float], object]) -> str:
    try:
        result(PATIENCE_SECONDS)
    except FutureTimeoutError:
        return "does not answer"
    except Exception as error:
        return f"{type(error).__name__}"
    return "ok"


def _select(platform: Platform) -> None:
    with platform.database.writing() as session:
        session.execute(text("SELECT 1"))
