from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transcriptions import rich_transcription, silent_transcription

from genesis_music.errors import ScoreError
from genesis_music.formats.tabjson import write_tab_json
from genesis_music.formats.tabjson_reader import parse_tab_json, read_tab_json
from genesis_music.formats.written import Page


@pytest.mark.parametrize("make", [rich_transcription, silent_transcription])
def test_reading_gives_back_an_equal_transcription(make, tmp_path: Path) -> None:
    path = tmp_path / "a.tab.json"
    path.write_bytes(write_tab_json(Page(make())))
    assert read_tab_json(path) == make()


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_a_cut_or_changed_file_is_a_score_error_or_a_valid_tab(data: st.DataObject) -> None:
    content = bytearray(write_tab_json(Page(rich_transcription())))
    cut = data.draw(st.integers(0, len(content)))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
    try:
        write_tab_json(
            Page(parse_tab_json(bytes(content[:cut] if data.draw(st.booleans()) else content), "x"))
        )
    except ScoreError as error:
        assert "\n" not in str(error)
