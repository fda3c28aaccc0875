"""A link to a sound file on disk, with yt-dlp, behind the extra ``youtube``.

A link is hostile until checked: its scheme and host are compared with an allow-list before anything is
contacted, only one video is taken, and its length and size are limited before and during the download. An
interrupted download leaves a ``.part`` file that the next one continues.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from genesis_music.errors import DownloadError, MissingExtraError, OutputError

YOUTUBE_HOSTS = ("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be")
_BY_HAND = "download the recording yourself and give the file"


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """What may be downloaded.

    ``allowed_hosts`` are exact host names. ``allow_private`` also allows plain ``http`` and addresses
    in private networks, for a server of one's own.
    """

    allowed_hosts: tuple[str, ...] = YOUTUBE_HOSTS
    max_bytes: int = 500 * 1024**2
    max_duration_seconds: float = 2 * 3600.0
    socket_timeout_seconds: float = 20.0
    allow_private: bool = False


DEFAULT = DownloadSettings()


def is_link(text: str) -> bool:
    """Whether a command-line argument is a link and not a path."""
    return "://" in text[:16]


def check_link(url: str, settings: DownloadSettings = DEFAULT) -> None:
    """Refuse a link whose scheme or host is not allowed, without contacting anything.

    Raises:
        DownloadError: not a web address, carries a name and password, or its host is not allowed.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise DownloadError(f"{url!r} is not a web address: copy it again from the browser.") from error
    schemes = ("https", "http") if settings.allow_private else ("https",)
    if parts.scheme not in schemes or not host or any(c.isspace() or not c.isprintable() for c in url):
        raise DownloadError(f"{url!r} is not a web address that starts with https://: copy it again.")
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise DownloadError("A link with a user name in it is not accepted: copy it again from the browser.")
    if host not in settings.allowed_hosts or (port not in (None, 443) and not settings.allow_private):
        raise DownloadError(f"Links to {host} are not allowed: {_BY_HAND}, or allow the host.")
    if _is_address(host) and not settings.allow_private:
        raise DownloadError(f"A link to a bare address ({host}) is not accepted: {_BY_HAND}.")


def download_audio(
    url: str,
    folder: Path,
    settings: DownloadSettings = DEFAULT,
    on_fraction: Callable[[float], None] | None = None,
) -> Path:
    """Download the sound of one video or sound file into ``folder`` and return its path.

    Raises:
        MissingExtraError: yt-dlp is not installed.
        DownloadError: not allowed, too long, too large, live, private, removed, behind a sign-in, no network.
        OutputError: the folder cannot be written.
    """
    check_link(url, settings)
    try:
        import yt_dlp
    except ImportError as error:
        raise MissingExtraError('Links need yt-dlp: pip install "genesis-music[youtube]"') from error
    target = folder / hashlib.sha256(url.encode()).hexdigest()[:16]
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror}): choose another folder.") from error
    options = _options(target, settings, on_fraction or (lambda _: None))
    try:
        with yt_dlp.YoutubeDL(options) as downloader:
            info = downloader.extract_info(url, download=False)
            _check_info(info, settings)
            result = downloader.process_ie_result(info, download=True)
    except yt_dlp.utils.YoutubeDLError as error:
        raise _explained(error) from error
    return Path(result["requested_downloads"][0]["filepath"])


def _options(
    target: Path, settings: DownloadSettings, on_fraction: Callable[[float], None]
) -> dict[str, Any]:
    def watch(status: dict[str, Any]) -> None:
        done = status.get("downloaded_bytes") or 0
        total = status.get("total_bytes") or status.get("total_bytes_estimate") or settings.max_bytes
        if done > settings.max_bytes:
            raise DownloadError(_too_large(settings))
        on_fraction(min(done / total, 1.0))

    return {
        "format": "bestaudio/best",
        "outtmpl": str(target / "%(title).80B.%(ext)s"),
        "restrictfilenames": False,
        "windowsfilenames": True,
        "noplaylist": True,
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": "never",
        "continuedl": True,
        "max_filesize": settings.max_bytes,
        "socket_timeout": settings.socket_timeout_seconds,
        "retries": 3,
        "progress_hooks": [watch],
        "cachedir": False,
        "logger": _Silent(),
    }


def _check_info(info: dict[str, Any], settings: DownloadSettings) -> None:
    if info.get("_type", "video") != "video":
        raise DownloadError("The link is a playlist: give the link of one video.")
    if info.get("is_live") or info.get("live_status") in {"is_live", "is_upcoming", "post_live"}:
        raise DownloadError("The link is a live stream: wait until it is over.")
    if (info.get("duration") or 0) > settings.max_duration_seconds:
        raise DownloadError(
            f"The video is longer than {settings.max_duration_seconds / 60:g} minutes: {_BY_HAND}."
        )
    if (info.get("filesize") or info.get("filesize_approx") or 0) > settings.max_bytes:
        raise DownloadError(_too_large(settings))


def _too_large(settings: DownloadSettings) -> str:
    return f"The download is larger than {settings.max_bytes / 1024**2:g} MB: {_BY_HAND}."


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _explained(error: Exception) -> DownloadError:
    return DownloadError(f"The link cannot be downloaded ({error}): {_BY_HAND}.")


class _Silent:
    """yt-dlp's messages reach the user as errors of ours only."""

    def debug(self, message: str) -> None:
        """Say nothing."""

    info = warning = error = debug
