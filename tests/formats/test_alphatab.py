"""What alphaTab understands of our files. Needs Node and ``npm ci`` in tests/formats/alphatab."""

import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from genesis_music.formats.articulation import has
from genesis_music.formats.registry import FORMATS, write_formats
from genesis_music.score import SourceInfo, TechniqueKind, Transcription
from tests.transcriptions import rich_transcription, silent_transcription

PROJECT = Path(__file__).parent / "alphatab"
ALPHATAB_TICKS = 960

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (PROJECT / "node_modules" / "@coderline").is_dir(),
    reason="alphaTab is not installed: run `npm ci` in tests/formats/alphatab",
)


def imported(path: Path) -> dict:
    run = subprocess.run(
        ["node", "import.mjs", str(path.resolve())], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def scores(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("alphatab")
    names = ["gp5", "alphatex", "musicxml"]
    paths = write_formats(rich_transcription(), folder, "rich", names)
    return {name: imported(path) for name, path in zip(names, paths, strict=True)}


def sounding(score: dict, index: int, *, staff_octave: int = 0) -> Counter:
    """Count notes by bar, place in quarters, string and fret; tied noteheads are left out."""
    return Counter(
        (
            bar,
            Fraction(beat["start"], ALPHATAB_TICKS),
            note["string"],
            note["fret"],
            note["pitch"] + staff_octave,
        )
        for bar, beats in enumerate(score["tracks"][index]["bars"])
        for beat in beats
        for note in beat["notes"]
        if not note["tied"]
    )


def wanted(transcription: Transcription, index: int) -> Counter:
    track = transcription.tracks[index]
    return Counter(
        (
            n.written.measure,
            n.written.position_quarters,
            n.string,
            n.fret,
            track.tuning.pitches_midi[n.string - 1] + track.capo + n.fret,
        )
        for n in track.notes
        if n.string is not None and n.fret is not None
    )


@pytest.mark.parametrize("name", ["gp5", "alphatex", "musicxml"])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_every_note_has_its_place_string_fret_and_pitch(scores: dict, name: str, index: int) -> None:
    assert sounding(scores[name], index) == wanted(rich_transcription(), index)


@pytest.mark.parametrize("name", ["gp5", "alphatex", "musicxml"])
def test_title_tuning_capo_and_signatures_arrive(scores: dict, name: str) -> None:
    score, transcription = scores[name], rich_transcription()
    guitar = score["tracks"][0]
    assert guitar["tuning"] == list(transcription.tracks[0].tuning.pitches_midi)
    assert guitar["capo"] == 2
    assert score["tempo"] == 120
    assert [bar["signature"] for bar in score["bars"]][1:] == [[4, 4], [4, 4], [3, 4], [6, 8], [4, 4], [4, 4]]
    title = score["title"].replace("\xa0", " ")
    assert title.startswith("Größe <b>&") if name == "gp5" else title == transcription.source.title
    assert name == "gp5" or score["bars"][0]["pickup"], "Guitar Pro 5 knows no pickups, only short signatures"


MARKS = {
    TechniqueKind.BEND: "bend",
    TechniqueKind.VIBRATO: "vibrato",
    TechniqueKind.HARMONIC: "harmonic",
    TechniqueKind.DEAD_NOTE: "dead",
    TechniqueKind.PALM_MUTE: "palmMute",
    TechniqueKind.LET_RING: "letRing",
}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("gp5", set(MARKS)),
        ("alphatex", set(MARKS)),
        # What alphaTab's MusicXML importer knows.
        ("musicxml", {TechniqueKind.BEND, TechniqueKind.VIBRATO, TechniqueKind.PALM_MUTE}),
    ],
)
def test_techniques_arrive_on_the_right_notes(scores: dict, name: str, shown: set) -> None:
    guitar = rich_transcription().tracks[0]
    places = {
        kind: [(n.written.measure, n.fret, n.string) for n in guitar.notes if has(n, kind)] for kind in shown
    }
    notes = [
        (bar, note)
        for bar, beats in enumerate(scores[name]["tracks"][0]["bars"])
        for beat in beats
        for note in beat["notes"]
        if not note["tied"]
    ]
    assert {
        kind: [(bar, note["fret"], note["string"]) for bar, note in notes if note[MARKS[kind]]]
        for kind in shown
    } == places
    assert [(bar, note["fret"]) for bar, note in notes if note["slide"]] == [(2, 10)], "where it starts"
    if name != "musicxml":
        assert [(bar, note["fret"]) for bar, note in notes if note["hammer"]] == [(0, 0), (1, 5)]


def test_chords_and_sections_are_shown(scores: dict) -> None:
    for name in ("gp5", "alphatex"):
        beats = [beat for bar in scores[name]["tracks"][0]["bars"] for beat in bar]
        assert [beat["chord"] for beat in beats if beat["chord"]] == ["D", "Bm7", "G/B", "F#m7b5"], name
        assert [bar["section"] for bar in scores[name]["bars"] if bar["section"]] == ["A", "B"], name


def test_every_bar_line_is_tied_to_the_recording(scores: dict) -> None:
    points = [bar["sync"] for bar in scores["alphatex"]["bars"]]
    measures = rich_transcription().tempo_map.measures
    start = rich_transcription().source.start_seconds
    wanted = [round((start + measure.onset_seconds) * 1000) for measure in measures]
    assert [sync[0] for sync in points] == wanted
    assert len(points[-1]) == 2, "the end of the piece"


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    title = '" . \\tempo 999 | {"} \\\n\\track "x" `</title>'
    source = SourceInfo(title, 1.0, 44100, "")
    rich = rich_transcription()
    named = replace(rich.tracks[0], name=title)
    (path,) = write_formats(replace(rich, source=source, tracks=(named,)), tmp_path, "x", ["alphatex"])
    score = imported(path)
    assert score["title"] == title.replace("\n", " ")
    assert score["tracks"][0]["name"] == title.replace("\n", " ")
    assert score["tempo"] == 120
    assert len(score["tracks"]) == 1


@pytest.mark.parametrize("name", ["gp5", "alphatex", "musicxml"])
def test_silence_opens_as_bars_of_rests(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"silent.{name}"
    path.write_bytes(FORMATS[name].writer(silent_transcription()))
    bars = imported(path)["tracks"][0]["bars"]
    assert len(bars) == 4
    assert all(beat["rest"] for bar in bars for beat in bar)
