"""A thousand followers, each of a job of its own: whether everybody hears everything, and how soon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import socketio

from benchmarks.service.meters import CpuMeter, Percentiles, memory_of, percentiles
from benchmarks.service.world import Person, World
from genesis_music.service.accounts.tables import User
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.events import JobEvent
from genesis_music.service.transcriptions.tables import SourceType, Transcription

AT_ONCE = 50
"""Connections that are being made at the same time."""
LAST_EVENT_SECONDS = 30.0


@dataclass(frozen=True)
class Sockets:
    """``delivered`` is the share of the events that came; ``latency`` from publishing to the client's handler."""

    sockets: int
    connect: Percentiles
    events: int
    delivered: float
    latency: Percentiles
    events_per_second: float
    cpu_ms_per_event: dict[str, float]
    api_megabytes_before: float
    api_megabytes_connected: float


@dataclass
class _Followers:
    """Clients and what they heard."""

    clients: list[socketio.AsyncClient] = field(default_factory=list)
    connect_seconds: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    async def follow(self, world: World, person: Person, job_id: UUID, turn: asyncio.Semaphore) -> None:
        async with turn:
            client = socketio.AsyncClient(reconnection=False)
            client.on("progress", self._hear)
            started = time.monotonic()
            await client.connect(
                world.url, auth={"token": person.token}, transports=["websocket"], wait_timeout=30
            )
            answer = await client.call("subscribe", {"job_id": str(job_id)}, timeout=30)
            self.connect_seconds.append(time.monotonic() - started)
            if not answer["ok"]:
                raise SystemExit(f"a subscription was refused: {answer}")
            self.clients.append(client)

    def _hear(self, data: dict[str, Any]) -> None:
        if "sent_at" in data:  # not the server's own heartbeat
            self.latencies.append(time.monotonic() - data["sent_at"])


def measure_sockets(world: World, people: Sequence[Person], *, sockets: int, rounds: int) -> Sockets:
    """Connect ``sockets`` clients; tell each of them ``rounds`` times of progress."""
    followed = _running_jobs(world, people, sockets)
    return asyncio.run(_measure(world, followed, rounds))


async def _measure(world: World, followed: Sequence[tuple[Person, UUID]], rounds: int) -> Sockets:
    followers, turn = _Followers(), asyncio.Semaphore(AT_ONCE)
    with memory_of(world.api.pid) as memory:
        await asyncio.gather(*(followers.follow(world, *pair, turn) for pair in followed))
    meter, started = CpuMeter({"api": world.api.pid, "redis": world.redis.pid}), time.monotonic()
    wanted = rounds * len(followed)
    for _ in range(rounds):
        await asyncio.to_thread(_tell_all, world, [job_id for _, job_id in followed])
    deadline = time.monotonic() + LAST_EVENT_SECONDS
    while len(followers.latencies) < wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    seconds, cpu = time.monotonic() - started, meter.seconds()
    await asyncio.gather(*(client.disconnect() for client in followers.clients))
    return Sockets(
        sockets=len(followed),
        connect=percentiles(followers.connect_seconds),
        events=wanted,
        delivered=round(len(followers.latencies) / wanted, 4),
        latency=percentiles(followers.latencies),
        events_per_second=round(wanted / seconds, 1),
        cpu_ms_per_event={name: round(1000 * used / wanted, 3) for name, used in cpu.items()},
        api_megabytes_before=round(memory.samples_megabytes[0], 1),
        api_megabytes_connected=round(memory.samples_megabytes[-1], 1),
    )


def _tell_all(world: World, job_ids: Sequence[UUID]) -> None:
    """Publish as a worker does, at the pace at which it may: every job once a second at most."""
    began = time.monotonic()
    for job_id in job_ids:
        data = {"job_id": str(job_id), "stage": "Listening", "percent": 50, "sent_at": time.monotonic()}
        world.platform.publisher.publish(JobEvent.PROGRESS, job_id, data)
    time.sleep(max(0.0, began + 1.0 - time.monotonic()))


def _running_jobs(world: World, people: Sequence[Person], count: int) -> list[tuple[Person, UUID]]:
    """Jobs that run somewhere, in turn of each person."""
    followed = [(people[index % len(people)], uuid4()) for index in range(count)]
    with world.platform.database.writing() as session:
        ids = {row.email: row.id for row in session.query(User)}
        for person, job_id in followed:
            row = Transcription(
                id=job_id, user_id=ids[person.email], source_type=SourceType.FILE, status=JobStatus.RUNNING
            )
            session.add(row)
        session.flush()
        session.add_all(_running(ids[person.email], job_id) for person, job_id in followed)
    return followed


def _running(user_id: UUID, job_id: UUID) -> Job:
    return Job(
        id=job_id,
        transcription_id=job_id,
        user_id=user_id,
        celery_task_id=str(job_id),
        kind=JobKind.TRANSCRIBE,
        status=JobStatus.RUNNING,
        started_at=utc_now(),
        lease_until=utc_now().replace(year=utc_now().year + 1),
        worker="elsewhere",
    )
