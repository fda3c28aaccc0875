"""yt-dlp that contacts nothing but allowed hosts. Import it only where the extra ``youtube`` is installed."""

from __future__ import annotations

import urllib.request
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking import RequestDirector
from yt_dlp.networking._urllib import UrllibRH
from yt_dlp.networking.exceptions import RequestError

from genesis_music.audio.download_failures import NOT_ALLOWED
from genesis_music.audio.links import DownloadSettings, may_contact


class _HostGuard(urllib.request.BaseHandler):
    """Sees every request before it is sent, redirects included (urllib opens them anew)."""

    handler_order = 1

    def __init__(self, settings: DownloadSettings) -> None:
        self._settings = settings

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        """Pass a request on or refuse it."""
        if not may_contact(request.full_url, self._settings):
            raise RequestError(f"{request.host} {NOT_ALLOWED}")
        return request

    https_request = ftp_request = http_request


class _GuardedHandler(UrllibRH):  # type: ignore[misc]
    """yt-dlp's urllib transport with the guard in front."""

    guard: _HostGuard

    def _create_instance(self, *arguments: Any, **options: Any) -> urllib.request.OpenerDirector:
        opener: urllib.request.OpenerDirector = super()._create_instance(*arguments, **options)
        opener.add_handler(self.guard)
        return opener


class GuardedDownloader(YoutubeDL):  # type: ignore[misc]
    """yt-dlp with one transport, the guarded one; ``complaints`` are its warnings and errors so far."""

    def __init__(self, options: dict[str, Any], settings: DownloadSettings) -> None:
        self._settings = settings
        self.complaints: list[str] = []
        super().__init__({**options, "logger": _Complaints(self.complaints)})

    def build_request_director(self, handlers: Any, preferences: Any = None) -> RequestDirector:
        """Build yt-dlp's transport from the guarded handler alone, whatever else is installed."""
        del handlers
        guarded = type("GuardedRH", (_GuardedHandler,), {"guard": _HostGuard(self._settings)})
        return super().build_request_director([guarded], preferences)


class _Complaints:
    """A logger for yt-dlp that keeps what it complains about and prints nothing."""

    def __init__(self, complaints: list[str]) -> None:
        self.warning = self.error = complaints.append

    def debug(self, message: str) -> None:
        """Drop a message about progress."""
