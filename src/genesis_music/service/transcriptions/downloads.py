"""Links: which are taken, and fetching one in a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from genesis_music.audio.download import download_audio
from genesis_music.audio.links import YOUTUBE, DownloadSettings, check_link
from genesis_music.audio.load import file_sha256
from genesis_music.errors import DownloadError, TransientDownloadError
from genesis_music.service.config import ServiceSettings
from genesis_music.service.errors import InvalidRequestError, UnavailableError
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.spool import Received

BREAKER = "youtube"


def download_settings(settings: ServiceSettings) -> DownloadSettings:
    """What may be downloaded, and how much of it."""
    return replace(
        YOUTUBE,
        allowed_hosts=settings.allowed_url_hosts,
        max_bytes=settings.max_upload_bytes,
        max_duration_seconds=settings.max_duration_seconds,
    )


def accept_link(url: str, settings: ServiceSettings) -> None:
    """Refuse a link that is not plainly to an allowed host, before anything is contacted.

    Raises:
        InvalidRequestError: the message says why.
    """
    try:
        check_link(url, download_settings(settings))
    except DownloadError as error:
        raise InvalidRequestError(
            str(error), extra={"errors": [{"field": "body.url", "message": str(error)}]}
        ) from error


def download(
    url: str, folder: Path, platform: Platform, on_fraction: Callable[[float], None]
) -> tuple[Received, str]:
    """Fetch the sound behind a link into ``folder``; also the title its page gave it.

    Raises:
        UnavailableError: the site or the network fails; the same link may work later.
        DownloadError: the link itself is of no use.
        MissingExtraError: the worker cannot download.
    """
    settings = download_settings(platform.settings)
    try:
        with platform.breakers.breaker(BREAKER):
            path = download_audio(url, folder, settings, on_fraction)
    except TransientDownloadError as error:
        raise UnavailableError(str(error)) from error
    return Received(path, file_sha256(path), path.stat().st_size), path.stem
