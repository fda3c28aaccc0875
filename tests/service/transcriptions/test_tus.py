"""Resumable uploads (tus 1.0.0)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.storage import ObjectStore
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.repository import UploadRepository
from genesis_music.service.transcriptions.sweep import sweep
from genesis_music.service.transcriptions.tus_routes import Piece
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, wav

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}


def encoded(**metadata: str) -> str:
    return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in metadata.items())


def create(api: Api, length: int, **metadata: str) -> Response:
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": encoded(**metadata)}
    return api("POST", "/uploads", headers=headers)


def begin(api: Api, length: int, **metadata: str) -> str:
    answer = create(api, length, **metadata)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix("/api/v1")


def append(api: Api, path: str, offset: int, content: bytes, **headers: str) -> Response:
    return api("PATCH", path, headers=PIECE | {"Upload-Offset": str(offset)} | headers, content=content)


def offset(api: Api, path: str) -> int:
    return int(api("HEAD", path, headers=TUS).headers["upload-offset"])


def pieces(platform: Platform) -> list[str]:
    return [found.key for found in platform.storage.list(keys.UPLOADS)]


def test_a_recording_in_pieces_becomes_a_transcription(api: Api, platform: Platform, tone: bytes) -> None:
    path = begin(api, len(tone), filename="in pieces.wav", filetype="audio/wav", capo="2", tuning="drop-d")
    half = len(tone) // 2
    first = append(api, path, 0, tone[:half])
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(half))
    assert "genesis-transcription-id" not in first.headers
    head = api("HEAD", path, headers=TUS)
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == (str(half), str(len(tone)))
    assert head.headers["cache-control"] == "no-store"
    assert head.headers["upload-expires"].endswith("GMT")

    last = append(api, path, half, tone[half:])
    assert last.status_code == 204, last.text
    detail = api("GET", f"/transcribe/{last.headers['genesis-transcription-id']}").json()
    assert detail["job"]["id"] == last.headers["genesis-job-id"]
    assert (detail["title"], detail["options"]["capo"], detail["options"]["tuning"]) == (
        "in pieces",
        2,
        "drop-d",
    )
    assert api("GET", f"/transcribe/{detail['id']}/audio", params={"redirect": False}).content == tone
    assert pieces(platform) == []
    again = api("HEAD", path, headers=TUS)
    assert again.headers["genesis-transcription-id"] == detail["id"]
    assert append(api, path, len(tone), b"more").status_code == 409
    assert api("DELETE", path, headers=TUS).status_code == 204
    assert api("GET", f"/transcribe/{detail['id']}").status_code == 200


@SQLITE_ONLY
def test_any_cut_into_pieces_gives_the_same_recording(api: Api, tone: bytes) -> None:
    @settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.integers(1, len(tone) - 1), max_size=5, unique=True).map(sorted), st.booleans())
    def cut(places: list[int], at_once: bool) -> None:
        ends = [*places, len(tone)]
        if at_once:
            headers = PIECE | {"Upload-Length": str(len(tone))}
            answer = api("POST", "/uploads", headers=headers, content=tone[: ends[0]])
            assert answer.status_code == 201
            path, ends, start = answer.headers["location"].removeprefix("/api/v1"), ends[1:], ends[0]
        else:
            path, start = begin(api, len(tone)), 0
        for end in ends:
            assert offset(api, path) == start
            answer = append(api, path, start, tone[start:end])
            assert answer.headers["upload-offset"] == str(end)
            start = end
        id_ = answer.headers["genesis-transcription-id"]
        assert api("GET", f"/transcribe/{id_}/audio").content == tone
        api("DELETE", f"/transcribe/{id_}")

    cut()


def test_of_two_pieces_for_the_same_place_one_counts(api: Api, platform: Platform, tone: bytes) -> None:
    path = begin(api, len(tone))
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda size: append(api, path, 0, tone[:size]).status_code, [100, 200, 300, 400])
        )
    assert sorted(answers) == [204, 409, 409, 409]
    assert len(pieces(platform)) == 1
    start = offset(api, path)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: append(api, path, start, tone[start:]).status_code, range(3)))
    assert sorted(answers) == [204, 409, 409]
    assert len(api("GET", "/transcribe").json()["items"]) == 1


def test_a_last_piece_is_refused_when_another_was_faster_while_it_was_put_together(
    api: Api, tone: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, half = begin(api, len(tone)), len(tone) // 2
    append(api, path, 0, tone[:half])
    with monkeypatch.context() as patch:
        stream = ObjectStore.stream

        def overtaken(store: ObjectStore, key: str) -> Iterator[bytes]:
            patch.undo()
            assert append(api, path, half, tone[half:]).status_code == 204
            return stream(store, key)

        patch.setattr(ObjectStore, "stream", overtaken)
        answer = append(api, path, half, tone[half:])
    assert (answer.status_code, answer.headers["upload-offset"]) == (409, str(len(tone)))


@SQLITE_ONLY
def test_a_damaged_piece_does_not_count(api: Api, platform: Platform, tone: bytes) -> None:
    path = begin(api, len(tone))
    for algorithm in ("sha1", "sha256"):
        digest = base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
        answer = append(api, path, 0, tone[:50], **{"Upload-Checksum": f"{algorithm} {digest}"})
        assert (answer.status_code, answer.json()["code"]) == (460, "checksum-mismatch")
    assert (offset(api, path), pieces(platform)) == (0, [])
    digest = base64.b64encode(hashlib.sha1(tone[:50]).digest()).decode()
    assert append(api, path, 0, tone[:50], **{"Upload-Checksum": f"sha1 {digest}"}).status_code == 204
    assert append(api, path, 50, b"x", **{"Upload-Checksum": "crc32 AAAA"}).status_code == 400
    assert append(api, path, 50, b"x", **{"Upload-Checksum": "sha1 ???"}).status_code == 400


@SQLITE_ONLY
def test_a_complete_file_that_is_no_recording_is_refused_and_forgotten(api: Api, platform: Platform) -> None:
    content = b"%PDF-1.7" + b"\0" * 1000
    path = begin(api, len(content))
    assert append(api, path, 0, content).status_code == 415
    assert api("HEAD", path, headers=TUS).status_code == 404
    assert list(platform.storage.list()) == []


@SQLITE_ONLY
def test_a_last_piece_that_could_not_be_taken_may_come_again(
    api: Api, tone: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genesis_music.service.platform.storage import StorageUnavailableError

    def refuse(*_: object) -> None:
        raise StorageUnavailableError("away")

    path = begin(api, len(tone))
    append(api, path, 0, tone[:100])
    with monkeypatch.context() as patched:
        patched.setattr("genesis_music.service.transcriptions.service.keep_recording", refuse)
        assert append(api, path, 100, tone[100:]).status_code == 503
    assert offset(api, path) == 100
    assert append(api, path, 100, tone[100:]).status_code == 204


@SQLITE_ONLY
def test_what_is_understood_can_be_asked_without_an_account(api: Api) -> None:
    answer = api.client.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert "creation-with-upload" in answer.headers["tus-extension"]
    assert int(answer.headers["tus-max-size"]) > 0


@SQLITE_ONLY
def test_an_upload_that_makes_no_sense_is_not_begun(api: Api) -> None:
    for headers, status in [
        ({"Upload-Length": "5"}, 412),
        (TUS | {"Tus-Resumable": "0.2.2", "Upload-Length": "5"}, 412),
        (TUS, 400),
        (TUS | {"Upload-Length": "0"}, 422),
        (TUS | {"Upload-Length": "-1"}, 422),
        (TUS | {"Upload-Length": "x"}, 422),
        (TUS | {"Upload-Length": "9" * 15}, 413),
        (TUS | {"Upload-Length": "9" * 40}, 422),
        (TUS | {"Upload-Defer-Length": "1"}, 400),
        (TUS | {"Upload-Length": "5", "Upload-Metadata": "filename ???"}, 400),
        (TUS | {"Upload-Length": "5", "Upload-Metadata": encoded(tuning="klingon")}, 422),
        (TUS | {"Upload-Length": "5", "Upload-Metadata": encoded(colour="red")}, 422),
        (PIECE | {"Upload-Length": "2"}, 413),
    ]:
        answer = api(
            "POST", "/uploads", headers=headers, content=b"hello" if "Content-Type" in headers else b""
        )
        assert answer.status_code == status, answer.text


@SQLITE_ONLY
def test_a_piece_that_does_not_fit_is_refused(
    api: Api, other_api: Api, platform: Platform, tone: bytes
) -> None:
    path = begin(api, 1000, filename="../../x\r\ny.wav")
    assert append(api, path, 5, b"x").status_code == 409
    assert append(api, path, 0, b"x" * 1001).status_code == 413
    assert append(api, path, 0, b"").headers["upload-offset"] == "0"
    assert append(api, path, 0, b"x", **{"Content-Type": "audio/wav"}).status_code == 415
    assert append(api, path, 0, b"x", **{"Upload-Offset": "x"}).status_code == 422
    assert api("PATCH", path, headers=PIECE, content=b"x").status_code == 400
    for method in ("HEAD", "PATCH", "DELETE"):
        answer = other_api(method, path, headers=PIECE | {"Upload-Offset": "0"})
        assert answer.status_code == 404
    assert offset(api, path) == 0
    assert pieces(platform) == []
    assert [begin(api, 5) and 201 for _ in range(19)] == [201] * 19
    assert create(api, 5).status_code == 429


@SQLITE_ONLY
def test_an_upload_that_is_given_up_or_forgotten_leaves_nothing(
    api: Api, platform: Platform, tone: bytes
) -> None:
    given_up, forgotten, going_on = (begin(api, len(tone)) for _ in range(3))
    for path in (given_up, forgotten, going_on):
        append(api, path, 0, tone[:10])
    assert api("DELETE", given_up, headers=TUS).status_code == 204
    with platform.database.writing() as session:
        uploads = UploadRepository(session)
        row = uploads.find_by_id(UUID(forgotten.rpartition("/")[2]))
        uploads.update(row, expires_at=utc_now() - timedelta(seconds=1))
    assert sweep(platform).uploads == 1
    assert api("HEAD", forgotten, headers=TUS).status_code == 404
    assert [going_on.rpartition("/")[2] in key for key in pieces(platform)] == [True]
    assert wav(1.0) == tone


def test_what_came_before_the_connection_broke_counts() -> None:
    messages = iter(
        [
            {"type": "http.request", "body": b"abc", "more_body": True},
            {"type": "http.request", "body": b"def", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> dict[str, object]:
        return next(messages)

    async def read() -> bytes:
        piece = Piece(Request({"type": "http", "headers": []}, receive), 100, None)
        return b"".join([packet async for packet in piece.content()])

    assert asyncio.run(read()) == b"abcdef"
