"""What the service is made of: the one place that knows every part. Tests put other parts together."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from genesis_music.errors import TransientDownloadError
from genesis_music.service.accounts.cleanup import delete_expired
from genesis_music.service.config import ServiceSettings
from genesis_music.service.jobs.attempts import JobAttempts
from genesis_music.service.jobs.contract import JobHandler
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.service import JobService
from genesis_music.service.platform.breaker import BreakerRule
from genesis_music.service.platform.chores import Chore
from genesis_music.service.platform.container import Platform, build_platform
from genesis_music.service.platform.logs import EcsFormatter, LineCounter, PrivacyFilter
from genesis_music.service.platform.mail import MAIL_BREAKER, MAIL_FAILURES
from genesis_music.service.platform.metrics import start_metrics
from genesis_music.service.platform.metrics_server import Reading, serve_metrics
from genesis_music.service.platform.request_watch import log as request_log
from genesis_music.service.platform.sentry import start_sentry, stop_sentry
from genesis_music.service.platform.tracing import start_tracing, stop_tracing
from genesis_music.service.readings import build_reading, server_readings
from genesis_music.service.transcriptions.downloads import BREAKER as DOWNLOAD_BREAKER
from genesis_music.service.transcriptions.handler import TranscriptionHandler
from genesis_music.service.transcriptions.notifications import send_due_emails
from genesis_music.service.transcriptions.sweep import sweep
from genesis_music.service.transcriptions.webhooks import deliver_due
from genesis_music.version import __version__

_OPEN = ExitStack()
"""What stays open until the process ends."""

PLAIN_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def begin_process(settings: ServiceSettings, process: str) -> None:
    """Set up logs (JSON in production), metrics, traces and error reports of an ``api`` or ``worker`` process.

    Raises:
        SettingsError: one of these is set to what cannot be used.
    """
    _begin_logs(settings, process)
    about = {"release": settings.release or __version__, "environment": settings.environment}
    start_sentry(settings.sentry_dsn.get_secret_value(), process=process, **about)
    start_tracing(settings.otlp_endpoint, process=process, **about)
    if settings.metrics_port is not None and (folder := start_metrics()) is not None:
        _serve_metrics(settings, process, folder)


def end_process() -> None:
    """Send what reports and spans still wait; without it they are sent as far as the process gets."""
    stop_tracing()
    stop_sentry()


def _begin_logs(settings: ServiceSettings, process: str) -> None:
    """One person's terminal gets what went wrong, in words; in production everything goes to whoever collects it."""
    handler = logging.StreamHandler(sys.stderr if settings.embedded else sys.stdout)
    if settings.embedded:
        handler.setFormatter(logging.Formatter(PLAIN_FORMAT))
        handler.addFilter(PrivacyFilter())
    else:
        handler.setFormatter(
            EcsFormatter(process=process, version=__version__, environment=settings.environment)
        )
    handler.addFilter(LineCounter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(not settings.embedded)  # they are lines of the log as well
    for chatty in (
        "alembic",
        "celery",
        "kombu",
        *(("uvicorn", request_log.name) if settings.embedded else ()),
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _serve_metrics(settings: ServiceSettings, process: str, folder: Path) -> None:
    """Answer Prometheus for all processes of this command, for as long as this one lives."""
    readings: Sequence[Reading] = (build_reading(settings),)
    if process == "api":
        readings = server_readings(_OPEN.enter_context(service_platform(settings)))
    host = "127.0.0.1" if settings.embedded else "0.0.0.0"  # Prometheus is on another machine
    serve_metrics(folder, host, settings.metrics_port or 0, readings)


@contextmanager
def service_platform(settings: ServiceSettings) -> Iterator[Platform]:
    """Build the parts of one process, with a circuit breaker for every external service."""
    breakers = {
        MAIL_BREAKER: BreakerRule(MAIL_FAILURES),
        DOWNLOAD_BREAKER: BreakerRule((TransientDownloadError,), trial_seconds=600.0),
    }
    with build_platform(settings, breakers) as platform:
        yield platform


def make_jobs(platform: Platform, handler: JobHandler | None = None) -> JobService:
    """Build what accepts, cancels and retries work."""
    return JobService(
        platform, handler or TranscriptionHandler(platform), JobQueue(platform.settings, platform.redis)
    )


def make_attempts(platform: Platform) -> JobAttempts:
    """Build what claims jobs and ends their attempts."""
    return JobAttempts(make_jobs(platform).changes)


def warm_up() -> None:
    """Load the network, in a worker's child and never before the fork: its threads would not survive that."""
    from genesis_music.transcription.engines import get_engine

    get_engine()


def chores(platform: Platform) -> Sequence[Chore]:
    """What some worker has to do again and again."""
    return (
        Chore("webhooks", 2.0, lambda: deliver_due(platform)),
        Chore("e-mails", 5.0, lambda: send_due_emails(platform)),
        Chore("files", 3600.0, lambda: sweep(platform), uses_storage=True),
        Chore("accounts", 3600.0, lambda: delete_expired(platform.database)),
    )


@dataclass(frozen=True)
class Wiring:
    """How a process of the worker builds its parts."""

    handler: Callable[[Platform], JobHandler] = TranscriptionHandler
    warm_up: Callable[[], object] = warm_up
    chores: Callable[[Platform], Sequence[Chore]] = chores
