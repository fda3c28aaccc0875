"""What nobody needs any more goes; what somebody needs stays."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from genesis_music.service.platform.storage import StorageUnavailableError
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.scratch import clear_abandoned, scratch_folder
from genesis_music.service.transcriptions.sweep import sweep
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench

AT_ONCE = timedelta(seconds=-5)
"""A grace period that is over already, also by a clock of whole seconds."""


def test_files_that_no_row_knows_go_and_the_others_stay(api: Api, quick: Workbench, tone: bytes) -> None:
    storage = quick.platform.storage
    path = f"/transcribe/{api.accepted(tone)}"
    quick.work()
    before = {found.key for found in storage.list()}
    orphans = [
        f"{keys.AUDIO}/ab/{'ab' * 32}.wav",
        f"{keys.RESULTS}/{uuid4()}/{uuid4()}-1/gp5",
        f"{keys.RESULTS}/{path.rpartition('/')[2]}/{uuid4()}-2/gp5",
        f"{keys.UPLOADS}/{uuid4()}/000-x",
        f"{keys.UPLOADS}/no-id/000-x",
    ]
    for key in orphans:
        storage.put_bytes(key, b"x")
    assert sweep(quick.platform).recordings == 0  # all too young
    swept = sweep(quick.platform, grace=AT_ONCE)
    assert (swept.recordings, swept.results, swept.pieces) == (1, 2, 2)
    assert {found.key for found in storage.list()} == before
    assert api("GET", f"{path}/files/gp5").status_code in {200, 307}


@SQLITE_ONLY
def test_deleting_while_the_storage_is_away_leaves_the_files_to_the_sweep(
    api: Api, quick: Workbench, tone: bytes, monkeypatch
) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    quick.work()

    def away(*_: object) -> None:
        raise StorageUnavailableError("away")

    with monkeypatch.context() as patched:
        patched.setattr("genesis_music.service.platform.storage.ObjectStore.delete_prefix", away)
        assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert list(quick.platform.storage.list(keys.RESULTS))
    sweep(quick.platform, grace=AT_ONCE)
    assert list(quick.platform.storage.list(keys.RESULTS)) == []
    assert list(quick.platform.storage.list(keys.AUDIO)) == []


def test_folders_of_a_killed_process_are_cleared_away(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    abandoned = tmp_path / f"genesis-scratch-{dead.pid}-x"
    abandoned.mkdir()
    (abandoned / "recording").write_bytes(b"x")
    others = tmp_path / "somebody-elses"
    others.mkdir()
    with scratch_folder() as mine:
        assert not abandoned.exists()
        clear_abandoned(tmp_path)
        assert mine.exists()
        assert str(os.getpid()) in mine.name
    assert [path.name for path in tmp_path.iterdir()] == ["somebody-elses"]
