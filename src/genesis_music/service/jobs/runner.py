"""Runs one attempt of a job in a worker's process: the work in the main thread, its heartbeat in another."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from sqlalchemy.exc import SQLAlchemyError

from genesis_music.progress import Progress, overall_fraction
from genesis_music.service.jobs.attempts import JobAttempts, Lease
from genesis_music.service.jobs.contract import JobHandler
from genesis_music.service.jobs.failures import failure_of
from genesis_music.service.jobs.stages import StageWatch
from genesis_music.service.jobs.states import JobGoneError, LeaseLostError
from genesis_music.service.jobs.tables import JobKind
from genesis_music.service.platform.context import continued
from genesis_music.service.platform.sentry import report
from genesis_music.service.platform.tracing import Attributes, span

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3.0
"""Every follower hears something at least every 5 s, and the lease is renewed long before it ends."""

THROTTLE_SECONDS = 1.0
"""Between two reports of the same stage."""

STOP_SECONDS = 10.0
"""After its lease is lost an attempt has this long to end by itself; then its process is killed."""


class Runner:
    """Turns a job's id into a finished attempt. ``node`` names this process among all workers."""

    def __init__(
        self, attempts: JobAttempts, handler: JobHandler, node: str, *, stop: Callable[[], None] | None = None
    ) -> None:
        """``stop`` ends this process when the handler does not listen (default: SIGKILL)."""
        self._attempts = attempts
        self._handler = handler
        self._node = node
        self._stop = stop or _kill_this_process

    def run(self, job_id: UUID) -> None:
        """Make an attempt, unless there is none to make; never raises for a fault of the work."""
        lease = self._attempts.claim(job_id, f"{self._node}{uuid4().hex[:12]}")
        if lease is None:
            return
        work = lease.work
        about: Attributes = {"genesis.job.id": str(job_id), "genesis.job.attempt": work.attempt}
        with (
            continued(work.trace_parent, work.request_id),
            span(f"job {work.kind}", "consumer", about) as watched,
            Heartbeat(self._attempts, lease, self._stop) as heartbeat,
        ):
            try:
                with StageWatch(heartbeat.progress) as stages:
                    store = self._handler.run(work, stages.progress)
                heartbeat.end()
                with span("store"):
                    self._attempts.complete(lease, store)
                log.info("job %s is complete, attempt %d", job_id, work.attempt)
            except LeaseLostError as error:
                self._lost(lease, error)
            except JobGoneError as error:
                self._lost(lease, error)
                self._clean_up(lease)
            except Exception as error:
                watched.fail(error)
                self._failed(lease, heartbeat, error)

    def _failed(self, lease: Lease, heartbeat: Heartbeat, error: Exception) -> None:
        """Report, clean up while the job is still ours, then let go of it."""
        failure = failure_of(error)
        work = lease.work
        log.warning("job %s, attempt %d: %s", work.job_id, work.attempt, failure.code, exc_info=error)
        if failure.retryable:
            report(error, stage=heartbeat.stage, job_id=str(work.job_id), attempt=str(work.attempt))
        heartbeat.end()
        self._clean_up(lease)
        try:
            self._attempts.fail(lease, failure)
        except (LeaseLostError, JobGoneError) as lost:
            self._lost(lease, lost)

    def _lost(self, lease: Lease, error: Exception) -> None:
        log.info("job %s: attempt %d ends: %s", lease.work.job_id, lease.work.attempt, error)

    def _clean_up(self, lease: Lease) -> None:
        try:
            self._handler.clean_up(lease.work)
        except Exception:
            log.exception("job %s: what its attempt left behind could not be deleted", lease.work.job_id)


class Heartbeat:
    """Reports progress and renews the lease from a thread of its own, so that the work never waits for a database.

    A stage's beginning is reported at once, its progress at most every second, and something at least every 4 s.
    """

    def __init__(self, attempts: JobAttempts, lease: Lease, stop: Callable[[], None]) -> None:
        self._attempts = attempts
        self._lease = lease
        self._stop = stop
        self._percent = _percent_of(lease)
        self._reported = ("", 0)
        self._current = ("", 0)
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._lost = threading.Event()
        beat = partial(copy_context().run, self._beat)  # its log lines belong to the job's trace
        self._thread = threading.Thread(target=beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def lost(self) -> bool:
        """Whether the job is not ours any more."""
        return self._lost.is_set()

    @property
    def stage(self) -> str:
        """The last stage that the work has reported."""
        return self._current[0]

    def progress(self, progress: Progress) -> None:
        """Take a report from the work.

        Raises:
            LeaseLostError: it was cancelled, or taken over: stop.
        """
        if self._lost.is_set():
            raise LeaseLostError("the job is no longer this worker's")
        before = self._current[0]
        self._current = (str(progress.stage), max(self._current[1], self._percent(progress)))
        if self._current[0] != before:
            self._wake.set()

    def end(self) -> None:
        """Stop reporting, before the attempt is ended. Safe to repeat."""
        self._ended.set()
        self._wake.set()
        self._thread.join()

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._ended.is_set():
            self._wake.wait(THROTTLE_SECONDS)
            self._wake.clear()
            silent = time.monotonic() - last >= HEARTBEAT_SECONDS
            if self._ended.is_set() or not (silent or self._current != self._reported):
                continue
            last = time.monotonic()
            if not self._report():
                return

    def _report(self) -> bool:
        current = self._current
        try:
            self._attempts.advance(self._lease, stage=current[0], percent=current[1])
        except (LeaseLostError, JobGoneError):
            self._end_by_force()
            return False
        except SQLAlchemyError as error:
            log.warning("progress could not be noted: %s", error)
        else:
            self._reported = current
        return True

    def _end_by_force(self) -> None:
        self._lost.set()
        if not self._ended.wait(STOP_SECONDS):
            log.warning("job %s does not stop: its process is killed", self._lease.work.job_id)
            self._stop()


def _percent_of(lease: Lease) -> Callable[[Progress], int]:
    """Percent (0..99) of the whole job; a job that begins at a later stage begins at 0 all the same."""
    separating = bool(lease.work.options.get("separate"))
    begun: list[float] = [] if lease.work.kind is JobKind.RETAB else [0.0]

    def percent(progress: Progress) -> int:
        fraction = overall_fraction(progress, separating=separating)
        if not begun:
            begun.append(min(fraction, 0.99))
        return min(99, int(100 * (fraction - begun[0]) / (1.0 - begun[0])))

    return percent


def _kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
