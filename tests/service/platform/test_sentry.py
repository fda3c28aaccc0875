"""Error reports reach a Sentry server without personal data, and never hold anybody up."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from genesis_music.errors import SettingsError
from genesis_music.service.platform.sentry import SHUTDOWN_SECONDS, report, start_sentry

START = """
import logging
from genesis_music.service.platform import sentry
from genesis_music.service.platform.sentry import report, start_sentry, stop_sentry
sentry.SHUTDOWN_SECONDS = {shutdown_seconds}
started = start_sentry({dsn!r}, release="genesis@1.2.3", environment="test", process="test")
"""
TOKEN = "gm_live_qUk91DAF7gadMTpoYAz3ydt0SKWH8N6IV0pqW1kW32E2duCHd"


def _unpack_brotli(body: bytes) -> bytes:
    import brotli  # Sentry packs with it where it is installed

    return brotli.decompress(body)


UNPACK = {"gzip": gzip.decompress, "br": _unpack_brotli}


class Receiver(BaseHTTPRequestHandler):
    """A server that takes envelopes as Sentry does, or takes its time."""

    received: list[bytes]
    released: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.released.wait(300)
        self.received.append(UNPACK[self.headers["content-encoding"]](body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def sentry(*, hanging: bool = False) -> Iterator[tuple[str, list[bytes]]]:
    """A receiver on a free port: its DSN and what it got."""
    released = threading.Event()
    if not hanging:
        released.set()
    handler = type("Handler", (Receiver,), {"received": [], "released": released})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://public@127.0.0.1:{server.server_port}/1", handler.received  # type: ignore[attr-defined]
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def run(dsn: str, program: str, shutdown_seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
    """A process of its own, since Sentry hooks into everything; it must end long before the receiver wakes."""
    command = [sys.executable, "-c", START.format(dsn=dsn, shutdown_seconds=shutdown_seconds) + program]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def events(received: list[bytes]) -> list[dict[str, Any]]:
    items = [
        json.loads(line) for envelope in received for line in envelope.splitlines() if line.startswith(b"{")
    ]
    return [item for item in items if "exception" in item or "logentry" in item]


def test_a_handled_error_is_reported_with_its_stage_and_without_secrets() -> None:
    program = f"""
secret = "{TOKEN}"
logging.getLogger("x").warning("before: ann@example.com from 203.0.113.77")
try:
    raise ValueError("ann@example.com sent " + secret + " with password=hunter2")
except ValueError as error:
    report(error, stage="separation", job_id="job-7")
stop_sentry()
"""
    with sentry() as (dsn, received):
        done = run(dsn, program)
        assert done.returncode == 0, done.stderr
    (event,) = events(received)
    assert event["exception"]["values"][-1]["value"] == "[e-mail] sent [secret] with password=[secret]"
    assert event["tags"] == {"stage": "separation", "job_id": "job-7", "process": "test"}
    assert (event["release"], event["environment"]) == ("genesis@1.2.3", "test")
    everything = b"".join(received)
    for secret in (TOKEN, "ann@example.com", "hunter2", "203.0.113.77"):
        assert secret.encode() not in everything


def test_an_error_of_a_route_is_reported_without_who_asked_for_what() -> None:
    program = f"""
from fastapi import FastAPI
from starlette.testclient import TestClient
start_sentry({{dsn!r}}, release="1", environment="test", process="api")
app = FastAPI()

@app.post("/broken/{{{{number}}}}")
def broken(number: int, body: dict[str, str]) -> None:
    raise RuntimeError("no luck")

client = TestClient(app, raise_server_exceptions=False, headers={{{{"Authorization": "Bearer {TOKEN}"}}}})
client.cookies.set("sid", "hunter2")
headers = {{{{"X-Forwarded-For": "203.0.113.77", "X-Api-Key": "hunter2"}}}}
client.post("/broken/7?token=hunter2&mail=ann@example.com", headers=headers, json={{{{"password": "hunter2"}}}})
stop_sentry()
"""
    with sentry() as (dsn, received):
        done = run(dsn, program.format(dsn=dsn))
        assert done.returncode == 0, done.stderr
    (event,) = events(received)
    assert event["exception"]["values"][-1]["value"] == "no luck"
    assert event["transaction"] == "/broken/{number}"
    everything = b"".join(received)
    for secret in (TOKEN, "ann@example.com", "hunter2", "203.0.113.77"):
        assert secret.encode() not in everything


def test_an_error_that_ends_the_process_is_still_reported() -> None:
    with sentry() as (dsn, received):
        done = run(dsn, "raise RuntimeError('for ann@example.com')")
    assert done.returncode == 1
    assert "Sentry is attempting" not in done.stderr
    assert [event["exception"]["values"][-1]["type"] for event in events(received)] == ["RuntimeError"]


@pytest.mark.parametrize("end", ["stop_sentry()", ""])
def test_a_server_that_does_not_answer_holds_nobody_up(end: str) -> None:
    with sentry(hanging=True) as (dsn, received):
        done = run(
            dsn,
            f"for number in range(150):\n    report(ValueError(number))\n{end}\nprint('done')",
            SHUTDOWN_SECONDS,
        )
        assert done.stdout == "done\n"
        assert received == []


def test_a_server_that_is_away_holds_nobody_up() -> None:
    with sentry() as (dsn, _):
        pass
    assert run(dsn, "report(ValueError('x'))\nprint('done')", SHUTDOWN_SECONDS).stdout == "done\n"


def test_without_a_dsn_nothing_is_loaded_or_sent() -> None:
    program = (
        "import sys\nreport(ValueError('x'))\nstop_sentry()\nprint(started, 'sentry_sdk' in sys.modules)"
    )
    assert run("", program).stdout == "False False\n"


@pytest.mark.parametrize("dsn", ["nonsense", "https://example.com/1", "https://key@example.com/"])
def test_a_malformed_dsn_is_said_at_the_start(dsn: str) -> None:
    with pytest.raises(SettingsError, match="DSN of Sentry"):
        start_sentry(dsn, release="", environment="test", process="api")


def test_a_report_before_any_start_is_harmless() -> None:
    report(ValueError("x"), stage="rhythm")
