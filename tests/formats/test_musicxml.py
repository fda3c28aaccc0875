"""MusicXML: its structure, and what MuseScore makes of it."""

import os
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from lxml import etree

from genesis_music.formats.midi_reader import read_midi
from genesis_music.formats.musicxml import write_musicxml
from genesis_music.formats.musicxml_notes import DIVISIONS
from genesis_music.formats.spelling import spell_pitch
from genesis_music.formats.written import Page
from tests.transcriptions import rich_transcription, silent_transcription

MUSESCORE = shutil.which("mscore3") or shutil.which("musescore3")

NOTE_ORDER = (
    *("chord", "pitch", "rest", "duration", "tie", "voice", "type", "dot", "time-modification"),
    *("stem", "notehead", "staff", "notations", "play"),
)
"""Children of ``<note>`` in the order the standard asks for."""


@pytest.fixture(scope="module")
def root() -> etree._Element:
    return etree.fromstring(write_musicxml(Page(rich_transcription())))


def test_each_part_has_two_staves_and_complete_measures(root: etree._Element) -> None:
    lengths = [m.length_quarters for m in rich_transcription().tempo_map.measures]
    for part in root.findall("part"):
        measures = part.findall("measure")
        assert [measure.get("number") for measure in measures] == [str(n) for n in range(7)]
        for measure, length in zip(measures, lengths, strict=True):
            for staff in ("1", "2"):
                durations = [
                    int(note.findtext("duration"))
                    for note in measure.findall("note")
                    if note.findtext("staff") == staff and note.find("chord") is None
                ]
                assert sum(durations) == length * DIVISIONS


def test_children_of_notes_stand_in_the_order_of_the_standard(root: etree._Element) -> None:
    for note in root.iter("note"):
        places = [NOTE_ORDER.index(child.tag) for child in note]
        assert places == sorted(places)


def test_the_tab_staff_says_tuning_bottom_up_capo_strings_and_frets(root: etree._Element) -> None:
    details = root.find("part/measure/attributes/staff-details")
    names = [t.findtext("tuning-step") + t.findtext("tuning-octave") for t in details.findall("staff-tuning")]
    assert names == ["D2", "A2", "D3", "G3", "B3", "E4"]
    assert details.findtext("capo") == "2"
    guitar = root.find("part")
    placed = [
        (int(n.findtext(".//string")), int(n.findtext(".//fret")))
        for n in guitar.iter("note")
        if n.find(".//string") is not None and not [t for t in n.findall("tie") if t.get("type") == "stop"]
    ]
    wanted = [(n.string, n.fret) for n in rich_transcription().tracks[0].notes if n.string is not None]
    assert sorted(placed) == sorted(wanted)


def test_links_start_before_they_stop_and_never_dangle(root: etree._Element) -> None:
    for tag in ("slur", "slide", "hammer-on", "pull-off", "tied", "tuplet"):
        for part in root.findall("part"):
            for staff in ("1", "2"):
                notes = [note for note in part.iter("note") if note.findtext("staff") == staff]
                ends = [
                    end.get("type")
                    for note in notes
                    for end in note.iter(tag)
                    if end.get("type") != "let-ring"
                ]
                assert ends.count("start") == ends.count("stop"), tag
                assert ends[:1] in ([], ["start"]), tag


def test_the_pickup_is_implicit_and_chords_have_kinds(root: etree._Element) -> None:
    assert root.find("part/measure").get("implicit") == "yes"
    kinds = [kind.text for kind in root.find("part").iter("kind")]
    assert kinds == ["major", "minor-seventh", "major", "half-diminished"]
    assert "N.C." in [words.text for words in root.iter("words")]
    assert [bass.text for bass in root.iter("bass-step")] == ["B"]


@pytest.mark.parametrize(
    ("pitch", "fifths", "name"),
    [
        (66, 2, "F#4"),
        (70, -3, "Bb4"),
        (68, 0, "G#4"),
        (63, 0, "Eb4"),
        (60, 0, "C4"),
        (59, 0, "B3"),
        (65, 6, "E#4"),
        (71, -5, "Cb5"),
        (60, 6, "B#3"),
    ],
)
def test_accidentals_follow_the_key(pitch: int, fifths: int, name: str) -> None:
    spelling = spell_pitch(pitch, fifths)
    assert f"{spelling.step}{'#' * spelling.alter}{'b' * -spelling.alter}{spelling.octave}" == name


# ---------------------------------------------------------------- MuseScore

with_musescore = pytest.mark.skipif(MUSESCORE is None, reason="MuseScore 3 is not installed")


def converted(source: Path, suffix: str) -> Path:
    target = source.with_suffix(suffix)
    run = subprocess.run(
        [MUSESCORE, "-o", str(target), str(source)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return target


@with_musescore
def test_musescore_plays_the_written_notes(tmp_path: Path) -> None:
    transcription = rich_transcription()
    path = tmp_path / "rich.musicxml"
    path.write_bytes(write_musicxml(Page(transcription)))
    played = read_midi(converted(path, ".mid"))
    starts = {m.number: m.start_quarters for m in played.tempo_map.measures}
    for track, read in zip(transcription.tracks[:2], played.tracks, strict=True):
        onsets = {
            (starts[n.written.measure] + n.written.position_quarters, n.note.pitch_midi) for n in read.notes
        }
        measures = {m.number: m.start_quarters for m in transcription.tempo_map.measures}
        wanted = {
            (
                measures[n.written.measure] + n.written.position_quarters,
                n.note.pitch_midi + 12 * n.octave_shift,
            )
            for n in track.notes
        }
        # MuseScore plays a slide as a run of semitones.
        slid = {(Fraction(n), pitch) for n, pitch in onsets - wanted}
        assert wanted <= onsets
        assert len(slid) <= 2


@with_musescore
@pytest.mark.parametrize("make", [rich_transcription, silent_transcription])
def test_musescore_prints_it(make, tmp_path: Path) -> None:
    path = tmp_path / "score.musicxml"
    path.write_bytes(write_musicxml(Page(make())))
    assert converted(path, ".pdf").read_bytes().startswith(b"%PDF")
