"""What ``make run`` adds to the service on this machine once it is ready: an example, and a browser that shows it."""

from __future__ import annotations

import json
import os
import sys
import threading
import urllib.request
import uuid
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from genesis_music.errors import InputError

TRANSCRIBE = "/api/v1/transcribe"
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Welcome:
    """``example`` is transcribed if there is nothing yet; ``open_page`` shows the page where there is a screen."""

    example: Path | None = None
    open_page: bool = False

    def __post_init__(self) -> None:
        if self.example is not None and not self.example.is_file():
            raise InputError(f"There is no recording {self.example}: give --example a file, or leave it out.")

    def begin(self, url: str) -> None:
        """Do it beside the service, which has to be free to answer."""
        threading.Thread(target=self._greet, args=(url,), name="welcome", daemon=True).start()

    def _greet(self, url: str) -> None:
        if self.example is not None:
            try:
                if _is_empty(url):
                    _upload(url, self.example)
            except OSError as error:
                print(f"The example was not added: {error}.", file=sys.stderr)
        if self.open_page and _has_screen():
            webbrowser.open(url)


def _is_empty(url: str) -> bool:
    with urllib.request.urlopen(f"{url}{TRANSCRIBE}?limit=1", timeout=PATIENCE_SECONDS) as answer:
        return not json.load(answer)["items"]


def _upload(url: str, recording: Path) -> None:
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{recording.name}"\r\n\r\n'
    body = head.encode() + recording.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(f"{url}{TRANSCRIBE}", body, kind)
    urllib.request.urlopen(request, timeout=PATIENCE_SECONDS).close()


def _has_screen() -> bool:
    """Without one, a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
