"""Whether the files of an edited transcription open, and hold what it holds."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction

import guitarpro
import mido
from lxml import etree

from genesis_music.formats.musicxml_notes import DIVISIONS
from genesis_music.formats.registry import FORMATS
from genesis_music.formats.tabjson_reader import parse_tab_json
from genesis_music.formats.written import Page
from genesis_music.score import TabNote, Transcription


def check_files(transcription: Transcription) -> None:
    """Write every format; open those that others read."""
    page = Page(transcription)
    files = {name: one.write_page(page) for name, one in FORMATS.items()}
    assert all(files.values())
    assert without_heard(parse_tab_json(files["tab.json"], "tab.json")) == without_heard(transcription)
    _check_guitar_pro(files["gp5"], transcription)
    _check_musicxml(files["musicxml"], transcription)
    for name in ("mid", "score.mid"):
        messages = list(mido.MidiFile(file=io.BytesIO(files[name])))
        assert any(message.type == "note_on" for message in messages) == any(notes(transcription))


def without_heard(transcription: Transcription) -> list[object]:
    """What tab JSON keeps: all but what was heard about strings."""
    return [
        transcription.source,
        transcription.tempo_map,
        transcription.harmony,
        transcription.difficulty,
        [
            (
                note.id,
                note.note.onset_seconds,
                note.note.duration_seconds,
                note.note.pitch_midi,
                note.note.bend,
                note.written,
                note.string,
                note.fret,
                note.octave_shift,
                note.techniques,
                note.alternatives,
            )
            for note in notes(transcription)
        ],
    ]


def notes(transcription: Transcription) -> Iterator[TabNote]:
    return (note for track in transcription.tracks for note in track.notes)


def _check_guitar_pro(content: bytes, transcription: Transcription) -> None:
    song = guitarpro.parse(io.BytesIO(content))
    for track, written in zip(song.tracks, transcription.tracks, strict=True):
        found = [
            (note.string, note.value)
            for measure in track.measures
            for voice in measure.voices
            for beat in voice.beats
            for note in beat.notes
            if note.type is not guitarpro.NoteType.tie
        ]
        wanted = [(note.string, note.fret) for note in written.notes if note.string is not None]
        assert sorted(found) == sorted(wanted)


def _check_musicxml(content: bytes, transcription: Transcription) -> None:
    lengths = [measure.length_quarters for measure in transcription.tempo_map.measures]
    for part in etree.fromstring(content).findall("part"):
        measures = part.findall("measure")
        assert len(measures) == len(lengths)
        for measure, length in zip(measures, lengths, strict=True):
            assert _staff_quarters(measure) == length


def _staff_quarters(measure: etree._Element) -> Fraction:
    durations = [
        int(note.findtext("duration") or 0)
        for note in measure.findall("note")
        if note.findtext("staff") == "1" and note.find("chord") is None
    ]
    return Fraction(sum(durations), DIVISIONS)
