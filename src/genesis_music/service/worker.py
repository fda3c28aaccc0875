"""The worker: Celery's parent process, which keeps the queue in order, and its children, which do the work.

No process shares anything over a fork: each builds its own parts, the network is loaded in the children only.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from billiard.exceptions import TimeLimitExceeded
from celery import Celery, signals
from celery.worker.request import Request
from sqlalchemy.exc import SQLAlchemyError

from genesis_music.errors import SettingsError
from genesis_music.service.config import ServiceSettings, checked_settings
from genesis_music.service.jobs.attempts import JobAttempts
from genesis_music.service.jobs.failures import TIMED_OUT, WORKER_LOST
from genesis_music.service.jobs.queue import (
    CHORE_TASK,
    CLEAN_UP_TASK,
    QUEUES,
    RUN_TASK,
    make_celery,
    queue_name,
)
from genesis_music.service.jobs.runner import Runner
from genesis_music.service.jobs.service import JobService
from genesis_music.service.jobs.states import Failure
from genesis_music.service.jobs.sweeper import Sweeper
from genesis_music.service.platform.chores import do_chore
from genesis_music.service.platform.container import Platform
from genesis_music.service.starting import require_parts_apart
from genesis_music.service.wiring import Wiring, begin_process, end_process, make_jobs, service_platform

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 25.0
"""What runs may take this long to finish after SIGTERM; then it is put back into the queue."""

EMBEDDED_SHUTDOWN_SECONDS = 3.0
"""Who stops the service on a laptop wants the prompt back."""


@dataclass(frozen=True)
class _Parts:
    """What one process has built for itself."""

    platform: Platform
    jobs: JobService
    attempts: JobAttempts


class Worker:
    """One worker; its name begins the name of every claim it makes."""

    def __init__(
        self,
        settings: ServiceSettings,
        wiring: Wiring | None = None,
        *,
        shutdown_seconds: float = SHUTDOWN_SECONDS,
    ) -> None:
        self._settings = settings
        self._wiring = wiring or Wiring()
        self._shutdown_seconds = shutdown_seconds
        self._name = f"{socket.gethostname()[:40]}/{uuid4().hex[:8]}"
        self._closing = ExitStack()
        self._parts: _Parts | None = None
        self._inherited: list[object] = []
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def run(self, queues: Sequence[str], processes: int) -> None:
        """Work until told to stop: SIGTERM or SIGINT let what runs finish for a while and then put it back."""
        begin_process(self._settings, "worker")
        app = self._make_celery()
        self._connect_signals()
        arguments = {
            "pool": "prefork",
            "concurrency": processes,
            "queues": ",".join(queue_name(queue) for queue in queues),
            "hostname": f"{self._name.replace('/', '-')}@{socket.gethostname()}",
            "loglevel": "WARNING",
            "optimization": "fair",
        }
        options = [f"--{name}={value}" for name, value in arguments.items()]
        try:
            app.worker_main(["--quiet", "worker", "--without-gossip", "--without-mingle", *options])
        finally:
            self._end()

    def _make_celery(self) -> Celery:
        app = make_celery(self._settings)
        worker = self

        class JobRequest(Request):  # type: ignore[misc]  # untyped
            """Hears of the end of the child that ran the task: it died, or is about to be killed for its slowness."""

            def on_failure(self, exc_info: Any, *args: Any, **kwargs: Any) -> Any:
                too_slow = issubclass(exc_info.type, TimeLimitExceeded)
                worker.attempt_ended(self.worker_pid, TIMED_OUT if too_slow else WORKER_LOST)
                return super().on_failure(exc_info, *args, **kwargs)

        task = app.task(self._run_job, name=RUN_TASK)
        task.Request = JobRequest
        app.task(self._clean_up, name=CLEAN_UP_TASK)
        app.task(self._do_chore, name=CHORE_TASK)
        return app

    def _connect_signals(self) -> None:
        signals.setup_logging.connect(self._set_up_logging, weak=False)
        signals.worker_process_init.connect(self._begin_child, weak=False)
        signals.worker_process_shutdown.connect(self._end_child, weak=False)
        signals.worker_ready.connect(self._begin_parent, weak=False)
        signals.worker_shutting_down.connect(self._begin_shutdown, weak=False)

    def attempt_ended(self, pid: int | None, failure: Failure) -> None:
        """Let go of a job whose child is dead, so that it is tried again at once and not when its lease runs out."""
        if pid is None or self._parts is None or self._stop.is_set():
            return
        try:
            self._parts.attempts.lost(f"{self._name}/{pid}/", failure)
        except SQLAlchemyError as error:
            log.warning("a lost attempt has to wait for the end of its lease: %s", error)

    def _run_job(self, job_id: str) -> None:
        parts = self._built()
        Runner(parts.attempts, parts.jobs.handler, f"{self._name}/{os.getpid()}/").run(UUID(job_id))

    def _clean_up(self, job_id: str) -> None:
        self._built().attempts.clean_up(UUID(job_id))

    def _do_chore(self, name: str) -> None:
        for chore in self._wiring.chores(self._built().platform):
            if chore.name == name:
                chore.run()

    def _begin_child(self, **_: object) -> None:
        self._inherited.append(
            (self._parts, self._closing)
        )  # the parent's connections: neither used nor closed
        self._build()
        self._wiring.warm_up()

    def _end_child(self, **_: object) -> None:
        end_process()

    def _begin_parent(self, **_: object) -> None:
        parts = self._build()
        self._start("sweeper", Sweeper(parts.jobs, parts.attempts).run, self._stop)
        for chore in self._wiring.chores(parts.platform):
            run = partial(parts.jobs.queue.do_chore, chore.name) if chore.uses_storage else chore.run
            self._start(chore.name, do_chore, replace(chore, run=run), parts.platform.redis, self._stop)
        log.info("worker %s is ready", self._name)

    def _begin_shutdown(self, **_: object) -> None:
        """Let what runs finish for a while; then end it. What is not finished is not lost but given back."""
        self._stop.set()
        timer = threading.Timer(self._shutdown_seconds, os.kill, (os.getpid(), signal.SIGQUIT))
        timer.daemon = True
        timer.start()

    def _end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._parts is not None:
            try:
                self._parts.attempts.give_back(f"{self._name}/")
            except SQLAlchemyError as error:
                log.warning("what ran could not be given back, it is taken over later: %s", error)
        self._closing.close()
        end_process()

    def _build(self) -> _Parts:
        self._closing = ExitStack()
        platform = self._closing.enter_context(service_platform(self._settings))
        jobs = make_jobs(platform, self._wiring.handler(platform))
        self._parts = _Parts(platform, jobs, JobAttempts(jobs.changes))
        return self._parts

    def _built(self) -> _Parts:
        if self._parts is None:
            raise RuntimeError("the worker's process has not begun")
        return self._parts

    def _start(self, name: str, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, name=name, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _set_up_logging(self, **_: object) -> None:
        """Leave logging as the process has it: Celery would replace it."""


def work(queues: Sequence[str] = (), processes: int = 0) -> None:
    """Run a worker with the settings of the environment, or with other queues and processes than they say.

    Raises:
        SettingsError: settings are missing or wrong, or there is no such queue.
        UnavailableError: the database, Redis or the storage does not answer.
    """
    settings = checked_settings()
    chosen = tuple(queues) or settings.worker_queues
    unknown = sorted(set(chosen) - set(QUEUES))
    if unknown:
        where = "" if queues else "GENESIS_WORKER_QUEUES: "
        raise SettingsError(
            f"{where}There is no queue {', '.join(unknown)}: choose from {', '.join(QUEUES)}."
        )
    if not settings.embedded:  # there, whoever started us has looked
        require_parts_apart(settings)
    patience = EMBEDDED_SHUTDOWN_SECONDS if settings.embedded else SHUTDOWN_SECONDS
    Worker(settings, shutdown_seconds=patience).run(chosen, processes or settings.worker_processes)


if __name__ == "__main__":
    work()
