"""Many jobs, and parts that break at random moments while they are accepted, waiting and done."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.service.jobs.states import ENDED
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.transcriptions.tables import Transcription, Webhook
from tests.faults.people import Accepted, Caller, Follower, Looker
from tests.faults.quick import REFUSED_SECONDS
from tests.faults.world import World, wait_until
from tests.service.conftest import Person, make_person
from tests.service.transcriptions.conftest import wav

UPLOADERS = 3
UPLOADING_SECONDS = 4.0
"""Over how long the uploads are spread, on a machine that keeps up."""

Fault = Callable[[World, random.Random], None]
"""Breaks something, and mends it."""


@dataclass(frozen=True)
class Recording:
    """What is uploaded. ``fields`` are options of the form; of a useless one no result can come."""

    content: bytes
    name: str
    fields: dict[str, str] = field(default_factory=dict)
    useless: bool = False


@dataclass
class Storm:
    """The jobs of one user, and what was promised."""

    world: World
    person: Person
    generator: random.Random
    accepted: list[Accepted] = field(default_factory=list)
    useless: set[str] = field(default_factory=set)
    """Transcriptions of useless recordings."""
    callers: list[Caller] = field(default_factory=list)

    def caller(self) -> Caller:
        self.callers.append(Caller(self.world, self.person, random.Random(self.generator.random())))
        return self.callers[-1]

    def jobs(self) -> list[Job]:
        with Session(self.world.platform.database.primary) as session:
            return list(session.scalars(select(Job).where(Job.user_id == self.person.id)).all())

    def rows(self) -> list[Transcription]:
        with Session(self.world.platform.database.primary) as session:
            question = select(Transcription).where(Transcription.user_id == self.person.id)
            return list(session.scalars(question).all())

    def ends(self) -> Counter[JobStatus]:
        """How many jobs are in which state."""
        return Counter(job.status for job in self.jobs())

    def milestones(self) -> int:
        """Jobs accepted, and jobs ended."""
        return len(self.accepted) + sum(job.status in ENDED for job in self.jobs())


def tones(count: int) -> list[Recording]:
    """Small recordings; some have the same content as another, every eighth is useless."""
    return [
        Recording(wav(REFUSED_SECONDS, 110.0), f"take {number}.wav", useless=True)
        if number % 8 == 7
        else Recording(wav(1.0, 110.0 + number // 2), f"take {number}.wav")
        for number in range(count)
    ]


def weather(
    world: World, seed: str, recordings: Sequence[Recording], faults: Sequence[Fault], *, webhook: str
) -> tuple[Storm, Follower]:
    """Upload recordings while faults happen at random moments; return when all has ended and everybody knows."""
    world.await_ready()
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
            uploads = _upload(storm, follower, pool, recordings)
            _break(storm, faults, 2 * len(recordings))
            for upload in uploads:
                upload.result()
        mended = time.monotonic()
        wait_until(lambda: all(job.status in ENDED for job in storm.jobs()), "every job ends")
        ended = time.monotonic()
        promised = {str(one.job_id) for one in storm.accepted}
        wait_until(lambda: set(follower.ends) >= promised, "the follower hears of every end")
    print(
        f"\nseed {seed!r}: {len(storm.accepted)} jobs in {time.monotonic() - began:.0f} s,",
        ", ".join(f"{count} {status}" for status, count in sorted(storm.ends().items())),
        f"after {sum(job.attempts for job in storm.jobs())} attempts;",
        f"slowest acceptance {max(one.answered_seconds for one in storm.accepted):.1f} s;",
        f"{looker.looks} looks, slowest {looker.longest_seconds:.1f} s;",
        f"{sum(caller.refusals for caller in storm.callers)} answers 503;",
        f"all ended {ended - mended:.1f} s after the last fault and upload,",
        f"all heard {time.monotonic() - ended:.1f} s later",
    )
    return storm, follower


def _upload(
    storm: Storm, follower: Follower, pool: ThreadPoolExecutor, recordings: Sequence[Recording]
) -> list[Future[None]]:
    began = time.monotonic()

    def upload(recording: Recording, moment: float, caller: Caller) -> None:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        accepted = caller.upload(recording.content, recording.name, **recording.fields)
        if recording.useless:
            storm.useless.add(str(accepted.transcription_id))
        storm.accepted.append(accepted)
        follower.jobs.add(accepted.job_id)

    moments = sorted(storm.generator.uniform(0.0, UPLOADING_SECONDS) for _ in recordings)
    return [
        pool.submit(upload, recording, moment, storm.caller())
        for recording, moment in zip(recordings, moments, strict=True)
    ]


def _break(storm: Storm, faults: Sequence[Fault], milestones: int) -> None:
    """Let each fault happen after a random part of the work: so a slow machine sees the same as a fast one."""
    moments = sorted(storm.generator.uniform(0.0, 0.8 * milestones) for _ in faults)
    for moment, fault in zip(moments, faults, strict=True):
        wait_until(lambda moment=moment: storm.milestones() >= int(moment), "the work goes on")  # type: ignore[misc]
        time.sleep(moment % 1.0)
        fault(storm.world, storm.generator)


def _add_webhook(world: World, person: Person, url: str) -> None:
    events = ["transcription.complete", "transcription.failed"]
    with world.platform.database.writing() as session:
        session.add(Webhook(user_id=person.id, url=url, secret="whsec_" + "c2VjcmV0" * 4, events=events))
