"""Error reports to Sentry, only where a DSN is configured, without personal data, never in the way."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from genesis_music.errors import SettingsError
from genesis_music.service.platform import context
from genesis_music.service.platform.privacy import mask_event

if TYPE_CHECKING:
    from sentry_sdk.integrations import Integration

SHUTDOWN_SECONDS = 2.0
"""Longest time that reports may hold up the end of a process."""


def start_sentry(dsn: str, *, release: str, environment: str, process: str) -> bool:
    """Report unhandled errors from now on; ``process`` (``api``, ``worker`` or another) becomes a tag.

    Reports wait in memory (a hundred at most, more are dropped) and are sent by a thread of their own. Returns
    whether reports are sent; with an empty DSN nothing is even loaded.

    Raises:
        SettingsError: the DSN is malformed.
    """
    if not dsn:
        return False
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.utils import BadDsn

    try:
        sentry_sdk.init(
            dsn=dsn,
            release=release or None,
            environment=environment,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=_prepare,
            before_send_transaction=mask_event,
            before_breadcrumb=mask_event,
            shutdown_timeout=SHUTDOWN_SECONDS,
            # By itself Sentry would load every framework that is installed.
            auto_enabling_integrations=False,
            integrations=[AtexitIntegration(callback=_stay_quiet), *_integrations(process)],
        )
    except BadDsn as error:
        raise SettingsError(
            "The DSN of Sentry is malformed: copy it again from the project's settings."
        ) from error
    sentry_sdk.set_tag("process", process)
    return True


def _prepare(event: Any, hint: Any) -> Any:
    """Mask an event, and let it be found by the request and the trace that it belongs to."""
    masked = mask_event(event, hint)
    ids = {"request_id": context.request_id.get(), "trace_id": context.trace_id.get()}
    masked["tags"] = {**masked.get("tags", {}), **{name: value for name, value in ids.items() if value}}
    return masked


def _integrations(process: str) -> list[Integration]:
    if process == "api":
        from sentry_sdk.integrations.fastapi import FastApiIntegration
        from sentry_sdk.integrations.starlette import StarletteIntegration

        return [StarletteIntegration(), FastApiIntegration()]
    if process == "worker":
        from sentry_sdk.integrations.celery import CeleryIntegration

        return [CeleryIntegration()]
    return []


def report(error: BaseException, **tags: str) -> None:
    """Report an error that was handled, with tags such as ``stage`` and ``job_id``; nothing before a start."""
    if (sentry_sdk := sys.modules.get("sentry_sdk")) is None:
        return
    with sentry_sdk.new_scope() as scope:
        for name, value in tags.items():
            scope.set_tag(name, value)
        scope.capture_exception(error)


def stop_sentry() -> None:
    """Send what waits, for :data:`SHUTDOWN_SECONDS` at most, and stop; processes that just end do it by themselves."""
    if (sentry_sdk := sys.modules.get("sentry_sdk")) is not None:
        sentry_sdk.get_client().close(timeout=SHUTDOWN_SECONDS)


def _stay_quiet(pending: int, timeout: float) -> None:
    """Print nothing while the last reports are sent."""
