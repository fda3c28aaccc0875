"""Uses a running site as a new user would, and measures it: the last look at staging before production.

    python -m benchmarks.site https://staging.example.org [--rounds 20] [--results build/site.json]

Signs up, hands in the example, waits for its tab, downloads it, and deletes the account again. Ends with 1 and the
reason when something is not as it should be. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[1] / "examples/morning-porch.ogg"
API = "/api/v1"
PATIENCE_SECONDS, POLL_SECONDS, TIMEOUT_SECONDS = 300.0, 1.0, 60.0
ENDINGS = ("complete", "failed", "cancelled")


class SiteError(Exception):
    """The site does not do what it should."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Site:
    """A site, who is signed in to it, and how long each kind of request took."""

    url: str
    token: str = ""
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: int = 0

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "", **headers: str
    ) -> Answer:
        """Send a request; ``kind`` is the name under which it is measured."""
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                found = Answer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            found = Answer(error.code, error.read())
        except OSError as error:
            raise SiteError(f"{method} {path}: {error}") from error
        self.seconds[kind or f"{method} {path}"].append(time.monotonic() - began)
        self.failures += found.status >= 400
        return found

    def send(self, method: str, path: str, document: dict[str, Any], expected: int) -> Answer:
        """Send JSON; another status than the expected one is an error."""
        body = json.dumps(document).encode()
        return expect(
            expected, self.ask(method, path, body, **{"Content-Type": "application/json"}), f"{method} {path}"
        )

    def get(self, path: str, kind: str = "") -> Answer:
        """Fetch; anything but success is an error."""
        return expect(200, self.ask("GET", path, kind=kind), f"GET {path}")


def expect(status: int, answer: Answer, what: str) -> Answer:
    """Let an answer with this status pass."""
    if answer.status != status:
        raise SiteError(
            f"{what}: {answer.status} and not {status}: {answer.body[:300].decode(errors='replace')}"
        )
    return answer


@contextmanager
def signed_up(site: Site) -> Iterator[None]:
    """Have an account for as long as the block runs."""
    password = secrets.token_urlsafe(24)
    who = {"email": f"smoke-{secrets.token_hex(8)}@example.com", "password": password}
    site.token = site.send("POST", f"{API}/auth/sign-up", who, 201).json()["access_token"]
    try:
        yield
    finally:
        site.send("POST", f"{API}/account/deletion", {"password": password}, 204)
        site.token = ""


def hand_in(site: Site) -> str:
    """Upload the example; return the transcription's id."""
    boundary = secrets.token_hex(16)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{EXAMPLE.name}"\r\n\r\n'
    body = head.encode() + EXAMPLE.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = expect(202, site.ask("POST", f"{API}/transcribe", body, **kind), "the upload")
    return str(answer.json()["transcription_id"])


def finished(site: Site, id_: str) -> None:
    """Wait for the end, which has to be a good one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        state = site.get(f"{API}/transcribe/{id_}", "GET /transcribe/{id}").json()
        if state["status"] in ENDINGS:
            break
        time.sleep(POLL_SECONDS)
    if state["status"] != ENDINGS[0]:
        raise SiteError(f"the example ended {state['status']}: {json.dumps(state)[:500]}")


def visit(site: Site, rounds: int) -> dict[str, Any]:
    """Do all of it; return the figures."""
    site.get("/health/ready")
    page = site.get("/").body
    if b"<html" not in page[:2000].lower():
        raise SiteError("/ is no page: is the web application built?")
    with signed_up(site):
        began = time.monotonic()
        id_ = hand_in(site)
        finished(site, id_)
        song_seconds = time.monotonic() - began
        for name in ("gp5", "mid", "musicxml"):
            site.get(f"{API}/transcribe/{id_}/files/{name}", "GET /transcribe/{id}/files/{name}")
        tab = site.get(f"{API}/transcribe/{id_}/result", "GET /transcribe/{id}/result").json()["tab"]
        if not any(track["notes"] for track in tab["tracks"]):
            raise SiteError("the tab of the example is empty")
        for _ in range(rounds):
            site.get(f"{API}/transcribe")
            site.get(f"{API}/transcribe/{id_}/result", "GET /transcribe/{id}/result")
    return {"song_seconds": round(song_seconds, 1), "failures": site.failures, "requests": rows(site)}


@dataclass(frozen=True)
class Row:
    """One kind of request."""

    name: str
    count: int
    p95_ms: float


def rows(site: Site) -> list[dict[str, Any]]:
    """The kinds that were asked often enough to speak of 95 %; uploads depend on the way there."""
    many = {kind: sorted(times) for kind, times in site.seconds.items() if len(times) >= 10}
    made = (
        Row(kind, len(some), round(1000 * some[int(0.95 * (len(some) - 1))], 1))
        for kind, some in many.items()
    )
    return [asdict(row) for row in made]


def main(say: Callable[[str], object] = print) -> None:
    """Visit, and say what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument(
        "--rounds", type=int, default=0, help="how often to look at the list and the tab again"
    )
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    try:
        figures = visit(Site(arguments.url.rstrip("/")), arguments.rounds)
    except SiteError as error:
        sys.exit(f"{arguments.url}: {error}")
    if arguments.results:
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        arguments.results.write_text(json.dumps(figures, indent=1) + "\n")
    say(f"{arguments.url} does what it should: the example in {figures['song_seconds']} s.")


if __name__ == "__main__":
    main()
