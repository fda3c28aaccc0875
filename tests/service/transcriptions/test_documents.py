"""The tab and the analysis are kept once: in the store. The row only describes them."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from sqlalchemy import select

from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.storage import StorageUnavailableError
from genesis_music.service.transcriptions.summaries import analysis_summary, tab_summary
from genesis_music.service.transcriptions.tables import Transcription
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench


def described(platform: Platform, id_: str) -> tuple[dict, dict]:
    query = select(Transcription.tab_data, Transcription.theory_analysis).where(Transcription.id == UUID(id_))
    with platform.database.writing() as session:
        tab, analysis = session.execute(query).one()
    return tab, analysis


def test_a_result_is_what_the_files_hold_and_the_row_describes_it(
    api: Api, quick: Workbench, tone: bytes
) -> None:
    id_ = api.accepted(tone)
    quick.work()
    result = api("GET", f"/transcribe/{id_}/result").json()
    for part, name in (("tab", "tab.json"), ("analysis", "analysis.json")):
        file = api("GET", f"/transcribe/{id_}/files/{name}", params={"redirect": "false"})
        assert result[part] == file.json()
    tab, analysis = described(quick.platform, id_)
    assert tab["key"] == result["tab"]["key"] == analysis["key"]
    assert [track["notes"] for track in tab["tracks"]] == [len(result["tab"]["tracks"][0]["notes"])]
    assert "measures" not in tab and "chords" not in analysis


def test_what_describes_a_long_song_is_no_longer_than_what_describes_a_short_one() -> None:
    def size(count: int) -> int:
        tab = {"tracks": [{"name": "Guitar", "notes": ["a note"] * count}], "beats": [0] * count, "tempo": 90}
        analysis = {"tempo": {"median": 90, "curve": [0] * count}, "chords": ["Am"] * count}
        return len(json.dumps([tab_summary(tab), analysis_summary(analysis)]))

    assert size(9000) == size(1000)


@SQLITE_ONLY
def test_a_result_is_shown_from_the_cache_while_the_store_is_away(
    api: Api, quick: Workbench, tone: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/transcribe/{api.accepted(tone)}/result"
    quick.work()
    shown = api("GET", path).json()

    def away(*_: object) -> bytes:
        raise StorageUnavailableError("away")

    monkeypatch.setattr(type(quick.platform.storage), "get", away)
    assert api("GET", path).json() == shown
