"""Log lines as JSON with the field names of the Elastic Common Schema (ECS 8), masked.

A handler gets :class:`EcsFormatter`; a handler with a formatter of its own gets :class:`PrivacyFilter`.
"""

from __future__ import annotations

import json
import logging
import math
from datetime import UTC, datetime
from typing import Any

from genesis_music.service.platform import context
from genesis_music.service.platform.metrics import Counter
from genesis_music.service.platform.privacy import Masker

LINES = Counter("genesis_log_lines_total", "Lines of the log.", ("level",))

_ECS_VERSION = "8.11.0"
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_ECS = "ecs"
_PLAIN_FORMATTER = logging.Formatter()


class PrivacyFilter(logging.Filter):
    """Masks a record in place, whatever is in its arguments, extra fields and exception."""

    def __init__(self, masker: Masker = Masker()) -> None:
        super().__init__()
        self._masker = masker

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask, and let the record pass."""
        if isinstance(record.args, tuple):
            # Formatters of access logs read the arguments one by one.
            record.args = tuple(self._masker.value(argument) for argument in record.args)
        if not self._is_clean(record):
            record.msg, record.args = self._masker.text(_message(record)), ()
        for name in vars(record).keys() - _STANDARD_FIELDS:
            setattr(record, name, self._masker.field(name, getattr(record, name)))
        if trace := _stack_trace(record):
            record.exc_text = self._masker.text(trace)
        if record.stack_info:
            record.stack_info = self._masker.text(record.stack_info)
        return True

    def _is_clean(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:
            return False
        return isinstance(record.args, tuple) and self._masker.text(message) == message


class LineCounter(logging.Filter):
    """Counts lines by their level; an alert needs no search engine to know of a flood of errors."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Count, and let the record pass."""
        LINES.add(level=record.levelname.lower())
        return True


class EcsFormatter(logging.Formatter):
    """One JSON object a line; extra fields of the record come under ``labels``, those in ``ecs`` under their own names.

    ``process`` (``api``, ``worker``) goes into ``event.dataset``, as Elastic names the kinds of logs.
    """

    def __init__(
        self,
        *,
        service: str = "genesis-music",
        process: str = "",
        version: str,
        environment: str,
        masker: Masker = Masker(),
    ) -> None:
        super().__init__()
        self._fixed = {
            "ecs.version": _ECS_VERSION,
            "service.name": service,
            "service.version": version,
            "service.environment": environment,
            "event.dataset": f"genesis.{process}" if process else None,
        }
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON without personal data."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "@timestamp": moment.replace("+00:00", "Z"),
            "log.level": record.levelname.lower(),
            "message": self._masker.text(_message(record)),
            **self._fixed,
            "log.logger": record.name,
            "process.pid": record.process,
            "process.thread.name": record.threadName,
            "log.origin.file.name": record.filename,
            "log.origin.file.line": record.lineno,
            "log.origin.function": record.funcName,
            "http.request.id": context.request_id.get(),
            "trace.id": context.trace_id.get(),
            "span.id": context.span_id.get(),
            **self._error(record),
            **{name: self._masker.value(value) for name, value in getattr(record, _ECS, {}).items()},
            "labels": self._labels(record),
        }
        kept = {name: value for name, value in line.items() if value not in (None, {})}
        return json.dumps(_finite(kept), ensure_ascii=False, default=str, allow_nan=False)

    def _error(self, record: logging.LogRecord) -> dict[str, Any]:
        error = record.exc_info[1] if record.exc_info else None
        trace = "\n".join(text for text in (_stack_trace(record), record.stack_info) if text)
        return {
            "error.type": type(error).__name__ if error is not None else None,
            "error.message": self._masker.text(_safe_str(error)) if error is not None else None,
            "error.stack_trace": self._masker.text(trace) or None,
        }

    def _labels(self, record: logging.LogRecord) -> dict[str, Any]:
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD_FIELDS | {_ECS}}
        masked: dict[str, Any] = self._masker.value(extra)
        return masked


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        return f"{record.msg} {record.args}"


def _stack_trace(record: logging.LogRecord) -> str | None:
    if record.exc_text or not record.exc_info:
        return record.exc_text
    return _PLAIN_FORMATTER.formatException(record.exc_info)


def _safe_str(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def _finite(value: Any) -> Any:
    """NaN and infinity as text: JSON has no number for them."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
