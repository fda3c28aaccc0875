"""Many jobs, broken parts at random moments, and what must hold when it is over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.formats.registry import choose_formats
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.states import ENDED
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.scratch import clear_abandoned
from genesis_music.service.transcriptions.sweep import sweep
from genesis_music.service.transcriptions.tables import Transcription, Webhook, WebhookDelivery
from tests.faults.people import ENDS, Accepted, Caller, Follower, Looker
from tests.faults.quick import REFUSAL, REFUSED_SECONDS
from tests.faults.world import World, wait_until
from tests.service.conftest import Person, make_person
from tests.service.transcriptions.conftest import wav

AT_ONCE = timedelta(seconds=-5)
"""A grace period that is over already, also by a clock of whole seconds."""
UPLOADERS = 3
FILES = len(choose_formats(None)) + 1
"""Of one result: every format, and what was heard."""

Fault = Callable[[World, random.Random], None]
"""Breaks something, and mends it."""


@dataclass
class Storm:
    """The jobs of one user, and those who watch them."""

    world: World
    person: Person
    generator: random.Random
    accepted: list[Accepted] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Transcriptions of recordings that cannot become a result."""
    took_seconds: float = 0.0

    def caller(self) -> Caller:
        return Caller(self.world, self.person, random.Random(self.generator.random()))


@contextmanager
def recorded(storm: Storm) -> Iterator[None]:
    """Print the measured numbers of a storm."""
    began = time.monotonic()
    yield
    storm.took_seconds = time.monotonic() - began


def weather(
    world: World, seed: str, jobs: int, faults: Sequence[Fault], *, webhook: str, spread_seconds: float = 6.0
) -> Storm:
    """Upload ``jobs`` recordings while ``faults`` happen at random moments; check what became of all of them."""
    generator = random.Random(seed)
    person = make_person(world.platform, f"{generator.randrange(10**12)}@example.com")
    _add_webhook(world, person, webhook)
    storm = Storm(world, person, generator)
    follower = Follower(world, person, random.Random(generator.random()))
    looker = Looker(storm.caller(), storm.accepted)
    began = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(follower.following())
        stack.enter_context(looker.looking())
        with ThreadPoolExecutor(UPLOADERS) as pool:
            uploads = _uploads(storm, follower, pool, jobs, spread_seconds)
            _break(world, faults, generator, spread_seconds)
            for upload in uploads:
                upload.result()
        _await_ends(storm)
        mended = time.monotonic()
        wait_until(
            lambda: set(follower.ends) == {str(one.job_id) for one in storm.accepted},
            "the follower hears of every end",
        )
    heard = time.monotonic() - mended
    _check(storm, follower)
    slowest = max(one.answered_seconds for one in storm.accepted)
    print(
        f"seed {seed!r}: {len(storm.accepted)} jobs, {_statuses(storm)}; {time.monotonic() - began:.0f} s in all; "
        f"slowest acceptance {slowest:.1f} s; {looker.looks} looks, longest {looker.longest_seconds:.1f} s, "
        f"{looker.call.refusals} refused; last end heard {heard:.1f} s after it was written"
    )
    return storm


