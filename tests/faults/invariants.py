"""What must hold when a storm is over: every promise kept once, and nothing left behind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.formats.registry import choose_formats
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.tables import JobStatus
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.scratch import clear_abandoned
from genesis_music.service.transcriptions.sweep import sweep
from genesis_music.service.transcriptions.tables import Transcription, Webhook, WebhookDelivery
from tests.faults.people import ENDS, Follower
from tests.faults.quick import REFUSAL
from tests.faults.storm import Storm
from tests.faults.world import World, wait_until

AT_ONCE = timedelta(seconds=-5)
"""A grace period that is over already, also by a clock of whole seconds."""
FILES = len(choose_formats(None)) + 1
"""Of one result: every format, and what was heard."""


def check(storm: Storm, follower: Follower) -> None:
    """Fail unless every promise was kept and nothing was left behind."""
    _check_rows(storm)
    _check_answers(storm)
    _check_files(storm)
    _check_news(storm, follower)
    _check_queue(storm)


def _check_rows(storm: Storm) -> None:
    """What was accepted is there once, and nothing else: no job that nobody knows of."""
    rows, jobs = {row.id: row for row in storm.rows()}, storm.jobs()
    assert {job.id for job in jobs} == {one.job_id for one in storm.accepted}
    assert set(rows) == {one.transcription_id for one in storm.accepted}
    for job in jobs:
        row = rows[job.transcription_id]
        assert job.lease_until is None and job.worker == "" and job.not_before is None
        assert row.status == job.status
        assert row.revisions == (1 if job.status is JobStatus.COMPLETE else 0)
        if job.status is JobStatus.FAILED:
            assert job.error_code and job.error_message
        if str(row.id) in storm.useless:
            assert job.status is JobStatus.FAILED


def _check_answers(storm: Storm) -> None:
    """Everybody gets the answer by HTTP: the result with its files, or the reason why there is none."""
    call = storm.caller()
    for one in storm.accepted:
        detail = call("GET", f"/transcribe/{one.transcription_id}").json()
        if detail["status"] == "complete":
            assert len(detail["files"]) == FILES - 1
            assert call("GET", f"/transcribe/{one.transcription_id}/result").json()["tab"]["tracks"]
        else:
            error = detail["job"]["error"]
            assert error["code"] and error["message"] and len(error["options"]) == 3
            if detail["id"] in storm.useless and error["code"] == "audio":
                assert error["message"] == REFUSAL


def _check_files(storm: Storm) -> None:
    """Once the sweep has run, storage has the files of the rows and nothing else."""
    world = storm.world
    swept = sweep(world.platform, grace=AT_ONCE)
    print(f"swept: {swept}")
    with Session(world.platform.database.primary) as session:
        rows = session.scalars(select(Transcription)).all()
    found = {one.key for one in world.platform.storage.list() if not one.key.startswith(keys.STAGES)}
    prefixes = {row.result_prefix for row in rows if row.result_prefix}
    results = [key for key in found if key.startswith(keys.RESULTS)]
    assert {key.rpartition("/")[0] for key in results} == prefixes
    assert len(results) == FILES * len(prefixes)
    assert {row.audio_path for row in rows} == found - set(results)


def _check_news(storm: Storm, follower: Follower) -> None:
    """Every end is told once to webhooks, and by one name only to those who follow."""
    expected = {str(job.id): str(job.status) for job in storm.jobs()}
    assert all(name in ENDS for name in expected.values())
    assert {job_id: {name} for job_id, name in expected.items()} == follower.ends
    with Session(storm.world.platform.database.primary) as session:
        question = select(WebhookDelivery).join(Webhook).where(Webhook.user_id == storm.person.id)
        deliveries = session.scalars(question).all()
    told = [(one.payload["data"]["job_id"], one.payload["data"]["status"]) for one in deliveries]
    assert sorted(told) == sorted(expected.items())


def _check_queue(storm: Storm) -> None:
    """No message waits, no process is left over, no temporary folder of a dead one.

    Messages that dead workers had in hand come back after Celery's visibility timeout, and find their jobs ended.
    """
    world = storm.world
    queue = JobQueue(world.settings, world.platform.redis)
    wait_until(lambda: not any(queue.lengths().values()), "the queue is empty")
    queue.close()
    wait_until(lambda: not world.strays(), f"no stray process: {world.strays()}")
    for temporary in world.temporaries():
        clear_abandoned(temporary)
    wait_until(lambda: not any(_scratch(world)), "temporary folders are gone")


def _scratch(world: World) -> list[Path]:
    return [path for temporary in world.temporaries() for path in temporary.glob("genesis-*")]
