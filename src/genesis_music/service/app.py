"""The HTTP application and, around it, sockets and what every connection passes.

``uvicorn --factory genesis_music.service.app:from_environment`` serves it in production.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager

import socketio
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from genesis_music.service import about, health, index, openapi, problems
from genesis_music.service.accounts import routes as accounts
from genesis_music.service.accounts.observers import AccountObserver
from genesis_music.service.config import ServiceSettings, checked_settings
from genesis_music.service.guards import guarded
from genesis_music.service.jobs import routes as jobs
from genesis_music.service.page_policy import PagePolicy
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.revision import bring_up_to_date
from genesis_music.service.sockets import Sockets
from genesis_music.service.transcriptions import router as transcriptions
from genesis_music.service.transcriptions.bodies import body_limits
from genesis_music.service.transcriptions.observer import TranscriptionsOfAccounts
from genesis_music.service.web import Site, site_folder
from genesis_music.service.wiring import begin_process, end_process, make_jobs, service_platform
from genesis_music.version import __version__

API_PREFIX = "/api/v1"
DESCRIPTION = "A recording in, guitar tab worth playing out, with MIDI, Guitar Pro, MusicXML and an analysis."

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    platform: Platform,
    account_observers: Sequence[AccountObserver] = (),
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Put the application together; everything its routes need comes from ``platform``.

    ``account_observers`` are told, beside our own, when an account is deleted or exported.
    """
    return equip(with_routes(lifespan), platform, account_observers)


def with_routes(lifespan: Lifespan | None = None) -> FastAPI:
    """Put the routes together, still without the parts they work on."""
    app = FastAPI(
        title="Genesis Music",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,  # its scripts come from elsewhere, which our pages do not allow
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
        lifespan=lifespan,
    )
    problems.install(app)
    openapi.install(app)
    app.include_router(index.router)
    app.include_router(health.router)
    api = APIRouter(prefix=API_PREFIX)
    for part in (about, accounts, transcriptions, jobs):
        api.include_router(part.router)
    app.include_router(api)
    return app


def equip(app: FastAPI, platform: Platform, account_observers: Sequence[AccountObserver] = ()) -> FastAPI:
    """Give an application the parts that its routes ask for."""
    app.state.platform = platform
    app.state.jobs = make_jobs(platform)
    app.state.account_observers = (
        TranscriptionsOfAccounts(platform, app.state.jobs),
        *account_observers,
    )
    return app


def asgi(platform: Platform, lifespan: Lifespan | None = None) -> ASGIApp:
    """Put HTTP, sockets and pages together, guarded: what a server serves."""
    app = socketio.ASGIApp(Sockets(platform).server, other_asgi_app=create_app(platform, (), lifespan))
    return guarded(with_site(app, platform.settings), platform, body_limits(platform.settings))


def with_site(app: ASGIApp, settings: ServiceSettings) -> ASGIApp:
    """Put the web application's files in front, where there is a build of it."""
    folder = site_folder(settings)
    return Site(app, folder, PagePolicy(settings)) if folder else app


def from_environment() -> ASGIApp:
    """Serve with the settings of the environment; the tables are brought up to date first."""
    return from_settings(checked_settings())


def from_settings(settings: ServiceSettings) -> ASGIApp:
    """Build everything for one server process; it ends with the application's lifespan."""
    begin_process(settings, "api")
    closing = ExitStack()
    platform = closing.enter_context(service_platform(settings))
    bring_up_to_date(platform.database.primary)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            closing.close()
            end_process()

    return asgi(platform, lifespan)
