"""Fixtures of all service tests: parts, applications, users.

``platform`` is the production mode, once on SQLite and once on PostgreSQL with a replica; ``embedded_platform`` the
embedded one. ``client`` and ``embedded_client`` speak HTTP to an application on them; ``user``, ``other_user`` and
``admin`` are people with accounts.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from redis import Redis
from starlette.datastructures import State
from starlette.types import ASGIApp

from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.local_user import ensure_local_user
from genesis_music.service.accounts.observers import AccountObserver
from genesis_music.service.accounts.sessions import SignedIn, start_session
from genesis_music.service.accounts.tables import Role, User, UserPreferences
from genesis_music.service.app import equip, with_routes
from genesis_music.service.config import Mode
from genesis_music.service.guards import guarded
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.passwords import hash_password
from genesis_music.service.transcriptions.bodies import body_limits
from tests.service.platforms import PUBLIC_URL, MigratedPostgres, SqliteTemplate, make_platform, make_settings
from tests.service.servers import (
    Postgres,
    TestRedis,
    postgres,
    redis_server,
    s3_server,
    until,
)

__all__ = ["postgres", "redis_server", "s3_server"]

PASSWORD = "nine lamps over water"
"""Not the one of the document's examples: a made-up request must not delete the account that makes it."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a session."""

    id: UUID
    email: str
    password: str
    signed_in: SignedIn

    @property
    def headers(self) -> dict[str, str]:
        """What signs a request."""
        return {"Authorization": f"Bearer {self.signed_in.access.token}"}

    @property
    def identity(self) -> Identity:
        return Identity(self.id, self.signed_in.user.role, session_id=self.signed_in.session_id)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> MigratedPostgres:
    return MigratedPostgres(postgres)


@pytest.fixture
def redis(redis_server: TestRedis) -> Iterator[Redis]:
    """A connection to an empty Redis."""
    with Redis.from_url(redis_server.url) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def sqlite(sqlite_template: SqliteTemplate, tmp_path: Path) -> tuple[str, str]:
    """A migrated SQLite database: its address and that of no replica."""
    return sqlite_template.copy_to(tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def platform(request: pytest.FixtureRequest) -> Platform:
    """The parts of the production mode, on either database."""
    parts: Platform = request.getfixturevalue(f"{request.param}_platform")
    return parts


@pytest.fixture
def sqlite_platform(
    sqlite: tuple[str, str], redis: Redis, redis_server: TestRedis, tmp_path: Path
) -> Iterator[Platform]:
    """The parts of the production mode on SQLite."""
    yield from _closed_after(make_platform(make_settings(sqlite, redis_server.url, tmp_path), redis))


@pytest.fixture
def postgres_platform(
    migrated_postgres: MigratedPostgres, redis: Redis, redis_server: TestRedis, tmp_path: Path
) -> Iterator[Platform]:
    """The parts of the production mode on PostgreSQL with a replica."""
    settings = make_settings(migrated_postgres.emptied(), redis_server.url, tmp_path)
    yield from _closed_after(make_platform(settings, redis))


@pytest.fixture
def embedded_platform(
    sqlite: tuple[str, str], redis: Redis, redis_server: TestRedis, tmp_path: Path
) -> Iterator[Platform]:
    """The parts of the embedded mode, with its local user."""
    settings = make_settings(sqlite, redis_server.url, tmp_path, mode=Mode.EMBEDDED)
    parts = make_platform(settings, redis)
    ensure_local_user(parts.database)
    yield from _closed_after(parts)


@pytest.fixture
def client(platform: Platform) -> Iterator[TestClient]:
    """Speaks HTTP to the production mode, signed in as nobody."""
    with client_of(platform) as speaking:
        yield speaking


@pytest.fixture
def embedded_client(embedded_platform: Platform) -> Iterator[TestClient]:
    """Speaks HTTP to the embedded mode."""
    with client_of(embedded_platform) as speaking:
        yield speaking


@pytest.fixture
def user(platform: Platform) -> Person:
    return make_person(platform, "ada@example.com")


@pytest.fixture
def other_user(platform: Platform) -> Person:
    return make_person(platform, "ben@example.com")


@pytest.fixture
def admin(platform: Platform) -> Person:
    return make_person(platform, "root@example.com", Role.ADMIN)


def client_of(platform: Platform, address: str = "testclient") -> TestClient:
    """A client, at an address, of an application on ``platform``; use it in a ``with`` block."""
    application = guarded(app_of(platform), platform, body_limits(platform.settings))
    return TestClient(application, base_url=PUBLIC_URL, client=(address, 50_000))


@contextmanager
def served(app: ASGIApp) -> Iterator[int]:
    """An application behind a real server in this process: its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: server.started)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def app_of(platform: Platform, *observers: AccountObserver) -> FastAPI:
    """An application as ``create_app`` makes it; the routes of all are one, since building them takes long."""
    app = copy(_routes())
    app.state = State()
    return equip(app, platform, observers)


def with_settings(platform: Platform, **changes: object) -> Platform:
    """The same parts with other settings."""
    return replace(platform, settings=platform.settings.model_copy(update=changes))


def make_person(platform: Platform, email: str, role: Role = Role.USER) -> Person:
    """Create an account and sign in."""
    id_ = uuid4()
    with platform.database.writing(id_) as session:
        row = User(id=id_, email=email, password_hash=_password_hash(), role=role)
        session.add(row)
        session.flush()
        session.add(UserPreferences(user_id=row.id))
        signed_in = start_session(session, platform.settings, row, RequestInfo("203.0.113.7", "tests"))
    return Person(row.id, email, PASSWORD, signed_in)


def _closed_after(parts: Platform) -> Iterator[Platform]:
    yield parts
    parts.database.close()


@cache
def _routes() -> FastAPI:
    return with_routes()


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)
