"""A link to a sound file on disk, with yt-dlp, behind the extra ``youtube``.

A link is hostile until checked: nothing but allowed hosts is ever contacted (redirects included), only one
video is taken, no other program is started but the JavaScript runtime that yt-dlp keeps in a sandbox, and
length and size are limited before and during the download. An interrupted download leaves a ``.part`` file
that the next one continues.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from genesis_music.audio.download_failures import explained
from genesis_music.audio.links import BY_HAND, YOUTUBE, DownloadSettings, check_link, is_link
from genesis_music.audio.stream import ignore_fraction
from genesis_music.errors import DownloadError, MissingExtraError, OutputError

__all__ = ["DownloadSettings", "check_link", "download_audio", "is_link"]


_RETRIES = 3
"""Attempts that continue a connection that broke, before it is reported."""


class _LimitError(DownloadError):
    """Larger or longer than allowed: what is there of it is of no use."""


def download_audio(
    url: str,
    folder: Path,
    settings: DownloadSettings = YOUTUBE,
    on_fraction: Callable[[float], None] | None = None,
) -> Path:
    """Download the sound of one video or sound file into ``folder`` and return its path, named by its title.

    The same link into the same folder continues or reuses what is there.

    Raises:
        MissingExtraError: yt-dlp is not installed.
        DownloadError: not allowed, too long, too large, a playlist, live, private, removed, behind a sign-in,
            protected, or no network; the message says what to do.
        OutputError: the folder cannot be written.
    """
    check_link(url, settings)
    if find_spec("yt_dlp") is None:
        raise MissingExtraError('Links need yt-dlp: pip install "genesis-music[youtube]"')
    target = folder / hashlib.sha256(url.encode()).hexdigest()[:16]
    try:
        target.mkdir(parents=True, exist_ok=True)
        return _download(url, target, settings, on_fraction or ignore_fraction)
    except _LimitError:
        shutil.rmtree(target, ignore_errors=True)
        raise
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror}): choose another folder.") from error


def _download(
    url: str, target: Path, settings: DownloadSettings, on_fraction: Callable[[float], None]
) -> Path:
    from yt_dlp.utils import YoutubeDLError

    from genesis_music.audio.guarded_ytdlp import GuardedDownloader

    with GuardedDownloader(_options(target, settings, on_fraction), settings) as downloader:
        try:
            info = downloader.extract_info(url, download=False, process=False)
            _check_single(info)
            info = downloader.process_ie_result(info, download=False)
            _check_limits(info, settings)
            downloader.process_info(info)
        except YoutubeDLError as error:
            raise explained([str(error), *downloader.complaints]) from error
        path = Path(downloader.prepare_filename(info))
    if not path.is_file():
        raise explained(downloader.complaints)
    on_fraction(1.0)
    return path


def _options(
    target: Path, settings: DownloadSettings, on_fraction: Callable[[float], None]
) -> dict[str, Any]:
    def watch(status: dict[str, Any]) -> None:
        done = status.get("downloaded_bytes") or 0
        total = status.get("total_bytes") or status.get("total_bytes_estimate") or 0
        if max(done, total) > settings.max_bytes:
            raise _too_large(settings)
        on_fraction(min(done / total, 1.0) if total else 0.0)

    return {
        # Served over HTTP in one piece or in segments that yt-dlp joins itself: no other program touches it.
        "format": "bestaudio[protocol^=http]/best[protocol^=http]",
        "outtmpl": str(target).replace("%", "%%") + "/%(format_id)s/%(title).80B.%(ext)s",
        "windowsfilenames": True,
        "fixup": "never",
        "noplaylist": True,
        "playlist_items": "1",
        "cachedir": False,
        "color": "never",
        "continuedl": True,
        "noprogress": True,
        "retries": _RETRIES,
        "socket_timeout": settings.socket_timeout_seconds,
        "progress_hooks": [watch],
    }


def _check_single(info: dict[str, Any]) -> None:
    if info.get("_type", "video") in {"playlist", "multi_video"}:
        raise DownloadError("The link is a playlist: give the link of one video.")


def _check_limits(info: dict[str, Any], settings: DownloadSettings) -> None:
    _check_single(info)
    if info.get("is_live") or info.get("live_status") in {"is_live", "is_upcoming", "post_live"}:
        raise explained(["is live"])
    if (info.get("duration") or 0) > settings.max_duration_seconds:
        minutes = settings.max_duration_seconds / 60
        raise _LimitError(f"The video is longer than the {minutes:g} minutes that are allowed: {BY_HAND}.")
    if (info.get("filesize") or info.get("filesize_approx") or 0) > settings.max_bytes:
        raise _too_large(settings)


def _too_large(settings: DownloadSettings) -> _LimitError:
    megabytes = settings.max_bytes / 1024**2
    return _LimitError(f"The download is larger than the {megabytes:g} MB that are allowed: {BY_HAND}.")
