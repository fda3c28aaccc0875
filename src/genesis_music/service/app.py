"""The HTTP application: routes, problems, health. ``asgi()`` adds Socket.IO and what guards every request."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from genesis_music.service import health, problems
from genesis_music.service.platform.container import Platform
from genesis_music.version import __version__

API_PREFIX = "/api/v1"
DESCRIPTION = "A recording in, guitar tab worth playing out, with MIDI, Guitar Pro, MusicXML and an analysis."


def create_app(platform: Platform) -> FastAPI:
    """Put the routes together; everything they need comes from ``platform``."""
    app = FastAPI(
        title="Genesis Music",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=f"{API_PREFIX}/docs",
        redoc_url=None,
    )
    app.state.platform = platform
    problems.install(app)
    app.include_router(health.router)
    api = APIRouter(prefix=API_PREFIX)
    app.include_router(api)
    return app
