"""The HTTP application: routes, problems, health. ``guards.guarded`` wraps it with what every connection passes."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from genesis_music.service import health, openapi, problems
from genesis_music.service.accounts import routes as accounts
from genesis_music.service.accounts.observers import AccountObserver
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.service import JobService
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions import router as transcriptions
from genesis_music.service.transcriptions.handler import TranscriptionHandler
from genesis_music.service.transcriptions.observer import TranscriptionsOfAccounts
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
    jobs = JobService(platform, TranscriptionHandler(platform), JobQueue(platform.settings, platform.redis))
    app.state.jobs = jobs
    app.state.account_observers = (TranscriptionsOfAccounts(platform, jobs), *account_observers)
    problems.install(app)
    openapi.install(app)
    app.include_router(health.router)
    api = APIRouter(prefix=API_PREFIX)
    api.include_router(accounts.router)
    api.include_router(transcriptions.router)
    app.include_router(api)
    return app
