"""What is at the root until a page is: where a program or a curious person goes on."""

from __future__ import annotations

from fastapi import APIRouter

from genesis_music.version import __version__

router = APIRouter()


@router.get("/", include_in_schema=False)
def index() -> dict[str, str]:
    """Say what this is and where its API is described."""
    return {
        "name": "Genesis Music",
        "version": __version__,
        "openapi": "/api/v1/openapi.json",
        "transcriptions": "/api/v1/transcribe",
        "health": "/health/ready",
    }
