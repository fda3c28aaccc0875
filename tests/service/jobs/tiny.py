"""A real handler for tests, small enough to follow: its options say what it does, its transcription keeps the result.

``seconds`` to take, ``steps`` of progress, ``fail`` (a kind of failure), ``fail_attempts`` (how many attempts fail),
``text`` to store, ``deaf_attempts`` (how many attempts never end and do not listen when they are told to). Every
attempt leaves a file behind until its result is stored.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from billiard.exceptions import SoftTimeLimitExceeded
from sqlalchemy.orm import Session

from genesis_music.errors import AudioError, EngineError
from genesis_music.progress import Progress, ProgressCallback, Stage
from genesis_music.service.jobs.contract import Work
from genesis_music.service.jobs.tables import Job
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.redis_client import connect_redis
from genesis_music.service.transcriptions.tables import Transcription

FAILURES: dict[str, Callable[[], Exception]] = {
    "input": lambda: AudioError("This recording is silent: use another one."),
    "ours": lambda: EngineError("The model is damaged: install it again."),
    "unforeseen": lambda: ZeroDivisionError("a secret detail"),
}


def partial_key(work: Work) -> str:
    return f"partial/{work.job_id}"


def _hang() -> NoReturn:
    while True:
        with suppress(SoftTimeLimitExceeded):
            time.sleep(60)


class TinyHandler:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._redis = connect_redis(platform.settings.redis_url, answer_seconds=60)

    def run(self, work: Work, progress: ProgressCallback) -> Callable[[Session], None]:
        self._platform.storage.put_bytes(partial_key(work), b"half of it")
        self._redis.rpush(f"attempts:{work.job_id}", os.getpid())
        if work.attempt <= int(work.options.get("deaf_attempts", 0)):
            _hang()
        stages, steps = (Stage.LOADING, Stage.LISTENING, Stage.WRITING), int(work.options.get("steps", 3))
        for step in range(steps):
            progress(Progress(stages[step * len(stages) // steps], 0.5))
            time.sleep(float(work.options.get("seconds", 0)) / steps)
        if work.attempt <= int(work.options.get("fail_attempts", 99)) and "fail" in work.options:
            raise FAILURES[work.options["fail"]]()

        def store(session: Session) -> None:
            row = session.get_one(Transcription, work.transcription_id)
            row.revisions += 1
            row.title = work.options.get("text", "done")

        return store

    def changed(self, session: Session, job: Job) -> None:
        row = session.get_one(Transcription, job.transcription_id)
        row.status, row.progress = job.status, job.progress

    def clean_up(self, work: Work) -> None:
        self._platform.storage.delete(partial_key(work))

    def ended(self, session: Session, job: Job) -> None:
        self._redis.rpush(f"ended:{job.id}", str(job.status))
