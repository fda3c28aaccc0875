"""Error reports to Sentry, only where a DSN is configured, without personal data, never in the way."""

from __future__ import annotations

from genesis_music.service.platform.privacy import mask_event

SHUTDOWN_SECONDS = 2.0
"""Longest time that reports may hold up the end of a process."""


def start_sentry(dsn: str | None, *, release: str, environment: str, process: str) -> bool:
    """Report unhandled errors from now on; ``process`` (``api``, ``worker``) becomes a tag.

    Returns whether reports are sent; without a DSN nothing is loaded.

    Raises:
        SettingsError: the DSN is malformed.
    """
    if not dsn:
        return False
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=mask_event,
        before_send_transaction=mask_event,
        before_breadcrumb=mask_event,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    sentry_sdk.set_tag("process", process)
    return True


def report(error: BaseException, **tags: str) -> None:
    """Report an error that was handled, with tags such as ``stage`` and ``job_id``; does nothing before a start."""
    import sentry_sdk

    with sentry_sdk.new_scope() as scope:
        for name, value in tags.items():
            scope.set_tag(name, value)
        scope.capture_exception(error)


def stop_sentry() -> None:
    """Send what waits, for :data:`SHUTDOWN_SECONDS` at most, and stop."""
    import sentry_sdk

    sentry_sdk.get_client().close(timeout=SHUTDOWN_SECONDS)
