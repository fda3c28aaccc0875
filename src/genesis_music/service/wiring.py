"""What the service is made of: the one place that knows every part. Tests put other parts together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from genesis_music.errors import TransientDownloadError
from genesis_music.service.config import ServiceSettings
from genesis_music.service.jobs.contract import JobHandler
from genesis_music.service.platform.breaker import BreakerRule
from genesis_music.service.platform.chores import Chore
from genesis_music.service.platform.container import Platform, build_platform
from genesis_music.service.platform.mail import MAIL_BREAKER, MAIL_FAILURES
from genesis_music.service.transcriptions.downloads import BREAKER as DOWNLOAD_BREAKER


@contextmanager
def service_platform(settings: ServiceSettings) -> Iterator[Platform]:
    """Build the parts of one process, with a circuit breaker for every external service."""
    breakers = {
        MAIL_BREAKER: BreakerRule(MAIL_FAILURES),
        DOWNLOAD_BREAKER: BreakerRule((TransientDownloadError,), trial_seconds=600.0),
    }
    with build_platform(settings, breakers) as platform:
        yield platform


def make_handler(platform: Platform) -> JobHandler:
    """Build what does the work of jobs."""
    from genesis_music.service.transcriptions.handler import TranscriptionHandler

    return TranscriptionHandler(platform)


def warm_up() -> None:
    """Load the network, in a worker's child and never before the fork: its threads would not survive that."""
    from genesis_music.transcription.engines import get_engine

    get_engine()


def no_chores(_: Platform) -> Sequence[Chore]:
    """Nothing has to be done again and again."""
    return ()


@dataclass(frozen=True)
class Wiring:
    """How a process of the worker builds its parts."""

    handler: Callable[[Platform], JobHandler] = make_handler
    warm_up: Callable[[], object] = warm_up
    chores: Callable[[Platform], Sequence[Chore]] = no_chores
