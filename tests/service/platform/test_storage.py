"""Storage: the same promises in a folder, in memory and in a real S3."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.errors import SettingsError
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
    chunks = [bytes([number]) * 700_001 for number in range(16)]
    assert store.put_stream("uploads/long.wav", iter(chunks)) == 16 * 700_001
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


def test_an_upload_whose_client_goes_away_leaves_nothing(store: ObjectStore):
    async def upload_and_leave() -> None:
        under_way = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield bytes(12 * MEBIBYTE)
            under_way.set()
            await asyncio.Event().wait()

        upload = asyncio.create_task(store.put_stream_async("uploads/left.wav", body()))
        await under_way.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload

    asyncio.run(upload_and_leave())
    assert list(store.list()) == []


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


def test_removing_thousands_removes_all_of_them(store: ObjectStore, monkeypatch: pytest.MonkeyPatch):
    for number in range(30):
        store.put_bytes(f"account/{number}", b"x", durable=False)
    store.put_bytes("other", b"x")
    monkeypatch.setattr("genesis_music.service.platform.storage.KEYS_AT_ONCE", 7)
    assert store.delete_prefix("account") == 30
    assert [found.key for found in store.list()] == ["other"]


def test_removing_what_somebody_else_removes_meanwhile_removes_the_rest(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
):
    keys = [f"account/{number}" for number in range(5)]
    for key in keys:
        store.put_bytes(key, b"x")
    listed = list(store.list("account"))
    store.delete(keys[2])
    with monkeypatch.context() as patch:
        patch.setattr(store, "list", lambda _: iter(listed))
        store.delete_prefix("account")
    assert list(store.list()) == []


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


def test_an_object_replaced_while_it_is_read_is_not_mixed_with_its_successor(store: ObjectStore):
    store.put_bytes("a", b"1" * 3 * MEBIBYTE)
    blocks = store.stream("a")
    assert next(blocks) == b"1" * MEBIBYTE
    store.put_bytes("a", b"2" * 3 * MEBIBYTE)
    with pytest.raises(StorageUnavailableError):
        next(blocks)


def test_an_upload_keeps_its_own_error_even_if_it_looks_like_the_storages(store: ObjectStore, tmp_path: Path):
    def body() -> Iterator[bytes]:
        yield b"x"
        raise FileNotFoundError("the spool file")

    with pytest.raises(FileNotFoundError, match="spool"):
        store.put_stream("a", body())
    with pytest.raises(FileNotFoundError, match="nothing"):
        store.put_file("a", tmp_path / "nothing")


@settings(max_examples=30, deadline=None)
@given(size=st.integers(0, 3 * MEBIBYTE), cuts=st.lists(st.integers(0, 4 * MEBIBYTE), max_size=6))
def test_any_cut_of_an_upload_and_any_range_fit_together(size: int, cuts: list[int]):
    store = ObjectStore.from_url("memory://")
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    edges = sorted({0, size, *(min(cut, size) for cut in cuts)})
    store.put_stream("a", (content[first:last] for first, last in pairwise(edges)))
    assert b"".join(store.stream("a")) == content
    for first, last in pairwise(edges):
        assert store.get_range("a", first, last) == content[first:last]


NONSENSE = [
    *("http://example.org/x", "/folder", "", "file://folder", "file:relative", "file:///x?region=y"),
    *("s3:///prefix", "s3://key:secret@bucket/x", "s3://bucket?colour=red", "s3://bucket?timeout=soon"),
]


@pytest.mark.parametrize("url", NONSENSE)
def test_a_storage_address_that_makes_no_sense_is_refused_at_the_start(url: str):
    with pytest.raises(SettingsError):
        ObjectStore.from_url(url)


def test_settings_of_s3_beside_a_folder_are_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match="remove them"):
        ObjectStore.from_url(f"file://{tmp_path}", encryption="AES256")
    with pytest.raises(SettingsError, match="aws:kms"):
        ObjectStore.from_url("s3://bucket", encryption="AES256", kms_key_id="key")
