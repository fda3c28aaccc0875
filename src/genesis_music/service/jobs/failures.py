"""From an exception to what the user is told, and whether another attempt makes sense."""

from __future__ import annotations

import re

from billiard.exceptions import SoftTimeLimitExceeded

from genesis_music.errors import GenesisError, InputError, MissingExtraError, OutputError
from genesis_music.service.errors import ServiceError
from genesis_music.service.jobs.states import Failure
from genesis_music.service.jobs.tables import Job
from genesis_music.service.platform.sentry import report

INTERNAL = Failure("internal", "Something went wrong on our side; it has been recorded.", True)
TIMED_OUT = Failure("timed-out", "It took longer than a recording of this length should take.", True)
OUT_OF_MEMORY = Failure("out-of-memory", "It needed more memory than there is.", True)
WORKER_LOST = Failure("worker-lost", "The program that worked on it stopped unexpectedly.", True)

_OURS = (OutputError, MissingExtraError)
"""On the command line the user's to mend; in the service a full disk or a missing package is ours."""


class AttemptLostError(ServiceError):
    """An attempt whose process was killed, or has fallen silent; only ever reported."""


def failure_of(error: Exception) -> Failure:
    """Tell what went wrong; texts of unforeseen errors are for the log and not for the user."""
    if isinstance(error, SoftTimeLimitExceeded):
        return TIMED_OUT
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY
    if isinstance(error, _OURS) or not isinstance(error, GenesisError):
        return INTERNAL
    return Failure(_code(error), str(error), retryable=not isinstance(error, InputError))


def report_lost(job: Job, failure: Failure) -> None:
    """Tell Sentry, where it is set up, of an attempt that was ended from outside: its process could not."""
    report(AttemptLostError(failure.code), stage=job.stage, job_id=str(job.id), attempt=str(job.attempts))


def _code(error: GenesisError) -> str:
    """``AudioError`` is ``audio``, ``MissingExtraError`` ``missing-extra``; the service's errors have their own."""
    if isinstance(error, ServiceError):
        return error.code
    words = re.findall(r"[A-Z][a-z0-9]*", type(error).__name__.removesuffix("Error"))
    return "-".join(words).lower()
