"""Fixtures of the transcriptions' tests: an application that takes uploads, and a worker that works when told to."""

from __future__ import annotations

import hashlib
import io
import wave
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from genesis_music.pipeline.heard import Heard, Part
from genesis_music.score import Note, SourceInfo
from genesis_music.service.jobs.attempts import JobAttempts
from genesis_music.service.jobs.queue import JobQueue
from genesis_music.service.jobs.runner import Runner
from genesis_music.service.jobs.service import JobService
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.storage import ObjectStore
from genesis_music.service.transcriptions.handler import TranscriptionHandler
from tests.service.conftest import Person, client_of
from tests.service.servers import S3Server

PORCH = Path(__file__).parents[3] / "examples" / "morning-porch.ogg"
FEW_SECONDS = {"end": "4"}
"""Options that let a test listen to a few seconds only."""

SQLITE_ONLY = pytest.mark.parametrize("platform", ["sqlite"], indirect=True)
"""For tests whose outcome does not depend on the database or the storage."""


@dataclass
class Api:
    """What a person does over HTTP."""

    client: TestClient
    person: Person

    def __call__(self, method: str, path: str, **what: Any) -> Response:
        headers = self.person.headers | what.pop("headers", {})
        return self.client.request(method, f"/api/v1{path}", headers=headers, follow_redirects=False, **what)

    def upload(self, content: bytes, name: str = "porch.ogg", **fields: str) -> Response:
        return self("POST", "/transcribe", files={"file": (name, content)}, data=fields)

    def accepted(self, content: bytes, **fields: str) -> str:
        """Upload and return the transcription's id."""
        answer = self.upload(content, **fields)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["transcription_id"])


class Workbench:
    """Runs jobs in this process, the way a worker's child does."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.handler = TranscriptionHandler(platform)
        self.jobs = JobService(platform, self.handler, JobQueue(platform.settings, platform.redis))
        self.attempts = JobAttempts(self.jobs.changes)

    def work(self) -> list[UUID]:
        """Run every job that waits; returns their ids."""
        with self.platform.database.writing() as session:
            waiting = session.scalars(select(Job.id).where(Job.status == JobStatus.QUEUED)).all()
        for job_id in waiting:
            Runner(self.attempts, self.handler, "tests/").run(job_id)
        return list(waiting)


@pytest.fixture
def platform(platform: Platform, request: pytest.FixtureRequest) -> Platform:
    """SQLite with a local folder; PostgreSQL and its replica with a real S3 server."""
    if platform.settings.database_url.startswith("sqlite"):
        return platform
    server: S3Server = request.getfixturevalue("s3_server")
    storage = ObjectStore.from_url(server.url(), credentials=server.credentials, encryption="AES256")
    return replace(platform, storage=storage)


@pytest.fixture
def api(platform: Platform, user: Person) -> Iterator[Api]:
    with client_of(platform) as client:
        yield Api(client, user)


@pytest.fixture
def other_api(api: Api, other_user: Person) -> Api:
    return replace(api, person=other_user)


@pytest.fixture
def bench(platform: Platform) -> Iterator[Workbench]:
    workbench = Workbench(platform)
    yield workbench
    workbench.jobs.queue.close()


@pytest.fixture
def quick(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """A workbench whose recordings all sound the same, without a network listening to them."""
    notes = tuple(Note(0.5 * beat, 0.45, 52 + beat % 12, 0.8, 0.9) for beat in range(16))

    def hear(path: Path, *_: Any, **__: Any) -> Heard:
        source = SourceInfo("heard", 8.0, 44100, hashlib.sha256(path.read_bytes()).hexdigest())
        return Heard(source, "tests", (Part("Guitar", "guitar", notes),))

    monkeypatch.setattr("genesis_music.service.transcriptions.handler.hear", hear)
    return bench


@pytest.fixture(scope="session")
def tone() -> bytes:
    """A small recording."""
    return wav(1.0)


def wav(seconds: float, frequency_hz: float = 220.0) -> bytes:
    """A sine as a WAV file."""
    rate = 8000
    samples = (12000 * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate)).astype(
        "<i2"
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


@pytest.fixture(scope="session")
def porch() -> bytes:
    """A short real recording of a guitar."""
    return PORCH.read_bytes()
