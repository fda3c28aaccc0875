import json
from io import StringIO
from pathlib import Path

import pytest

from genesis_music.evaluation.guitarset import read_excerpt
from genesis_music.formats.jams import write_jams
from genesis_music.formats.written import Page
from tests.transcriptions import rich_transcription, silent_transcription

jams = pytest.importorskip("jams", reason="the jams package (development only) is not installed")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [rich_transcription, silent_transcription])
def test_the_file_is_valid_jams(make) -> None:
    text = write_jams(Page(make())).decode("utf-8")
    assert jams.load(StringIO(text), validate=True, strict=True).file_metadata.title == make().source.title


@pytest.mark.filterwarnings("ignore")
def test_each_string_has_its_notes_with_zero_for_the_lowest() -> None:
    document = jams.load(StringIO(write_jams(Page(rich_transcription())).decode("utf-8")))
    by_string = {
        a.annotation_metadata.data_source: a
        for a in document.search(namespace="note_midi")
        if a.annotation_metadata.annotation_rules.startswith("Gitarre")
    }
    guitar = rich_transcription().tracks[0]
    for string in range(1, 7):
        wanted = [n.note.pitch_midi for n in guitar.notes if n.string == string]
        assert [observation.value for observation in by_string[str(6 - string)].data] == wanted
    assert [o.value for o in by_string[""].data] == [30], "the note that no string holds"


def test_chords_key_beats_and_sections_are_there() -> None:
    annotations = json.loads(write_jams(Page(rich_transcription())))["annotations"]
    data = {a["namespace"]: [o["value"] for o in a["data"]] for a in annotations}
    assert data["chord"] == ["D:maj", "B:min7", "G:maj/3", "F#:hdim7", "N"]
    assert data["key_mode"] == ["D:major", "B:minor"]
    assert data["segment_open"] == ["A", "B"]
    assert [value["position"] for value in data["beat_position"]][:6] == [1, 1, 2, 3, 4, 1]
    assert data["tempo"] == [120.0, 96.0, 90.0, 132.5]


def test_our_guitarset_reader_reads_it(tmp_path: Path) -> None:
    transcription = rich_transcription()
    path = tmp_path / "00_test.jams"
    document = json.loads(write_jams(Page(transcription)))
    keep = [a for a in document["annotations"] if a["annotation_metadata"]["data_source"] != ""]
    guitar = [a for a in keep if a["annotation_metadata"]["annotation_rules"].startswith("Gitarre")]
    rest = [a for a in document["annotations"] if a["namespace"] != "note_midi"]
    chords = [a for a in rest if a["namespace"] == "chord"]
    path.write_text(json.dumps({**document, "annotations": guitar + rest + chords}))
    assert len(read_excerpt(path).notes) == len([n for n in transcription.tracks[0].notes if n.string])
