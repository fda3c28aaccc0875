"""All routes of this part."""

from __future__ import annotations

from fastapi import APIRouter

from genesis_music.service.transcriptions import (
    result_routes,
    revision_routes,
    routes,
    share_routes,
    stem_routes,
    tus_routes,
    webhook_routes,
)

router = APIRouter()
for part in (
    routes,
    result_routes,
    revision_routes,
    share_routes,
    stem_routes,
    tus_routes,
    webhook_routes,
):
    router.include_router(part.router)
