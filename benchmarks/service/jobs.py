"""What a job costs beside its work: accepted over HTTP, queued, claimed, told of, finished; and what a song costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, undefer

from benchmarks.service.meters import CpuMeter, memory_of
from benchmarks.service.world import NOTHING_WORKER, REAL_WORKER, Person, World, wait_until
from genesis_music.service.jobs.states import ENDED
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.transcriptions.tables import Transcription

LINK = {"url": "https://youtu.be/dQw4w9WgXcQ"}
LONGEST_SECONDS = 600.0


@dataclass(frozen=True)
class QueueCost:
    """``cpu_ms_per_job`` by part; ``service_cpu_ms_per_job`` is that of our own processes, API and worker."""

    jobs: int
    seconds: float
    jobs_per_second: float
    service_cpu_ms_per_job: float
    cpu_ms_per_job: dict[str, float]


@dataclass(frozen=True)
class Song:
    """One recording with the real pipeline: time from its acceptance, the worker's processor time, what it leaves."""

    audio_seconds: float
    notes: int
    seconds: float
    worker_cpu_seconds: float
    worker_peak_megabytes: float
    recording_kilobytes: float
    result_kilobytes: float
    row_kilobytes: float


def measure_queue(world: World, people: Sequence[Person], jobs: int) -> QueueCost:
    """Hand in ``jobs`` links to a worker that does nothing with them."""
    with world.worker(NOTHING_WORKER) as worker:
        asyncio.run(_hand_in(world, people, len(people)))
        _await_all(world)
        processes = {"api": world.api.pid, "worker": worker.pid} | world.servers()
        meter, started = CpuMeter(processes), time.monotonic()
        asyncio.run(_hand_in(world, people, jobs))
        _await_all(world)
        seconds, cpu = time.monotonic() - started, meter.seconds()
    per_job = {name: round(1000 * used / jobs, 2) for name, used in cpu.items()}
    return QueueCost(
        jobs=jobs,
        seconds=round(seconds, 1),
        jobs_per_second=round(jobs / seconds, 1),
        service_cpu_ms_per_job=round(per_job["api"] + per_job["worker"], 2),
        cpu_ms_per_job=per_job,
    )


def measure_song(world: World, person: Person, path: Path) -> Song:
    """Transcribe one recording with a real worker, after another one has warmed it."""
    with world.worker(REAL_WORKER) as worker:
        _transcribe(world, person, path, {"end": "10"})
        meter, started = CpuMeter({"worker": worker.pid}), time.monotonic()
        with memory_of(worker.pid) as memory:
            row = _transcribe(world, person, path, {})
        seconds, cpu = time.monotonic() - started, meter.seconds()
    return Song(
        audio_seconds=float(row.duration_seconds or 0),
        notes=sum(track["notes"] for track in (row.tab_data or {})["tracks"]),
        seconds=round(seconds, 2),
        worker_cpu_seconds=round(cpu["worker"], 2),
        worker_peak_megabytes=memory.peak_megabytes,
        recording_kilobytes=_stored_kilobytes(world, str(row.audio_path)),
        result_kilobytes=_stored_kilobytes(world, str(row.result_prefix)),
        row_kilobytes=_row_kilobytes(world, row.id),
    )


async def _hand_in(world: World, people: Sequence[Person], count: int) -> None:
    """In turn of each person, eight at a time."""
    turn = asyncio.Semaphore(8)
    async with aiohttp.ClientSession() as client:

        async def hand_in(person: Person) -> None:
            where = f"{world.url}/api/v1/transcribe"
            async with turn, client.post(where, json=LINK, headers=person.headers) as answer:
                if answer.status != 202:
                    raise SystemExit(f"a link was refused: {await answer.text()}")

        await asyncio.gather(*(hand_in(people[index % len(people)]) for index in range(count)))


def _await_all(world: World) -> None:
    def none_is_left() -> bool:
        with Session(world.platform.database.primary) as session:
            waiting = select(func.count()).where(Job.status.not_in(ENDED), Job.worker != "elsewhere")
            return session.scalar(waiting) == 0

    wait_until(none_is_left, LONGEST_SECONDS)


def _transcribe(world: World, person: Person, path: Path, fields: dict[str, str]) -> Transcription:
    accepted = asyncio.run(_hand_in_file(world, person, path, fields))
    id_ = UUID(accepted["transcription_id"])
    _await_all(world)
    with Session(world.platform.database.primary) as session:
        row = session.get_one(Transcription, id_, options=[undefer(Transcription.tab_data)])
        if row.status is not JobStatus.COMPLETE:
            raise SystemExit(f"the recording was not transcribed: {row.status}")
        session.expunge(row)
        return row


async def _hand_in_file(world: World, person: Person, path: Path, fields: dict[str, str]) -> dict[str, Any]:
    form = aiohttp.FormData(fields)
    form.add_field("file", path.read_bytes(), filename=path.name)
    where = f"{world.url}/api/v1/transcribe"
    async with (
        aiohttp.ClientSession() as client,
        client.post(where, data=form, headers=person.headers) as answer,
    ):
        if answer.status != 202:
            raise SystemExit(f"a recording was refused: {await answer.text()}")
        accepted: dict[str, Any] = await answer.json()
        return accepted


def _stored_kilobytes(world: World, prefix: str) -> float:
    folder = prefix.rpartition("/")[0] if "." in prefix.rpartition("/")[2] else prefix
    found = [one for one in world.platform.storage.list(folder) if one.key.startswith(prefix)]
    return round(sum(one.size_bytes for one in found) / 1024, 1)


def _row_kilobytes(world: World, id_: UUID) -> float:
    """As PostgreSQL keeps it, compressed."""
    with world.platform.database.primary.connect() as connection:
        size = text("SELECT pg_column_size(t.*) FROM transcriptions t WHERE id = :id")
        return round(connection.execute(size, {"id": id_}).scalar_one() / 1024, 1)
