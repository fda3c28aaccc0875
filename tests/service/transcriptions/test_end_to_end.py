"""From an uploaded recording to its files."""

from __future__ import annotations

import io

import guitarpro
import mido

from genesis_music.formats.registry import FORMATS
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions import keys
from tests.service.conftest import client_of
from tests.service.transcriptions.conftest import FEW_SECONDS, Api, Workbench


def test_a_recording_becomes_tab_with_all_its_files(api: Api, bench: Workbench, porch: bytes) -> None:
    answer = api.upload(porch, "Morning Porch.ogg", **FEW_SECONDS)
    assert answer.status_code == 202
    ids = answer.json()
    path = f"/transcribe/{ids['transcription_id']}"
    assert answer.headers["location"] == f"/api/v1{path}"
    waiting = api("GET", path).json()
    assert waiting["status"] == "queued"
    assert waiting["job"]["id"] == ids["job_id"]
    assert waiting["files"] == []

    bench.work()

    detail = api("GET", path).json()
    assert detail["status"] == "complete"
    assert detail["progress"] == 100
    assert detail["revision"] == 0
    assert detail["key_signature"]
    assert detail["tempo"] > 0
    result = api("GET", f"{path}/result").json()
    assert result["tab"]["schema"] == "genesis.tab/1"
    assert result["tab"]["tracks"][0]["notes"]
    assert result["analysis"]["chords"]
    for name in detail["files"]:
        file = api("GET", f"{path}/files/{name}", params={"redirect": False})
        assert file.status_code == 200, name
        assert file.headers["content-type"] == FORMATS[name].media_type
        assert file.content
    assert guitarpro.parse(
        io.BytesIO(api("GET", f"{path}/files/gp5", params={"redirect": False}).content)
    ).tracks
    assert mido.MidiFile(
        file=io.BytesIO(api("GET", f"{path}/files/mid", params={"redirect": False}).content)
    ).tracks
    assert api("GET", f"{path}/audio", params={"redirect": False}).content == porch


def test_another_tuning_is_written_without_listening_again(
    api: Api, bench: Workbench, porch: bytes, monkeypatch
) -> None:
    path = f"/transcribe/{api.accepted(porch, **FEW_SECONDS)}"
    bench.work()
    before = {found.key for found in bench.platform.storage.list(keys.RESULTS)}

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("listened again")

    monkeypatch.setattr("genesis_music.service.transcriptions.handler.hear", refuse)
    assert api("POST", f"{path}/retab", json={"tuning": "drop-d", "capo": 2}).status_code == 202
    bench.work()

    detail = api("GET", path).json()
    assert (detail["status"], detail["revision"], detail["job"]["kind"]) == ("complete", 1, "retab")
    assert detail["options"]["tuning"] == "drop-d"
    assert detail["options"]["end"] == 4
    track = api("GET", f"{path}/result").json()["tab"]["tracks"][0]
    assert (track["tuning"][-1], track["capo"]) == (38, 2)
    after = {found.key for found in bench.platform.storage.list(keys.RESULTS)}
    assert after > before
    assert len(after) == 2 * len(before)
    original = api("GET", f"{path}/result", params={"revision": 0}).json()["tab"]["tracks"][0]
    assert (original["tuning"][-1], original["capo"]) == (40, 0)


def test_a_second_attempt_goes_on_where_the_first_one_stopped(
    api: Api, bench: Workbench, porch: bytes, monkeypatch
) -> None:
    api.accepted(porch, **FEW_SECONDS)
    monkeypatch.setattr("genesis_music.service.transcriptions.handler.arrange", _fail)
    bench.work()
    monkeypatch.undo()
    monkeypatch.setattr("genesis_music.pipeline.hear._listen", _fail)
    with bench.platform.database.writing() as session:
        for job in session.query(Job):
            assert job.status is JobStatus.QUEUED
            job.not_before = None
    bench.work()
    page = api("GET", "/transcribe").json()
    assert [item["status"] for item in page["items"]] == ["complete"]


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError("a fault of ours")


def test_the_embedded_service_takes_recordings_without_signing_in(
    embedded_platform: Platform, tone: bytes
) -> None:
    with client_of(embedded_platform) as client:
        answer = client.post("/api/v1/transcribe", files={"file": ("a.wav", tone)})
        assert answer.status_code == 202, answer.text
        assert len(client.get("/api/v1/transcribe").json()["items"]) == 1
