"""Spans of a trace, sent to a collector by OTLP over HTTP; without an address for it nothing is loaded.

Where we are in a trace is kept in :mod:`context` and nowhere else, so that logs, spans, jobs and reports agree. The
collector decides what is kept: everything is sent.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from genesis_music.service.platform import context
from genesis_music.service.platform.privacy import mask_text

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan

SHUTDOWN_SECONDS = 2.0
"""Longest time that spans may hold up the end of a process."""
EXPORT_SECONDS = 5.0
DELAY_SECONDS = 1.0
"""A span is sent at most so long after its end: what a killed process did not send is lost."""

_providers: list[TracerProvider] = []

Attributes = Mapping[str, str | int | float | bool]


def start_tracing(endpoint: str, *, process: str, release: str, environment: str) -> None:
    """Send spans to ``endpoint``/v1/traces from now on; with an empty one nothing is loaded. Safe to repeat."""
    if not endpoint or _providers:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = {
        "service.name": f"genesis-{process}",
        "service.namespace": "genesis",
        "service.version": release,
        "service.instance.id": socket.gethostname(),
        "deployment.environment.name": environment,
    }
    provider = TracerProvider(resource=Resource(about), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000 * DELAY_SECONDS))
    _providers.append(provider)


def stop_tracing() -> None:
    """Send what waits, for :data:`SHUTDOWN_SECONDS` at most."""
    for provider in _providers:
        provider.force_flush(round(1000 * SHUTDOWN_SECONDS))


class Span:
    """Something that takes time, within the trace that we are in when it begins; it may end anywhere."""

    def __init__(self, name: str, kind: str = "internal", attributes: Attributes | None = None) -> None:
        """``kind`` is ``server``, ``consumer``, ``client`` or ``internal``."""
        self._span: OtelSpan | None = None
        self.trace_id, self.span_id = context.trace_id.get(), context.span_id.get()
        if not _providers:
            return
        from opentelemetry.trace import SpanKind

        tracer = _providers[0].get_tracer("genesis")
        self._span = tracer.start_span(name, _parent(), SpanKind[kind.upper()], attributes=attributes)
        ids = self._span.get_span_context()
        self.trace_id, self.span_id = f"{ids.trace_id:032x}", f"{ids.span_id:016x}"

    def note(self, attributes: Attributes, name: str = "") -> None:
        """Say more about it, or give it another name."""
        if self._span is None:
            return
        self._span.set_attributes(attributes)
        if name:
            self._span.update_name(name)

    def fail(self, error: BaseException | str) -> None:
        """Say that it did not succeed, without personal data."""
        if self._span is None:
            return
        from opentelemetry.trace import Status, StatusCode

        self._span.set_status(Status(StatusCode.ERROR, mask_text(str(error))))
        self.note({"error.type": error if isinstance(error, str) else type(error).__name__})

    def end(self, at_ns: int | None = None) -> None:
        """End it now, or say that it has ended (in nanoseconds since 1970)."""
        if self._span is not None:
            self._span.end(at_ns)


@contextmanager
def span(name: str, kind: str = "internal", attributes: Attributes | None = None) -> Iterator[Span]:
    """Record what runs in this block; an error that passes through marks it as failed."""
    begun = Span(name, kind, attributes)
    try:
        with context.within(begun.trace_id, begun.span_id):
            yield begun
    except BaseException as error:
        begun.fail(error)
        raise
    finally:
        begun.end()


def _parent() -> Context:
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    trace, parent = context.trace_id.get(), context.span_id.get()
    if trace is None or parent is None:
        return Context()
    ids = SpanContext(int(trace, 16), int(parent, 16), is_remote=True, trace_flags=TraceFlags(1))
    return set_span_in_context(NonRecordingSpan(ids), Context())
