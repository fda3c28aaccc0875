"""The result, its files, and the original recording over HTTP."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from genesis_music.formats.registry import FORMATS
from genesis_music.service.transcriptions.repository import TranscriptionRepository
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench


@pytest.fixture
def path(api: Api, quick: Workbench, tone: bytes) -> str:
    """A finished transcription."""
    path = f"/transcribe/{api.accepted(tone)}"
    quick.work()
    assert api("GET", path).json()["status"] == "complete", api("GET", path).json()
    return path


def test_a_result_that_one_has_is_not_sent_again(api: Api, quick: Workbench, path: str) -> None:
    first = api("GET", f"{path}/result")
    assert first.status_code == 200
    tag = first.headers["etag"]
    again = api("GET", f"{path}/result", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert (
        api(
            "GET", f"{path}/files/gp5", headers={"If-None-Match": "*"}, params={"redirect": False}
        ).status_code
        == 304
    )

    api("POST", f"{path}/retab", json={"capo": 1})
    quick.work()
    newer = api("GET", f"{path}/result", headers={"If-None-Match": tag})
    assert newer.status_code == 200
    assert newer.json()["revision"] == 1


def test_the_result_comes_from_the_cache_until_it_is_deleted(api: Api, path: str, monkeypatch) -> None:
    first = api("GET", f"{path}/result").content

    def refuse(*_: object) -> bytes:
        raise AssertionError("asked the database again")

    monkeypatch.setattr("genesis_music.service.transcriptions.result_files._result_bytes", refuse)
    assert api("GET", f"{path}/result").content == first
    api("DELETE", path)
    assert api("GET", f"{path}/result").status_code == 404


def test_a_result_comes_compressed_to_those_who_can_read_that(api: Api, path: str) -> None:
    compressed = api("GET", f"{path}/result", headers={"Accept-Encoding": "br, gzip"})
    plain = api("GET", f"{path}/result", headers={"Accept-Encoding": "gzip;q=0"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert compressed.json() == plain.json()
    assert int(compressed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert {compressed.headers["vary"], plain.headers["vary"]} == {"Accept-Encoding"}


def test_files_are_named_by_the_title_whatever_it_holds(api: Api, path: str) -> None:
    api("PATCH", path, json={"title": 'Kaffee & "Kuchen"/\u2028 \u202e♫'})
    answer = api("GET", f"{path}/files/gp5", params={"redirect": False})
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment;")
    assert disposition.isascii()
    assert "/" not in disposition.partition(";")[2].split("filename*")[0]


def test_files_and_recordings_come_from_the_storage_itself_where_it_has_links(
    api: Api, quick: Workbench, path: str, tone: bytes
) -> None:
    for what, content in ((f"{path}/audio", tone), (f"{path}/files/tab.json", None)):
        answer = api("GET", what)
        if quick.platform.storage.presigned_url("health", 1) is None:
            assert answer.status_code == 200
            continue
        assert answer.status_code == 307
        fetched = httpx.get(answer.headers["location"], trust_env=False, timeout=60)
        assert fetched.status_code == 200
        assert content is None or fetched.content == content
        assert "attachment" in fetched.headers["content-disposition"]


def test_parts_of_the_recording_can_be_asked_for(api: Api, path: str, tone: bytes) -> None:
    def audio(method: str = "GET", **headers: str) -> httpx.Response:
        return api(method, f"{path}/audio", params={"redirect": False}, headers=headers)

    whole = audio()
    assert (whole.status_code, whole.content) == (200, tone)
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["accept-ranges"] == "bytes"
    part = audio(Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, tone[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(tone)}"
    assert part.headers["content-length"] == "10"
    assert audio(Range="bytes=-5").content == tone[-5:]
    beyond = audio(Range=f"bytes={len(tone)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(tone)}")
    assert audio(Range="bytes=0-1,4-5").status_code == 200
    assert audio(Range="bytes=0-1", **{"If-Range": '"changed"'}).content == tone
    head = audio("HEAD", Range="bytes=0-1")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(tone)))


@SQLITE_ONLY
def test_there_is_nothing_to_fetch_before_the_end(api: Api, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    for what in ("result", "files/gp5"):
        answer = api("GET", f"{path}/{what}")
        assert (answer.status_code, answer.json()["code"], answer.json()["transcription_status"]) == (
            409,
            "no-result",
            "queued",
        )
    assert api("GET", f"{path}/files/exe").status_code == 404


@SQLITE_ONLY
def test_a_file_that_is_gone_is_explained(api: Api, quick: Workbench, path: str) -> None:
    with quick.platform.database.writing() as session:
        row = TranscriptionRepository(session).find_by_id(UUID(path.rpartition("/")[2]))
        quick.platform.storage.delete_prefix(row.result_prefix)
        quick.platform.storage.delete(row.audio_path)
    assert api("GET", f"{path}/files/gp5", params={"redirect": False}).status_code == 409
    assert api("GET", f"{path}/audio", params={"redirect": False}).status_code == 410


def test_every_format_says_what_it_is() -> None:
    assert all("/" in one.media_type for one in FORMATS.values())
