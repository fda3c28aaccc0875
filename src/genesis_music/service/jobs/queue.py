"""The queue: Celery messages that carry a job's id and nothing else. The database knows what is lost here."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from celery import Celery
from kombu.exceptions import KombuError
from redis import Redis
from redis.exceptions import RedisError

from genesis_music.service.config import ServiceSettings
from genesis_music.service.jobs.priorities import LEVELS, longest_limit, separates, time_limits
from genesis_music.service.jobs.tables import Job

log = logging.getLogger(__name__)

RUN_TASK = "genesis.run"
CLEAN_UP_TASK = "genesis.clean_up"
CHORE_TASK = "genesis.chore"
QUEUES = ("cpu", "gpu")
_PREFIX = "genesis."
_LEVEL_SEPARATOR = "\x06\x16"
"""How kombu's Redis transport names the lists of the levels."""
_SENT_AT = "sent_at"
"""Header of a message: its job's ``enqueued_at``, so that only the database's clock counts."""
_NEXT = 20
_NEVER = datetime.min.replace(tzinfo=UTC)


def queue_name(queue: str) -> str:
    """Name of a queue in Redis."""
    return _PREFIX + queue


def make_celery(settings: ServiceSettings) -> Celery:
    """Celery as it has to be set so that no message is lost and none is held for long (measured: shared facts).

    No results: the database is the truth. One message per process at a time, acknowledged when its work is done, also
    when the process has died of it: the sweeper sends it again, before those who wait; Celery would put it behind them.
    """
    app = Celery("genesis", broker=settings.redis_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        task_serializer="json",
        accept_content=["json"],
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_proc_alive_timeout=60.0,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_timeout=2.0,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": longest_limit(settings) + 600,
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            "priority_steps": list(range(LEVELS)),
            "socket_connect_timeout": 2.0,
            "socket_keepalive": True,
        },
    )
    return app


class JobQueue:
    """Sends messages to workers. Nothing here raises when Redis is away: the sweeper sends again what is missing."""

    def __init__(self, settings: ServiceSettings, redis: Redis) -> None:
        self.celery = make_celery(settings)
        self._settings = settings
        self._redis = redis

    def send(self, job: Job) -> bool:
        """Ask a worker to run the job; return whether the queue has taken the message."""
        limits = time_limits(
            self._settings, job.kind, separating=separates(job), audio_seconds=job.audio_seconds
        )
        return self._send(
            RUN_TASK,
            job.id,
            queue=queue_name(job.queue),
            task_id=job.celery_task_id,
            headers={_SENT_AT: job.enqueued_at.isoformat()} if job.enqueued_at else None,
            priority=job.priority,
            soft_time_limit=limits.soft_seconds,
            time_limit=limits.hard_seconds,
        )

    def clean_up(self, job: Job) -> bool:
        """Ask a worker to delete what the job's unfinished attempt has left behind."""
        return self._send(CLEAN_UP_TASK, job.id, queue=queue_name(job.queue), priority=0)

    def do_chore(self, name: str) -> bool:
        """Ask a worker's child to do a chore once."""
        return self._send(CHORE_TASK, name, queue=queue_name(QUEUES[0]), priority=LEVELS - 1)

    def revoke(self, task_id: str) -> None:
        """Kill the process that runs this task, and keep its message from being run."""
        self._attempt(
            "stopping a task",
            lambda: self.celery.control.revoke(task_id, terminate=True, signal="SIGKILL"),
        )

    def lengths(self) -> dict[str, int]:
        """Messages that wait, by queue.

        Raises:
            RedisError: Redis does not answer.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for queue in QUEUES:
            for level in range(LEVELS):
                pipeline.llen(_list_name(queue, level))
        counts: list[int] = pipeline.execute()
        return {
            queue: sum(counts[start * LEVELS : (start + 1) * LEVELS]) for start, queue in enumerate(QUEUES)
        }

    def reached(self) -> dict[str, list[datetime | None]]:
        """How far each level of each queue has come: what was sent to it before this moment has been handed out.

        ``None``: all has. Messages that several servers send at once may be a little out of order, so it is the
        earliest moment of the next few.

        Raises:
            RedisError: Redis does not answer.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for queue in QUEUES:
            for level in range(LEVELS):
                pipeline.lrange(_list_name(queue, level), -_NEXT, -1)
        nexts = [_earliest(messages) for messages in pipeline.execute()]
        return {queue: nexts[start * LEVELS : (start + 1) * LEVELS] for start, queue in enumerate(QUEUES)}

    def close(self) -> None:
        """Give the connections back."""
        self.celery.close()

    def _send(self, task: str, subject: UUID | str, **options: Any) -> bool:
        return self._attempt(
            "sending a task",
            lambda: self.celery.send_task(task, args=(str(subject),), retry=False, **options),
        )

    def _attempt(self, what: str, action: Callable[[], object]) -> bool:
        try:
            action()
        except (KombuError, RedisError, OSError) as error:
            log.warning("%s failed, it is made up for later: %s", what, error)
            return False
        return True


def _earliest(messages: Sequence[bytes]) -> datetime | None:
    """When the first of these messages was sent; those that are not about a job do not count."""
    if not messages:
        return None
    headers = [json.loads(message)["headers"] for message in messages]
    return min((datetime.fromisoformat(one[_SENT_AT]) for one in headers if _SENT_AT in one), default=_NEVER)


def _list_name(queue: str, level: int) -> str:
    name = queue_name(queue)
    return f"{name}{_LEVEL_SEPARATOR}{level}" if level else name
