"""What Prometheus should know of backups, where it can reach us rather than a folder: read from the bucket itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from deploy.backup.bucket import BUCKET, snapshots
from deploy.backup.database import DATABASE, good_backups
from deploy.backup.metrics import LAST_SUCCESS, described
from genesis_music.errors import GenesisError, SettingsError
from genesis_music.service.platform.storage import ObjectStore

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Teller:
    """Knows when each kind of backup last succeeded; looks into the bucket now and then."""

    def __init__(self, vault: ObjectStore) -> None:
        self._vault = vault
        self._last: dict[str, float] = {}

    def note(self, kind: str, moment_seconds: float) -> None:
        """A backup of this kind succeeded (seconds since 1970)."""
        self._last[kind] = moment_seconds

    def look(self, stop: threading.Event) -> None:
        """Look for the newest good backups until told to stop."""
        while True:
            try:
                for made in good_backups(self._vault)[-1:]:
                    self.note(DATABASE, made.finished.timestamp())
                for taken, _ in snapshots(self._vault)[-1:]:
                    self.note(BUCKET, taken.timestamp())
            except GenesisError as error:
                log.warning("the bucket of backups does not say what it has: %s", error)
            if stop.wait(LOOK_SECONDS):
                return

    def text(self) -> str:
        """All that is known, in Prometheus' format."""
        lines = [
            f'{LAST_SUCCESS}{{kind="{kind}"}} {moment:.3f}' for kind, moment in sorted(self._last.items())
        ]
        return described(LAST_SUCCESS) + "".join(f"{line}\n" for line in lines)


def tell(port: int, text: Callable[[], str]) -> None:
    """Answer ``/metrics`` on a port from now on, in a thread.

    Raises:
        SettingsError: the port cannot be used.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/metrics"
            content = text().encode() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: it is asked every few seconds."""

    try:
        server = ThreadingHTTPServer(("", port), Handler)
    except OSError as error:
        raise SettingsError(f"GENESIS_METRICS_PORT: port {port} cannot be used: {error.strerror}.") from error
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
