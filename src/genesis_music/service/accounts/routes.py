"""All routes of accounts."""

from __future__ import annotations

from fastapi import APIRouter

from genesis_music.service.accounts import account_routes, admin_routes, auth_routes

router = APIRouter()
router.include_router(auth_routes.router)
router.include_router(account_routes.router)
router.include_router(admin_routes.router)
