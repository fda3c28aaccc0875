"""Many recordings handed in at the same moment: all are taken, memory stays bounded, others are still answered."""

from __future__ import annotations

import asyncio
import io
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
import numpy as np

from benchmarks.service.meters import CpuMeter, Percentiles, memory_of, percentiles
from benchmarks.service.world import Person, World

RATE_HZ = 44_100
LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Uploads:
    """``others`` are requests of other people meanwhile; ``cpu_ms_per_upload`` by part."""

    uploads: int
    accepted: int
    megabytes_each: float
    seconds: float
    answer: Percentiles
    others: Percentiles
    api_megabytes_before: float
    api_megabytes_peak: float
    cpu_ms_per_upload: dict[str, float]


@dataclass
class _Answers:
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    others_seconds: list[float] = field(default_factory=list)


def measure_uploads(world: World, people: Sequence[Person], *, uploads: int, seconds_each: float) -> Uploads:
    """Let ``uploads`` recordings, all different, begin at once."""
    size = len(recording(0, seconds_each))
    meter, started = CpuMeter({"api": world.api.pid} | world.servers()), time.monotonic()
    with memory_of(world.api.pid) as memory:
        answers = asyncio.run(_upload_all(world, people, uploads, seconds_each))
    seconds, cpu = time.monotonic() - started, meter.seconds()
    return Uploads(
        uploads=uploads,
        accepted=answers.statuses.count(202),
        megabytes_each=round(size / 1024**2, 2),
        seconds=round(seconds, 1),
        answer=percentiles(answers.seconds),
        others=percentiles(answers.others_seconds),
        api_megabytes_before=round(memory.samples_megabytes[0], 1),
        api_megabytes_peak=memory.peak_megabytes,
        cpu_ms_per_upload={name: round(1000 * used / uploads, 1) for name, used in cpu.items()},
    )


def recording(number: int, seconds: float) -> bytes:
    """A WAV file unlike that of any other number."""
    phase = 2 * np.pi * (110 + number) * np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes((12_000 * np.sin(phase)).astype("<i2").tobytes())
    return file.getvalue()


async def _upload_all(world: World, people: Sequence[Person], count: int, seconds_each: float) -> _Answers:
    answers, ended = _Answers(), asyncio.Event()
    unlimited = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=unlimited, timeout=aiohttp.ClientTimeout(600)) as client:
        looking = asyncio.create_task(_look(client, world, people[0], answers, ended))
        jobs = (
            _upload(client, world, people[n % len(people)], recording(n, seconds_each), answers)
            for n in range(count)
        )
        await asyncio.gather(*jobs)
        ended.set()
        await looking
    return answers


async def _upload(
    client: aiohttp.ClientSession, world: World, person: Person, content: bytes, answers: _Answers
) -> None:
    form = aiohttp.FormData()
    form.add_field("file", content, filename="take.wav", content_type="audio/wav")
    started = time.monotonic()
    async with client.post(f"{world.url}/api/v1/transcribe", data=form, headers=person.headers) as answer:
        await answer.read()
        answers.statuses.append(answer.status)
    answers.seconds.append(time.monotonic() - started)


async def _look(
    client: aiohttp.ClientSession, world: World, person: Person, answers: _Answers, ended: asyncio.Event
) -> None:
    """Do what others do, until the uploads have ended."""
    while not ended.is_set():
        started = time.monotonic()
        async with client.get(f"{world.url}/api/v1/account", headers=person.headers) as answer:
            await answer.read()
        answers.others_seconds.append(time.monotonic() - started)
        await asyncio.sleep(LOOK_SECONDS)
