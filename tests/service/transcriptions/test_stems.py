"""Bands that are taken apart, with a tiny real Demucs model: their stems are kept once for all workers, and heard."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from genesis_music.service.platform.storage import ObjectStore
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.stems import StoredStems
from genesis_music.service.transcriptions.sweep import sweep
from genesis_music.service.transcriptions.tables import Transcription
from tests.separation.models import SIX, save_model
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench

pytest.importorskip("demucs", reason="needs the extra separate")

BAND = {"separate": "true", "end": "1"}
UNREDIRECTED = {"redirect": False}
AT_ONCE = timedelta(seconds=-5)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model"), SIX)


@pytest.fixture
def band(bench: Workbench, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """A workbench that takes recordings apart with the tiny model, and keeps stems in a folder of its own."""
    monkeypatch.setattr("genesis_music.service.transcriptions.options.SEPARATION_MODEL", str(model))
    move_to(tmp_path / "first worker", monkeypatch)
    return bench


def move_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work on another machine."""
    monkeypatch.setattr("genesis_music.service.transcriptions.handler.user_cache_folder", lambda: folder)


def taken_apart(api: Api, band: Workbench, content: bytes, **options: str) -> str:
    """The path of a recording that was taken apart."""
    path = f"/transcribe/{api.accepted(content, **BAND, **options)}"
    band.work()
    assert api("GET", path).json()["status"] == "complete", api("GET", path).json()
    return path


def kept(storage: ObjectStore) -> list[str]:
    return [found.key for found in storage.list(keys.STEMS)]


def test_the_stems_of_a_band_can_be_heard(api: Api, other_api: Api, band: Workbench, porch: bytes) -> None:
    path = taken_apart(api, band, porch)
    stems = api("GET", f"{path}/stems").json()
    assert [stem["name"] for stem in stems] == sorted(SIX)
    for stem in stems:
        where = stem["url"].removeprefix("/api/v1")
        whole = api("GET", where, params=UNREDIRECTED)
        assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
        assert len(whole.content) == stem["size_bytes"] and whole.content.startswith(b"RIFF")
        part = api("GET", where, params=UNREDIRECTED, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole.content[100:200])
        again = api("GET", where, params=UNREDIRECTED, headers={"If-None-Match": whole.headers["etag"]})
        assert again.status_code == 304
        assert other_api("GET", where).status_code == 404
    head = api("HEAD", f"{path}/stems/bass")
    assert (head.status_code, head.content, int(head.headers["content-length"]) > 1000) == (200, b"", True)
    assert api("GET", f"{path}/stems/kazoo").status_code == 404


@SQLITE_ONLY
def test_a_link_lets_others_hear_the_stems(api: Api, band: Workbench, porch: bytes) -> None:
    path = taken_apart(api, band, porch)
    token = api("POST", f"{path}/shares", json={}).json()["token"]
    [first, *_] = api.client.get(f"/api/v1/shared/{token}/stems").json()
    assert api.client.get(first["url"]).status_code == 200


def test_another_worker_uses_the_stems_again(
    api: Api, band: Workbench, porch: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = taken_apart(api, band, porch)
    before = kept(band.platform.storage)
    move_to(tmp_path / "second worker", monkeypatch)
    monkeypatch.setattr("genesis_music.separation.demucs.load_model", lambda *_: pytest.fail("again"))
    second = taken_apart(api, band, porch, denoise="off")
    assert kept(band.platform.storage) == before
    names = [[stem["name"] for stem in api("GET", f"{path}/stems").json()] for path in (first, second)]
    assert names[0] == names[1] == sorted(SIX)


def test_stems_go_with_the_last_transcription_that_has_them(api: Api, band: Workbench, porch: bytes) -> None:
    first, second = taken_apart(api, band, porch), taken_apart(api, band, porch)
    api("DELETE", first)
    assert len(api("GET", f"{second}/stems").json()) == len(SIX)
    api("DELETE", second)
    assert kept(band.platform.storage) == []
    third = taken_apart(api, band, porch)
    assert len(api("GET", f"{third}/stems").json()) == len(SIX)


@SQLITE_ONLY
def test_writing_anew_keeps_the_stems_and_listening_without_them_lets_them_go(
    api: Api, band: Workbench, porch: bytes
) -> None:
    path = taken_apart(api, band, porch)
    api("POST", f"{path}/retab", json={"capo": 1})
    band.work()
    assert len(api("GET", f"{path}/stems").json()) == len(SIX)
    api("POST", f"{path}/retry", json={"separate": False})
    band.work()
    assert api("GET", f"{path}/stems").json() == []
    assert kept(band.platform.storage) == []


@SQLITE_ONLY
def test_the_sweep_deletes_only_stems_that_nobody_has(
    api: Api, band: Workbench, porch: bytes, tmp_path: Path
) -> None:
    path = taken_apart(api, band, porch)
    before = kept(band.platform.storage)
    (tmp_path / "source.json").write_text("{}")
    StoredStems(band.platform.storage).keep("ab" * 32, tmp_path)
    assert sweep(band.platform, grace=AT_ONCE).stems == 1
    assert kept(band.platform.storage) == before
    with Session(band.platform.database.primary) as session:
        row = session.get_one(Transcription, UUID(path.rpartition("/")[2]))
        assert row.stems_prefix is not None and before[0].startswith(row.stems_prefix)


@SQLITE_ONLY
def test_a_solo_recording_has_no_stems(api: Api, quick: Workbench, tone: bytes) -> None:
    path = f"/transcribe/{api.accepted(tone)}"
    assert api("GET", f"{path}/stems").json()["code"] == "no-result"
    quick.work()
    assert api("GET", f"{path}/stems").json() == []
    assert api("GET", f"{path}/stems/guitar").status_code == 404
