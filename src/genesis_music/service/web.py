"""The web application's files: a static build, and its page for every address that only the browser knows."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from mimetypes import MimeTypes
from pathlib import Path

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from genesis_music.errors import SettingsError
from genesis_music.service.config import ServiceSettings
from genesis_music.service.page_policy import PagePolicy
from genesis_music.service.platform.encodings import readable
from genesis_music.service.platform.etags import matches

ENTRANCES = ("200.html", "index.html")
"""The page that finds its way by its address: the first of these that a build has."""
OWN_PREFIXES = frozenset({"api", "health", "socket.io"})
"""The first parts of the paths that the service answers itself."""
IMMUTABLE = "_app/immutable/"
"""SvelteKit's folder of files whose names change with their content."""
FOREVER, REVALIDATE = "public, max-age=31536000, immutable", "no-cache"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Ready compressed siblings of files, the better first."""
KEPT_WHEN_UNCHANGED = ("cache-control", "content-security-policy", "etag", "vary")

_TYPES = MimeTypes(filenames=())
for _kind, _ending in (
    ("application/json", ".map"),
    ("application/manifest+json", ".webmanifest"),
    ("application/wasm", ".wasm"),
    ("audio/ogg", ".ogg"),
    ("audio/x-soundfont", ".sf2"),
    ("audio/x-soundfont", ".sf3"),
    ("font/woff2", ".woff2"),
    ("image/webp", ".webp"),
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
):
    _TYPES.add_type(_kind, _ending)
_BINARY = "application/octet-stream"


def site_folder(settings: ServiceSettings) -> Path | None:
    """Find the built web application: the folder that is set, the package's own, or a checkout's.

    Raises:
        SettingsError: the folder that is set holds no build.
    """
    if settings.web_dir is not None:
        if not _is_site(settings.web_dir):
            raise SettingsError(
                f"GENESIS_WEB_DIR: {settings.web_dir} has no {' or '.join(ENTRANCES)}; "
                "give the folder that the web application was built into."
            )
        return settings.web_dir
    package = Path(__file__).resolve().parents[1]
    usual = (package / "web", package.parents[1] / "web" / "build")
    return next((folder for folder in usual if _is_site(folder)), None)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the build."""

    path: Path
    status: os.stat_result

    @property
    def media_type(self) -> str:
        return _TYPES.guess_type(self.path.name, strict=False)[0] or _BINARY

    @property
    def is_page(self) -> bool:
        return self.path.suffix == ".html"


class Site:
    """Serves the files of a build; what they do not have, and what is not asked with GET, is left to ``app``."""

    def __init__(self, app: ASGIApp, folder: Path, policy: PagePolicy) -> None:
        self._app = app
        self._folder = folder.resolve()
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        answer: Response | None = None
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            path: str = scope["path"].lstrip("/")
            if path.partition("/")[0] not in OWN_PREFIXES:
                answer = await run_in_threadpool(self._answer, path, Headers(scope=scope))
        await (answer or self._app)(scope, receive, send)

    def _answer(self, path: str, asked: Headers) -> Response | None:
        file = self._lookup(path)
        if file is None:
            return None
        headers = {
            "Cache-Control": FOREVER if self._is_immutable(file) else REVALIDATE,
            "Content-Security-Policy": self._policy.header(_html(file) if file.is_page else ""),
            "Vary": "Accept-Encoding",
        }
        sent = self._compressed(file, asked.get("accept-encoding", ""), headers)
        answer = FileResponse(sent.path, headers=headers, media_type=file.media_type, stat_result=sent.status)
        if not matches(asked.get("if-none-match"), answer.headers["etag"]):
            return answer
        kept = {name: answer.headers[name] for name in KEPT_WHEN_UNCHANGED}
        return Response(status_code=304, headers=kept)

    def _lookup(self, path: str) -> _File | None:
        """The file at a path, the page at it, or the entrance; a file that is missing has no page in its place."""
        if not path or path.endswith("/"):
            found = self._file(path + "index.html")
        else:
            found = self._file(path) or self._file(path + ".html")
        if found is None and not _looks_like_file(path):
            found = next(filter(None, map(self._file, ENTRANCES)), None)
        return found

    def _file(self, name: str) -> _File | None:
        """A file inside the folder, wherever dots and links lead."""
        try:
            path = (self._folder / name).resolve()
            status = path.stat() if path.is_relative_to(self._folder) else None
        except (OSError, ValueError):  # too long, or with characters that no name has
            return None
        return _File(path, status) if status and stat.S_ISREG(status.st_mode) else None

    def _is_immutable(self, file: _File) -> bool:
        return file.path.relative_to(self._folder).as_posix().startswith(IMMUTABLE)

    def _compressed(self, file: _File, accepted: str, headers: dict[str, str]) -> _File:
        """The best sibling that the client can read, noted in ``headers``; else the file itself."""
        for encoding in filter(readable(accepted).__contains__, ENCODINGS):
            if sibling := self._file(f"{file.path.relative_to(self._folder)}{ENCODINGS[encoding]}"):
                headers["Content-Encoding"] = encoding
                return sibling
        return file


def _is_site(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ENTRANCES)


def _looks_like_file(path: str) -> bool:
    """A script or picture of another version: a page in its place would only confuse the browser."""
    kind = _TYPES.guess_type(path.rpartition("/")[2], strict=False)[0]
    return path.startswith("_app/") or kind not in {None, "text/html"}


def _html(file: _File) -> str:
    return _read(file.path, file.status.st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, _changed_ns: int) -> str:
    return path.read_text(encoding="utf-8")
