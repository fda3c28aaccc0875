"""What only a local folder has: a writer that is killed, a disk that is full, leftovers, a fork."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from genesis_music.service.platform.storage import ObjectStore, StorageUnavailableError
from tests.service.servers import until

OPEN = """
import sys
from genesis_music.service.platform.storage import ObjectStore
store = ObjectStore.from_url("file://" + sys.argv[1])
"""

ENDLESS_UPLOAD = """
import time
def body():
    for _ in range(16):
        yield bytes(1024 * 1024)
    time.sleep(1000)
store.put_stream("uploads/long.wav", body())
"""

UPLOAD_TO_A_FULL_DISK = """
import resource
from genesis_music.service.platform.storage import StorageUnavailableError
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
for upload in (
    lambda: store.put_stream("uploads/long.wav", [bytes(1024 * 1024)] * 5),
    lambda: store.put_bytes("uploads/long.wav", bytes(5 * 1024 * 1024)),
):
    try:
        upload()
    except StorageUnavailableError as error:
        print("unavailable:", error)
"""

FORK_AFTER_USE = """
import os
store.put_bytes("a", b"1")
if os.fork() == 0:
    try:
        store.get("a")
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
"""

FORK_BEFORE_USE = """
import os
if os.fork() == 0:
    store.put_bytes("a", b"1")
    print(store.get("a"), flush=True)
    os._exit(0)
os.wait()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture
def store(folder: Path) -> ObjectStore:
    return ObjectStore.from_url(f"file://{folder}")


def run(program: str, folder: Path) -> str:
    command = [sys.executable, "-c", OPEN + program, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def written_before(path: Path, age: timedelta) -> None:
    moment = (datetime.now(UTC) - age).timestamp()
    os.utime(path, (moment, moment))


SWEEPS: list[Callable[[ObjectStore], int]] = [
    lambda store: store.sweep_temporary("uploads", timedelta(hours=1)),
    lambda store: store.sweep_orphans("uploads", lambda _: True, timedelta(hours=1)),
    lambda store: store.sweep_unfinished(timedelta(hours=1)),
]


@pytest.mark.parametrize("sweep", SWEEPS, ids=["temporary", "orphans", "unfinished"])
def test_a_writer_that_is_killed_leaves_nothing_to_be_seen_and_the_sweep_takes_its_leftovers(
    store: ObjectStore, folder: Path, sweep: Callable[[ObjectStore], int]
):
    writer = subprocess.Popen([sys.executable, "-c", OPEN + ENDLESS_UPLOAD, str(folder)])
    until(lambda: any(path.stat().st_size > 3_000_000 for path in files(folder)))
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert not store.exists("uploads/long.wav")
    assert list(store.list()) == []
    (left,) = files(folder)
    assert sweep(store) == 0
    written_before(left, timedelta(hours=2))
    assert sweep(store) == 1
    assert files(folder) == []


def test_a_full_disk_is_said_and_leaves_nothing(store: ObjectStore, folder: Path):
    said = run(UPLOAD_TO_A_FULL_DISK, folder)
    assert said.count("unavailable:") == 2
    assert files(folder) == []
    store.put_bytes("uploads/long.wav", b"1")


def test_a_full_disk_leaves_what_was_there_before(store: ObjectStore, folder: Path):
    store.put_bytes("uploads/long.wav", b"the first version")
    run(UPLOAD_TO_A_FULL_DISK, folder)
    assert store.get("uploads/long.wav") == b"the first version"


def test_a_folder_that_cannot_be_written_is_said(store: ObjectStore, folder: Path):
    (folder / "uploads").write_text("a file where a folder should be")
    with pytest.raises(StorageUnavailableError):
        store.put_bytes("uploads/a", b"1")


def test_a_process_forked_too_late_is_told_instead_of_hanging(folder: Path):
    assert "before this process was forked" in run(FORK_AFTER_USE, folder)


def test_a_process_forked_in_time_works(folder: Path):
    assert run(FORK_BEFORE_USE, folder) == "b'1'\n"


def test_an_object_written_again_while_the_sweep_runs_stays(store: ObjectStore, folder: Path):
    for key in ("results/1", "results/2"):
        store.put_bytes(key, b"old")
        written_before(folder / key, timedelta(hours=2))

    def used_again(key: str) -> bool:
        if key == "results/1":
            store.put_bytes(key, b"new")
        return False

    assert store.sweep_orphans("results", used_again, timedelta(hours=1)) == 1
    assert [found.key for found in store.list()] == ["results/1"]


def test_only_what_must_survive_a_power_cut_waits_for_the_disk(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
):
    forced: list[str] = []

    def force(descriptor: int) -> None:
        forced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr(os, "fsync", force)
    store.put_bytes("results/song.mid", b"1", durable=False)
    store.put_stream("results/song.gp5", [b"1"], durable=False)
    assert forced == []
    store.put_stream("uploads/song.wav", [b"1"])
    assert forced == ["song.wav", "uploads"]


def test_empty_folders_do_not_pile_up(store: ObjectStore, folder: Path):
    store.put_bytes("results/1/2/3", b"1")
    store.delete("results/1/2/3")
    assert list(folder.iterdir()) == []
