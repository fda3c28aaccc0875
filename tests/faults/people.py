"""Those whom no fault may leave without an answer: they upload, look, follow, and have a webhook."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import httpx
import socketio
from socketio.exceptions import SocketIOError

from tests.faults.world import PATIENCE_SECONDS, World
from tests.service.conftest import Person

ENDS = ("complete", "failed", "cancelled")
PAUSE_SECONDS = 0.25
REPEAT_SECONDS = 1.0
"""The longest that these people wait before they try again, whatever Retry-After says."""


@dataclass(frozen=True)
class Accepted:
    """A job that was promised (202). ``answered_seconds``: from the first try to the promise."""

    job_id: UUID
    transcription_id: UUID
    answered_seconds: float


@dataclass
class Caller:
    """Sends requests to whichever server answers, as through a load balancer, and repeats them until one does."""

    world: World
    person: Person
    generator: random.Random
    refusals: int = 0
    """Answers 503: each only while a part was away, each with Retry-After."""

    def __call__(self, method: str, path: str, **what) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        headers = self.person.headers | what.pop("headers", {})
        while True:
            asked_at = time.monotonic()
            answer = self._try(method, path, headers=headers, **what)
            if answer is not None and not self._again(answer, asked_at):
                return answer
            assert time.monotonic() < deadline, f"{method} {path} was not answered: {answer and answer.text}"
            time.sleep(min(REPEAT_SECONDS, _retry_after(answer)))

    def _try(self, method: str, path: str, **what) -> httpx.Response | None:
        """One try; ``None`` when the server died over it."""
        api = self.generator.choice(self.world.apis)
        with suppress(httpx.TransportError):
            return httpx.request(method, f"{api.url}/api/v1{path}", timeout=60.0, **what)
        return None

    def _again(self, answer: httpx.Response, asked_at: float) -> bool:
        """Whether this was not the answer yet."""
        if answer.status_code == 409 and answer.json()["code"] == "request-in-progress":
            return True
        if answer.status_code < 500:
            return False
        assert answer.status_code == 503, f"{answer.request.url}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert int(answer.headers["retry-after"]) > 0
        assert self.world.was_away(asked_at) or self.world.was_away(time.monotonic()), (
            f"503 with all parts there: {answer.text}"
        )
        self.refusals += 1
        return True

    def upload(self, content: bytes, name: str, **fields: str) -> Accepted:
        """Upload a recording under one Idempotency-Key until it is accepted."""
        began = time.monotonic()
        answer = self(
            "POST",
            "/transcribe",
            files={"file": (name, content)},
            data=fields,
            headers={"Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code == 202, answer.text
        ids = answer.json()
        return Accepted(UUID(ids["job_id"]), UUID(ids["transcription_id"]), time.monotonic() - began)


def _retry_after(answer: httpx.Response | None) -> float:
    return float(answer.headers.get("retry-after", PAUSE_SECONDS)) if answer is not None else PAUSE_SECONDS


@dataclass
class Follower:
    """A browser that follows all its jobs, and comes back to another server when one is lost."""

    world: World
    person: Person
    generator: random.Random
    jobs: set[UUID] = field(default_factory=set)
    ends: dict[str, set[str]] = field(default_factory=dict)
    """By job: the kinds of end it was told of."""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    @contextmanager
    def following(self) -> Iterator[Follower]:
        """Follow while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(SocketIOError, OSError):
                self._connected()
            self._stop.wait(PAUSE_SECONDS)

    def _connected(self) -> None:
        client = socketio.Client(reconnection=False)
        client.on("*", self._hear)
        api = self.generator.choice(self.world.apis)
        subscribed: set[UUID] = set()
        client.connect(
            api.url,
            auth={"token": self.person.signed_in.access.token},
            transports=["websocket"],
            wait_timeout=10,
        )
        try:
            while client.connected and not self._stop.wait(PAUSE_SECONDS):
                for job_id in self.jobs - subscribed - self._ended():
                    if client.call("subscribe", {"job_id": str(job_id)}, timeout=20)["ok"]:
                        subscribed.add(job_id)
        finally:
            client.disconnect()

    def _ended(self) -> set[UUID]:
        return {UUID(job_id) for job_id in self.ends}

    def _hear(self, event: str, data: dict) -> None:
        if event in ENDS:
            self.ends.setdefault(data["job_id"], set()).add(event)


@dataclass
class Looker:
    """Somebody who reloads the page all the time, and must always get an answer within a bounded time."""

    call: Caller
    accepted: list[Accepted]
    looks: int = 0
    longest_seconds: float = 0.0
    failure: BaseException | None = None

    @contextmanager
    def looking(self) -> Iterator[Looker]:
        """Look while the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self, stop: threading.Event) -> None:
        try:
            while not stop.wait(PAUSE_SECONDS):
                began = time.monotonic()
                self._look()
                self.looks += 1
                self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
        except BaseException as error:
            self.failure = error

    def _look(self) -> None:
        accepted = list(self.accepted)
        path = f"/{self.call.generator.choice(accepted).transcription_id}" if accepted else ""
        answer = self.call("GET", f"/transcribe{path}")
        assert answer.status_code == 200, answer.text


@contextmanager
def webhook_receiver() -> Iterator[tuple[str, Callable[[], list[bytes]]]]:
    """Somebody's server: its address, and what it was sent so far."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", lambda: list(received)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
