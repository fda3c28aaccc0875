import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.errors import ScoreError
from genesis_music.formats.tabjson import write_tab_json
from genesis_music.formats.tabjson_reader import parse_tab_json, read_tab_json
from genesis_music.formats.written import Page
from tests.transcriptions import rich_transcription, silent_transcription


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


def schema() -> dict:
    text = (
        resources.files("genesis_music.formats")
        .joinpath("schema/genesis.tab-1.schema.json")
        .read_text("utf-8")
    )
    return json.loads(text)


@pytest.mark.parametrize("make", [rich_transcription, silent_transcription])
def test_the_document_follows_its_committed_schema(make) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads(write_tab_json(Page(make()))), schema())


def test_the_schema_refuses_a_document_without_its_promises() -> None:
    document = json.loads(write_tab_json(Page(rich_transcription())))
    del document["tracks"][0]["notes"][0]["fret"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema())


def test_notes_say_where_they_stand_and_whether_they_are_tied() -> None:
    notes = json.loads(write_tab_json(Page(rich_transcription())))["tracks"][0]["notes"]
    tied = [note for note in notes if note["tied"]]
    assert [(note["measure"], note["position"], note["length"]) for note in tied] == [(2, [7, 2], [3, 2])]
    triplet = next(note for note in notes if note["position"] == [7, 3])
    assert triplet["length"] == [1, 3]


def test_every_sounding_note_has_one_entry() -> None:
    document = json.loads(write_tab_json(Page(rich_transcription())))
    assert [len(track["notes"]) for track in document["tracks"]] == [
        len(t.notes) for t in rich_transcription().tracks
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(schema="genesis.tab/2"),
        lambda d: d["tracks"][0]["notes"][0].update(measure=99),
        lambda d: d["tracks"][0]["notes"][0].update(string=7),
        lambda d: d["tracks"][0]["notes"][0].update(string=None),
        lambda d: d["tracks"][0]["notes"][0].update(length=[1, 0]),
        lambda d: d["tracks"][0]["notes"][0].update(onset="now"),
        lambda d: d["beats"].reverse(),
        lambda d: d["measures"].pop(2),
        lambda d: d["measures"][0].update(time_signature=[4, 5]),
        lambda d: d["key"].update(tonic="H"),
    ],
)
def test_a_file_that_contradicts_itself_is_a_score_error(change) -> None:
    document = json.loads(write_tab_json(Page(rich_transcription())))
    change(document)
    with pytest.raises(ScoreError, match="song"):
        parse_tab_json(json.dumps(document).encode(), "song.tab.json")


def test_deep_nesting_and_huge_numbers_are_score_errors() -> None:
    for content in (b"[" * 100_000, b"9" * 10_000, b'{"schema": NaN}', b"\xff\xfe\x00"):
        with pytest.raises(ScoreError):
            parse_tab_json(content, "song.tab.json")