def _uploads(
    storm: Storm, follower: Follower, pool: ThreadPoolExecutor, jobs: int, spread_seconds: float
) -> list[Future[None]]:
    moments = sorted(storm.generator.uniform(0.0, spread_seconds) for _ in range(jobs))
    began = time.monotonic()

    def upload(number: int, moment: float, caller: Caller) -> None:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        bad = number % 8 == 7
        # Every fourth recording came before: one file for two owners.
        content = wav(REFUSED_SECONDS if bad else 1.0, 110.0 + (number - number % 4 // 3))
        accepted = caller.upload(content, f"take {number}.wav")
        if bad:
            storm.refused.add(str(accepted.transcription_id))
        storm.accepted.append(accepted)
        follower.jobs.add(accepted.job_id)

    return [pool.submit(upload, number, moment, storm.caller()) for number, moment in enumerate(moments)]


def _break(world: World, faults: Sequence[Fault], generator: random.Random, spread_seconds: float) -> None:
    moments = sorted(generator.uniform(0.5, spread_seconds + 1.0) for _ in faults)
    began = time.monotonic()
    for moment, fault in zip(moments, faults, strict=True):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        fault(world, generator)


def _add_webhook(world: World, person: Person, url: str) -> None:
    events = ["transcription.complete", "transcription.failed"]
    with world.platform.database.writing() as session:
        session.add(Webhook(user_id=person.id, url=url, secret="whsec_" + "c2VjcmV0" * 4, events=events))


def _jobs(storm: Storm) -> list[Job]:
    with Session(storm.world.platform.database.primary) as session:
        return list(session.scalars(select(Job).where(Job.user_id == storm.person.id)).all())


def _rows(storm: Storm) -> list[Transcription]:
    with Session(storm.world.platform.database.primary) as session:
        question = select(Transcription).where(Transcription.user_id == storm.person.id)
        return list(session.scalars(question).all())


def _statuses(storm: Storm) -> str:
    statuses = [str(job.status) for job in _jobs(storm)]
    return ", ".join(f"{statuses.count(one)} {one}" for one in sorted(set(statuses)))


def _await_ends(storm: Storm) -> None:
    wait_until(lambda: all(job.status in ENDED for job in _jobs(storm)), "every job ends")


def _check(storm: Storm, follower: Follower) -> None:
    _check_rows(storm)
    _check_answers(storm)
    _check_files(storm)
    _check_news(storm, follower)
    _check_queue(storm)


def _check_rows(storm: Storm) -> None:
    """What was accepted is there once, and nothing else: no job that nobody knows of."""
    rows, jobs = {row.id: row for row in _rows(storm)}, _jobs(storm)
    assert {job.id for job in jobs} == {one.job_id for one in storm.accepted}
    assert set(rows) == {one.transcription_id for one in storm.accepted}
    for job in jobs:
        row = rows[job.transcription_id]
        assert job.lease_until is None and job.worker == "" and job.not_before is None
        assert row.status == job.status
        assert row.revision == (1 if job.status is JobStatus.COMPLETE else 0)
        if job.status is JobStatus.FAILED:
            assert job.error_code and job.error_message
        if str(row.id) in storm.refused:
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
            if detail["id"] in storm.refused and error["code"] == "audio":
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
    expected = {str(job.id): str(job.status) for job in _jobs(storm)}
    assert all(name in ENDS for name in expected.values())
    assert {job_id: {name} for job_id, name in expected.items()} == follower.ends
    with Session(storm.world.platform.database.primary) as session:
        question = select(WebhookDelivery).join(Webhook).where(Webhook.user_id == storm.person.id)
        deliveries = session.scalars(question).all()
    told = [(one.payload["data"]["job_id"], one.payload["data"]["status"]) for one in deliveries]
    assert sorted(told) == sorted(expected.items())


def _check_queue(storm: Storm) -> None:
    """No message waits; what dead workers still hold belongs to jobs that have ended."""
    world = storm.world
    queue = JobQueue(world.settings, world.platform.redis)
    wait_until(lambda: not any(queue.lengths().values()), "the queue is empty")
    queue.close()
    held = world.platform.redis.hvals("unacked")
    with Session(world.platform.database.primary) as session:
        unfinished = {str(id_) for id_ in session.scalars(select(Job.id).where(Job.status.not_in(ENDED)))}
    assert not unfinished
    wait_until(lambda: not world.strays(), f"no stray process: {world.strays()}")
    print(f"messages of dead workers: {len(held)}")
    for temporary in world.temporaries():
        clear_abandoned(temporary)
    wait_until(lambda: not any(_scratch(world)), "temporary folders are gone")


def _scratch(world: World) -> list[Path]:
    return [path for temporary in world.temporaries() for path in temporary.glob("genesis-*")]
