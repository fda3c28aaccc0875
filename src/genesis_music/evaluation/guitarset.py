"""Read GuitarSet annotations (JAMS) into this project's types.

GuitarSet: Xi, Bittner, Pauwels, Ye, Bello, ISMIR 2018, CC BY 4.0. One JAMS file holds, per string
(``data_source`` "0" = low E … "5" = high e), the notes; beats, tempo, chords (instructed, then
performed), key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis_music.errors import InputError
from genesis_music.score import Note, TimeSignature


@dataclass(frozen=True, slots=True)
class LabelledNote:
    """A note with the string (1 = high e) and fret it was played on; ``note.pitch_midi`` is rounded."""

    note: Note
    string: int
    fret: int
    pitch_exact: float


@dataclass(frozen=True, slots=True)
class LabelledChord:
    """A chord label in Harte syntax (``"Eb:min7/5"``) over ``onset_seconds..end_seconds``."""

    onset_seconds: float
    end_seconds: float
    label: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One annotated GuitarSet excerpt; beats are ``(seconds, beat number in the measure)``."""

    name: str
    duration_seconds: float
    tempo_bpm: float
    key: str
    time_signature: TimeSignature
    notes: tuple[LabelledNote, ...]
    beats: tuple[tuple[float, int], ...]
    instructed_chords: tuple[LabelledChord, ...]
    performed_chords: tuple[LabelledChord, ...]

    @property
    def player(self) -> str:
        """The two digits of the player, e.g. ``"03"``."""
        return self.name[:2]


STANDARD_OPEN_PITCHES = (64, 59, 55, 50, 45, 40)

HELD_OUT = (
    "00_BN1-129-Eb_comp",
    "00_BN1-129-Eb_solo",
    "00_BN1-147-Gb_comp",
    "03_Jazz2-110-Bb_comp",
    "03_SS1-68-E_comp",
    "03_SS2-107-Ab_solo",
)
"""Excerpts that have audio in the evaluation folder: they measure, they never train."""


def read_excerpt(path: Path) -> Excerpt:
    """Read one JAMS file.

    Raises:
        InputError: the file is not a GuitarSet annotation.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        return _parse(path.stem, document)
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(f"{path.name} is not a GuitarSet annotation: {error!r}") from error


def _parse(name: str, document: dict[str, Any]) -> Excerpt:
    annotations: list[dict[str, Any]] = document["annotations"]
    chords = [_chords(a) for a in annotations if a["namespace"] == "chord"]
    beat_data = next(_data(a) for a in annotations if a["namespace"] == "beat_position")
    first: dict[str, Any] = beat_data[0]["value"]
    notes = [note for a in annotations if a["namespace"] == "note_midi" for note in _string_notes(a)]
    metadata: dict[str, Any] = document["file_metadata"]
    return Excerpt(
        name=name,
        duration_seconds=float(metadata["duration"]),
        tempo_bpm=float(next(_data(a) for a in annotations if a["namespace"] == "tempo")[0]["value"]),
        key=str(next(_data(a) for a in annotations if a["namespace"] == "key_mode")[0]["value"]),
        time_signature=TimeSignature(int(first["num_beats"]), int(first["beat_units"])),
        notes=tuple(sorted(notes, key=lambda n: (n.note.onset_seconds, n.note.pitch_midi))),
        beats=tuple((float(b["time"]), int(b["value"]["position"])) for b in beat_data),
        instructed_chords=chords[0],
        performed_chords=chords[1],
    )


def _data(annotation: dict[str, Any]) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = annotation["data"]
    return data


def _chords(annotation: dict[str, Any]) -> tuple[LabelledChord, ...]:
    return tuple(
        LabelledChord(float(c["time"]), float(c["time"]) + float(c["duration"]), str(c["value"]))
        for c in _data(annotation)
    )


def _string_notes(annotation: dict[str, Any]) -> list[LabelledNote]:
    source: dict[str, Any] = annotation["annotation_metadata"]
    string = 6 - int(source["data_source"])
    notes = []
    for entry in _data(annotation):
        exact = float(entry["value"])
        pitch = round(exact)
        note = Note(float(entry["time"]), float(entry["duration"]), pitch)
        notes.append(LabelledNote(note, string, pitch - STANDARD_OPEN_PITCHES[string - 1], exact))
    return notes
