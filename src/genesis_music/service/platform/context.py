"""Which request (and trace) the running code belongs to, for logs and answers."""

from __future__ import annotations

from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Set by the middleware for every request; a task sets the id of the request that asked for it."""

trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""32 hexadecimal digits of a W3C trace, where the caller sent one."""
