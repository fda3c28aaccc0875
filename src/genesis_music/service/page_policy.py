"""What the web application's pages may load and run (Content Security Policy, level 3)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import urlsplit

from genesis_music.service.config import ServiceSettings
from genesis_music.service.platform.storage_backends import S3Place

_TAG_MANAGER = "https://*.googletagmanager.com"
_ANALYTICS = f"https://*.google-analytics.com https://*.analytics.google.com {_TAG_MANAGER}"
"""What Google Analytics 4 asks for."""


class PagePolicy:
    """The policy of one installation: its own files, and of other places only those it is set up with."""

    def __init__(self, settings: ServiceSettings) -> None:
        storage = _storage_origin(settings.storage_url)
        analytics = _ANALYTICS if settings.analytics_id else ""
        self._scripts = f"'self' 'wasm-unsafe-eval' {_TAG_MANAGER if analytics else ''}"
        self._others = {
            "default-src": "'self'",
            "style-src": "'self' 'unsafe-inline'",
            "img-src": f"'self' data: blob: {analytics}",
            "media-src": f"'self' blob: {storage}",
            "font-src": "'self' data:",
            "worker-src": "'self' blob:",
            "connect-src": f"'self' {storage} {_origin(settings.web_sentry_dsn)} {analytics}",
            "object-src": "'none'",
            "frame-ancestors": "'none'",
            "base-uri": "'self'",
            "form-action": "'self'",
        }

    def header(self, html: str = "") -> str:
        """Write the header for a page, whose inline scripts may run, or for a script (which is a worker's policy)."""
        hashes = " ".join(f"'sha256-{_digest(script)}'" for script in inline_scripts(html))
        directives = self._others | {"script-src": f"{self._scripts} {hashes}"}
        return "; ".join(" ".join([name, *sources.split()]) for name, sources in directives.items())


def inline_scripts(html: str) -> list[str]:
    """The scripts that stand in a page itself, exactly as written."""
    reader = _InlineScripts()
    reader.feed(html)
    reader.close()
    return reader.found


class _InlineScripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"


def _digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()


def _storage_origin(url: str) -> str:
    """Where browsers are sent for recordings; nothing for a folder, whose files the service delivers."""
    return _origin(S3Place.from_url(url).public_endpoint) if url.startswith("s3:") else ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if url else ""
