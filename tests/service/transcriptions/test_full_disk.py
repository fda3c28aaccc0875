"""Uploads that meet a full disk, or an S3 that refuses: an answer that says to come back, and nothing left behind.

A full disk is met twice: as a small file system (where this user may mount one), and as the system's limit on the size
of a file, which refuses in the same place and can be had everywhere.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from httpx import Response

from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.presign import S3Credentials
from genesis_music.service.platform.storage import ObjectStore
from tests.service.conftest import Person, client_of
from tests.service.proxy import faulty_proxy
from tests.service.servers import S3Server, until
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, wav
from tests.service.transcriptions.test_tus import append, begin, offset

pytestmark = SQLITE_ONLY

ROOM_BYTES, MORE_ROOM_BYTES = 2 * 1024**2, 20 * 1024**2
LONG = wav(150.0)
"""A recording that does not fit."""
HALF = len(LONG) // 2
KEY = {"Idempotency-Key": "the-same-request"}


class SmallDisk:
    """A folder that takes ``ROOM_BYTES``, until it is told to take more."""

    def __init__(self, folder: Path, enlarge: Callable[[int], object]) -> None:
        self.folder = folder
        self._enlarge = enlarge

    def enlarge(self) -> None:
        self._enlarge(MORE_ROOM_BYTES)

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@contextmanager
def small_file_system(folder: Path) -> Iterator[SmallDisk]:
    def mount(bytes_: int, *more: str) -> int:
        options = ",".join([f"size={bytes_}", *more])
        return subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False
        ).returncode

    if os.geteuid() != 0 or mount(ROOM_BYTES) != 0:
        pytest.skip("this user may not mount a small file system")
    try:
        yield SmallDisk(folder, lambda bytes_: mount(bytes_, "remount"))
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def small_files(folder: Path) -> Iterator[SmallDisk]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(bytes_: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, before[1]))

    limit(ROOM_BYTES)
    try:
        yield SmallDisk(folder, limit)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=[small_file_system, small_files])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with request.param(folder) as small:
        yield small


def kept_in(platform: Platform, user: Person, storage: ObjectStore) -> Api:
    """A person's API on another storage."""
    return Api(client_of(replace(platform, storage=storage)), user)


def says_to_come_back(answer: Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert "Try again" in answer.json()["detail"]


def upload(api: Api) -> Response:
    return api("POST", "/transcribe", files={"file": ("long.wav", LONG)}, headers=KEY)


def listed(api: Api) -> int:
    return len(api("GET", "/transcribe").json()["items"])


def test_a_recording_that_finds_no_room_where_it_comes_in_can_be_sent_again(
    api: Api, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
    says_to_come_back(upload(api))
    assert disk.files() == []
    assert listed(api) == 0
    disk.enlarge()
    assert upload(api).status_code == 202
    assert disk.files() == []


def test_a_recording_that_finds_no_room_where_it_is_kept_can_be_sent_again(
    platform: Platform, user: Person, disk: SmallDisk
) -> None:
    api = kept_in(platform, user, ObjectStore.from_url(disk.folder.as_uri()))
    says_to_come_back(upload(api))
    assert disk.files() == []
    assert listed(api) == 0
    disk.enlarge()
    assert upload(api).status_code == 202


def test_a_piece_that_finds_no_room_can_be_sent_again(
    platform: Platform, user: Person, disk: SmallDisk
) -> None:
    api = kept_in(platform, user, ObjectStore.from_url(disk.folder.as_uri()))
    path = begin(api, len(LONG), filename="long.wav")
    says_to_come_back(append(api, path, 0, LONG))
    assert disk.files() == []
    assert offset(api, path) == 0
    disk.enlarge()
    assert "genesis-transcription-id" in append(api, path, 0, LONG).headers


def test_pieces_that_find_no_room_to_be_put_together_are_kept(
    api: Api, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
    path = begin(api, len(LONG), filename="long.wav")
    append(api, path, 0, LONG[:HALF])
    says_to_come_back(append(api, path, HALF, LONG[HALF:]))
    assert disk.files() == []
    assert offset(api, path) == HALF
    disk.enlarge()
    assert "genesis-transcription-id" in append(api, path, HALF, LONG[HALF:]).headers


class FullBucket(BaseHTTPRequestHandler):
    """S3 where nothing is and nothing more fits."""

    def do_HEAD(self) -> None:
        self._answer(404, b"")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(507, b"<Error><Code>InsufficientStorage</Code><Message>Full</Message></Error>")

    def do_POST(self) -> None:
        self.do_PUT()

    def do_DELETE(self) -> None:
        self._answer(204, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def full_bucket() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), FullBucket) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"s3://bucket?endpoint=http://127.0.0.1:{server.server_port}&timeout=2"
        server.shutdown()


def test_a_full_bucket_refuses_uploads_and_nothing_is_accepted(
    platform: Platform, user: Person, full_bucket: str, tone: bytes
) -> None:
    api = kept_in(platform, user, ObjectStore.from_url(full_bucket, credentials=S3Credentials("a", "b")))
    says_to_come_back(api.upload(tone))
    assert listed(api) == 0
    path = begin(api, len(tone), filename="tone.wav")
    says_to_come_back(append(api, path, 0, tone))
    assert offset(api, path) == 0


def test_a_bucket_that_is_lost_in_the_middle_of_an_upload_takes_it_when_it_is_back(
    platform: Platform, user: Person, s3_server: S3Server
) -> None:
    with faulty_proxy(urlsplit(s3_server.endpoint).port or 0) as proxy:
        url = s3_server.url(endpoint=f"http://127.0.0.1:{proxy.port}")
        storage = ObjectStore.from_url(url, credentials=s3_server.credentials)
        api = kept_in(platform, user, storage)
        proxy.delay_seconds = 0.01
        losing = threading.Thread(target=lambda: (until(lambda: proxy.bytes_up > HALF), proxy.refuse()))
        losing.start()
        says_to_come_back(upload(api))
        losing.join()
        proxy.heal()
        assert listed(api) == 0
        assert list(storage.list()) == []
        assert upload(api).status_code == 202
