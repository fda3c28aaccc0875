"""Local receivers of what the service tells its operators: spans over OTLP, and any program's webhooks."""

from __future__ import annotations

import gzip
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

CLIENT_ERROR = 2
"""OTLP's number of a status that is an error."""


@dataclass
class Post:
    """One request that was received."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class ReceivedSpan:
    """What of a span is looked at."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    service: str
    failed: bool
    seconds: float
    attributes: dict[str, Any]


@dataclass
class Inbox:
    """Everything that was posted to a local address."""

    url: str
    posts: list[Post] = field(default_factory=list)

    def spans(self) -> list[ReceivedSpan]:
        """Decoded as a collector does."""
        found: list[ReceivedSpan] = []
        for post in list(self.posts):
            assert post.path == "/v1/traces"
            for group in ExportTraceServiceRequest.FromString(post.body).resource_spans:
                about = {one.key: one.value.string_value for one in group.resource.attributes}
                spans = [span for scope in group.scope_spans for span in scope.spans]
                found += [_received(span, about["service.name"]) for span in spans]
        return found


def _received(span: Any, service: str) -> ReceivedSpan:
    return ReceivedSpan(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        service,
        span.status.code == CLIENT_ERROR,
        (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
        {one.key: one.value.string_value or one.value.int_value for one in span.attributes},
    )


class _Handler(BaseHTTPRequestHandler):
    inbox: Inbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.inbox.posts.append(Post(self.path, headers, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def inbox() -> Iterator[Inbox]:
    """A receiver on a free port until the block ends."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.inbox = made = Inbox(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Scrape:
    """What an address showed Prometheus at one moment."""

    samples: tuple[Sample, ...]

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples with (at least) these labels; 0 when there is none."""
        return sum(self.values(name, **labels))

    def values(self, name: str, **labels: str) -> list[float]:
        wanted = labels.items()
        return [one.value for one in self.samples if one.name == name and wanted <= one.labels.items()]

    def names(self) -> set[str]:
        return {one.name for one in self.samples}


def scrape(port: int) -> Scrape:
    """Ask as Prometheus does."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    return Scrape(tuple(s for family in text_string_to_metric_families(text) for s in family.samples))
