"""Which request and trace the running code belongs to, for logs, reports, spans and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Set by the middleware for every request; a task sets the id of the request that asked for it."""

trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""32 hexadecimal digits: the caller's W3C trace, or one of our own."""

span_id: ContextVar[str | None] = ContextVar("span_id", default=None)
"""16 hexadecimal digits: what goes on now within the trace; ``None`` when nothing of it is recorded."""

_TRACE_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
_NO_SPAN = "0" * 15 + "1"
"""Stands for the span of whoever records none: zero is not allowed."""


def parse_trace_parent(text: str) -> tuple[str, str] | None:
    """Trace and span of a W3C ``traceparent``; ``None`` when it is none."""
    found = _TRACE_PARENT.fullmatch(text)
    return (found[1], found[2]) if found else None


def trace_parent() -> str:
    """Where we are as a W3C ``traceparent``; empty outside of any trace."""
    trace = trace_id.get()
    return f"00-{trace}-{span_id.get() or _NO_SPAN}-01" if trace else ""


@contextmanager
def within(trace: str | None, span: str | None) -> Iterator[None]:
    """What runs in this block belongs to that trace and span."""
    trace_token, span_token = trace_id.set(trace), span_id.set(span)
    try:
        yield
    finally:
        trace_id.reset(trace_token)
        span_id.reset(span_token)


@contextmanager
def continued(parent: str, request: str) -> Iterator[None]:
    """What runs in this block goes on with what that request began, perhaps in another process long ago."""
    token = request_id.set(request or None)
    try:
        with within(*(parse_trace_parent(parent) or (None, None))):
            yield
    finally:
        request_id.reset(token)
