"""What routes ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from genesis_music.service.platform.container import Platform


def _platform(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform


PlatformOf = Annotated[Platform, Depends(_platform)]
"""The parts everything stands on, as this process built them."""
