"""The HTTP application: routes, problems, health. ``guards.guarded`` wraps it with what every connection passes."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from genesis_music.service import health, openapi, problems
from genesis_music.service.accounts import routes as accounts
from genesis_music.service.accounts.observers import AccountObserver
from genesis_music.service.platform.container import Platform
from genesis_music.version import __version__

API_PREFIX = "/api/v1"
DESCRIPTION = "A recording in, guitar tab worth playing out, with MIDI, Guitar Pro, MusicXML and an analysis."


def create_app(platform: Platform, account_observers: Sequence[AccountObserver] = ()) -> FastAPI:
    """Put the routes together; everything they need comes from ``platform``.

    ``account_observers`` are told when an account is deleted or exported.
    """
    app = FastAPI(
        title="Genesis Music",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=f"{API_PREFIX}/docs",
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.platform = platform
    app.state.account_observers = tuple(account_observers)
    problems.install(app)
    openapi.install(app)
    app.include_router(health.router)
    api = APIRouter(prefix=API_PREFIX)
    api.include_router(accounts.router)
    app.include_router(api)
    return app
