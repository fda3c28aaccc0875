"""Storage: the same promises in a folder, in memory and in a real S3."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from genesis_music.service.platform.presign import S3Credentials
from genesis_music.service.platform.storage import (
    ObjectStore,
    StorageKeyError,
    StorageMissingError,
    StorageRangeError,
    StorageUnavailableError,
)
from tests.service.servers import S3Server

MEBIBYTE = 1024 * 1024


@pytest.fixture(params=["file", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    match request.param:
        case "file":
            return ObjectStore.from_url(f"file://{tmp_path}/storage with spaces")
        case "memory":
            return ObjectStore.from_url("memory://")
        case _:
            server: S3Server = request.getfixturevalue("s3_server")
            return ObjectStore.from_url(server.url(), credentials=server.credentials)


def test_what_was_kept_comes_back(store: ObjectStore):
    store.put_bytes("results/1/song.mid", b"MThd")
    assert store.get("results/1/song.mid") == b"MThd"
    assert store.size("results/1/song.mid") == 4
    assert store.exists("results/1/song.mid")
    assert not store.exists("results/1/song.gp5")


def test_a_streamed_upload_of_several_parts_arrives_whole(store: ObjectStore):
    chunks = [bytes([number]) * 700_001 for number in range(20)]
    assert store.put_stream("uploads/long.wav", iter(chunks)) == 20 * 700_001
    assert b"".join(store.stream("uploads/long.wav")) == b"".join(chunks)


def test_an_upload_on_the_event_loop_arrives_whole(store: ObjectStore):
    async def body() -> AsyncIterator[bytes]:
        for number in range(3):
            yield bytes([number]) * MEBIBYTE

    async def round_trip() -> bytes:
        assert await store.put_stream_async("uploads/a.wav", body()) == 3 * MEBIBYTE
        return b"".join(
            [block async for block in await store.stream_async("uploads/a.wav", 5, 2 * MEBIBYTE + 7)]
        )

    expected = bytes(MEBIBYTE) + bytes([1]) * MEBIBYTE + bytes([2]) * MEBIBYTE
    assert asyncio.run(round_trip()) == expected[5 : 2 * MEBIBYTE + 7]


def test_an_upload_that_breaks_off_leaves_nothing_and_says_why(store: ObjectStore):
    class ClientLeftError(Exception):
        pass

    def body() -> Iterator[bytes]:
        yield b"x" * (6 * MEBIBYTE)
        raise ClientLeftError

    with pytest.raises(ClientLeftError):
        store.put_stream("uploads/half.wav", body())
    assert not store.exists("uploads/half.wav")
    assert list(store.list()) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0, 1, b"0"), (3, 7, b"3456"), (8, 100, b"89"), (9, None, b"9")]
)
def test_a_range_is_delivered_exactly(store: ObjectStore, start: int, end: int | None, expected: bytes):
    store.put_bytes("a", b"0123456789")
    assert store.get_range("a", start, end) == expected


@pytest.mark.parametrize(("start", "end"), [(10, None), (11, 12), (5, 5), (5, 4), (-1, 3)])
def test_a_range_outside_the_object_is_refused(store: ObjectStore, start: int, end: int | None):
    store.put_bytes("a", b"0123456789")
    with pytest.raises(StorageRangeError):
        store.stream("a", start, end)


def test_an_empty_object_is_an_object(store: ObjectStore):
    assert store.put_stream("empty", iter([])) == 0
    assert store.get("empty") == b""
    assert list(store.stream("empty")) == []


def test_what_is_missing_is_said_before_the_first_byte(store: ObjectStore):
    for ask in (store.get, store.head, store.size, store.stream):
        with pytest.raises(StorageMissingError):
            ask("uploads/nothing")


def test_removing_twice_is_fine(store: ObjectStore):
    store.put_bytes("a", b"1")
    store.delete("a")
    store.delete("a")
    assert not store.exists("a")


def test_a_prefix_names_whole_segments(store: ObjectStore):
    for key in ("jobs/1/a", "jobs/1/b/c", "jobs/10/a", "jobs/2"):
        store.put_bytes(key, b"x")
    assert {found.key for found in store.list("jobs/1")} == {"jobs/1/a", "jobs/1/b/c"}
    assert store.delete_prefix("jobs/1") == 2
    assert {found.key for found in store.list()} == {"jobs/10/a", "jobs/2"}


HOSTILE_KEYS = [
    *(
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a/..",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "~root",
        "C:x",
        "-rf",
    ),
    *("a\x00b", "a\nb", "a\n", "ä", "a b", "a%2e", "a\\b", "a#1", "a?b", "x" * 201, "/".join(["x"] * 300)),
]


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_hostile_keys_are_refused_everywhere(store: ObjectStore, key: str, tmp_path: Path):
    for act in (
        store.get,
        store.delete,
        store.delete_prefix,
        store.stream,
        lambda key: store.put_bytes(key, b""),
    ):
        with pytest.raises(StorageKeyError):
            act(key)
    with pytest.raises(StorageKeyError):
        store.download(key, tmp_path / "x")


def test_files_go_in_and_out_whole(store: ObjectStore, tmp_path: Path):
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 30_000)
    store.put_file("uploads/file", source)
    store.download("uploads/file", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()
    with pytest.raises(StorageMissingError):
        store.download("nothing", tmp_path / "nothing")
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"source", "copy"}


def test_the_sweep_takes_the_old_and_leaves_the_young(store: ObjectStore):
    store.put_bytes("tmp/a", b"1")
    store.put_bytes("kept/a", b"1")
    assert store.sweep_temporary("tmp", timedelta(hours=1)) == 0
    assert store.sweep_temporary("tmp", timedelta(seconds=-10)) == 1
    assert [found.key for found in store.list()] == ["kept/a"]


def test_orphans_are_what_nothing_refers_to(store: ObjectStore):
    for key in ("results/1/a", "results/2/a"):
        store.put_bytes(key, b"1")

    def known(key: str) -> bool:
        return key.startswith("results/1/")

    assert list(store.orphans("results", known, timedelta(hours=1))) == []
    assert [found.key for found in store.orphans("results", known, timedelta(seconds=-10))] == ["results/2/a"]
    assert store.sweep_orphans("results", known, timedelta(seconds=-10)) == 1
    assert store.exists("results/1/a")


def test_a_link_needs_no_credentials_names_the_file_and_expires(s3_server: S3Server):
    store = ObjectStore.from_url(s3_server.url(), credentials=s3_server.credentials)
    store.put_bytes("results/1/song.mid", b"MThd")
    url = store.presigned_url(
        "results/1/song.mid", 60, filename='Lágrima "live"/1.mid', content_type="audio/midi"
    )
    assert url is not None
    answer = httpx.get(url)
    assert (answer.status_code, answer.content) == (200, b"MThd")
    assert "filename*=UTF-8''L%C3%A1grima%20%22live%22%2F1.mid" in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "audio/midi"
    assert httpx.get(url.split("?")[0]).status_code == 403
    assert httpx.get(url.replace("song.mid?", "song.gp5?")).status_code == 403


def test_a_local_folder_has_no_links(tmp_path: Path):
    assert ObjectStore.from_url(f"file://{tmp_path}").presigned_url("a", 60) is None


def test_wrong_credentials_are_refused(s3_server: S3Server):
    forged = S3Credentials(s3_server.credentials.access_key_id, "wrong")
    store = ObjectStore.from_url(s3_server.url(), credentials=forged)
    with pytest.raises(StorageUnavailableError):
        store.put_bytes("a", b"1")
