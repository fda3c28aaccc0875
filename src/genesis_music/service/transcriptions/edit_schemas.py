"""Edits as they go over the wire: one object per edit, told apart by ``op``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
    field_validator,
    model_validator,
)

from genesis_music.editing import edits
from genesis_music.editing.edits import Edit, TempoChange
from genesis_music.errors import SettingsError
from genesis_music.harmony.labels import parse_chord
from genesis_music.score import TechniqueKind
from genesis_music.service.transcriptions.names import LONGEST_TITLE, clean_line
from genesis_music.settings import parse_time_signature
from genesis_music.tablature.tunings import parse_tuning

MOST_EDITS = 200
MOST_NOTES = 20_000
LONGEST_ID = 100
LONGEST_LABEL = 60
MOST_STRINGS, MOST_FRETS, MOST_MEASURES = 8, 48, 20_000

NoteId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, examples=["t1n12"])]
NoteIds = Annotated[list[NoteId], Field(min_length=1, max_length=MOST_NOTES, examples=[["t1n12", "t1n13"]])]
Quarters = Annotated[
    tuple[
        Annotated[StrictInt, Field(ge=-1_000_000, le=1_000_000)], Annotated[StrictInt, Field(ge=1, le=6720)]
    ],
    Field(examples=[[1, 2]]),
]
"""An exact fraction of a quarter note: numerator, denominator."""
String = Annotated[StrictInt, Field(ge=1, le=MOST_STRINGS)]
Fret = Annotated[StrictInt, Field(ge=0, le=MOST_FRETS)]
MeasureNumber = Annotated[StrictInt, Field(ge=0, le=MOST_MEASURES)]
TrackNumber = Annotated[StrictInt, Field(ge=1, le=100)]
Seconds = Annotated[float, Field(strict=True, ge=-60, le=1e6, allow_inf_nan=False, examples=[12.5])]
ChordLabel = Annotated[str, Field(min_length=1, max_length=20, examples=["F#m7"])]


T = TypeVar("T")


def _read(reader: Callable[[str], T], text: str) -> T:
    """Let pydantic name the field that the library refuses."""
    try:
        return reader(text)
    except SettingsError as error:
        raise ValueError(str(error)) from error


class _Edit(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PlaceEdit(_Edit):
    """Play a note elsewhere on the neck. Its pitch becomes the one that sounds there: the same when it is one of the
    note's alternatives, another one when only the fret changes.
    """

    op: Literal["place"]
    note: NoteId
    string: String
    """1 is the highest."""
    fret: Fret
    """Counted from the capo; 0 is open."""

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.PlaceNote(self.note, self.string, self.fret)


class LengthEdit(_Edit):
    """Write notes longer or shorter; they sound as long."""

    op: Literal["length"]
    notes: NoteIds
    length: Quarters

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.SetLength(tuple(self.notes), Fraction(*self.length))


class PositionEdit(_Edit):
    """Write a note at another place; it sounds there too."""

    op: Literal["position"]
    note: NoteId
    measure: MeasureNumber
    position: Quarters
    """From the start of the measure."""

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.SetPosition(self.note, self.measure, Fraction(*self.position))


class ShiftEdit(_Edit):
    """Write notes earlier (below 0) or later, over bar lines too."""

    op: Literal["shift"]
    notes: NoteIds
    by: Quarters

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.ShiftNotes(tuple(self.notes), Fraction(*self.by))


class DeleteEdit(_Edit):
    """Take notes away."""

    op: Literal["delete"]
    notes: NoteIds

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.DeleteNotes(tuple(self.notes))


class AddEdit(_Edit):
    """Add a note; its id is told in the answer. Measures are added where it stands behind the last one."""

    op: Literal["add"]
    track: TrackNumber = 1
    measure: MeasureNumber
    position: Quarters
    length: Quarters
    string: String
    fret: Fret

    def edit(self) -> Edit:
        """As the library takes it."""
        position, length = Fraction(*self.position), Fraction(*self.length)
        return edits.AddNote(self.track, self.measure, position, length, self.string, self.fret)


class TechniqueEdit(_Edit):
    """Mark notes with a technique, or take the mark away. Hammer-on, pull-off and slide are marked on the note they
    arrive at.
    """

    op: Literal["technique"]
    notes: NoteIds
    technique: TechniqueKind
    on: StrictBool = True
    semitones: Annotated[float, Field(strict=True, ge=0.5, le=4, allow_inf_nan=False)] | None = None
    """Height of a bend; a full one (2) when not given."""

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.SetTechnique(tuple(self.notes), self.technique, self.on, self.semitones)


class AcceptEdit(_Edit):
    """Doubtful notes are right: their confidence becomes 1."""

    op: Literal["accept"]
    notes: NoteIds

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.AcceptNotes(tuple(self.notes))


class PassageEdit(_Edit):
    """Play a passage around another fret: all `notes`, or those in the `measures` (first and last) of a track."""

    op: Literal["passage"]
    fret: Fret
    notes: Annotated[list[NoteId], Field(max_length=MOST_NOTES)] = []
    track: TrackNumber = 1
    measures: tuple[MeasureNumber, MeasureNumber] | None = None

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.MovePassage(self.fret, tuple(self.notes), self.track, self.measures)


class _Labelled(_Edit):
    label: ChordLabel

    @field_validator("label")
    @classmethod
    def _known(cls, label: str) -> str:
        return _read(parse_chord, label).label


class ChordEdit(_Labelled):
    """Name the chord that sounds at a time anew."""

    op: Literal["chord"]
    at: Seconds

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.SetChord(self.at, self.label)


class AddChordEdit(_Labelled):
    """Let a chord begin at a time (put on the nearest eighth); it lasts until the next one."""

    op: Literal["add-chord"]
    at: Seconds

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.AddChord(self.at, self.label)


class RemoveChordEdit(_Edit):
    """Take the chord that sounds at a time away; the one before lasts on."""

    op: Literal["remove-chord"]
    at: Seconds

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.RemoveChord(self.at)


def _one_line(text: str, longest: int) -> str:
    cleaned = clean_line(text, longest)
    if not cleaned:
        raise ValueError("at least one visible character is needed")
    return cleaned


class TitleEdit(_Edit):
    """Give another title."""

    op: Literal["title"]
    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]

    @field_validator("title")
    @classmethod
    def _visible(cls, title: str) -> str:
        return _one_line(title, LONGEST_TITLE)

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.SetTitle(self.title)


class SectionEdit(_Edit):
    """Give the part of the form that holds a time another name."""

    op: Literal["section"]
    at: Seconds
    label: Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL, examples=["Chorus"])]

    @field_validator("label")
    @classmethod
    def _visible(cls, label: str) -> str:
        return _one_line(label, LONGEST_LABEL)

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.RenameSection(self.at, self.label)


class TempoEdit(_Edit):
    """Count twice as many beats, or half as many: the music stays, its note values change."""

    op: Literal["tempo"]
    change: TempoChange

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.ScaleTempo(self.change)


class DownbeatEdit(_Edit):
    """Let every measure start some beats later, or earlier (below 0)."""

    op: Literal["downbeat"]
    by: Annotated[StrictInt, Field(ge=-15, le=15)]

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.ShiftDownbeat(self.by)


class MetreEdit(_Edit):
    """Count measures of another length with the same beat."""

    op: Literal["metre"]
    time_signature: Annotated[str, Field(max_length=10, examples=["3/4"])]

    @field_validator("time_signature")
    @classmethod
    def _known(cls, text: str) -> str:
        return str(_read(parse_time_signature, text))

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.SetMetre(parse_time_signature(self.time_signature))


class RefretEdit(_Edit):
    """Find strings and frets anew for another tuning or capo; what is not given stays. Notes, lengths and techniques
    stay as they are edited.
    """

    op: Literal["refret"]
    track: TrackNumber = 1
    tuning: Annotated[str, Field(min_length=1, max_length=100, examples=["drop-d", "D A D G A D"])] | None = (
        None
    )
    """A tuning's name, or open strings from low to high."""
    capo: Annotated[StrictInt, Field(ge=0, le=12)] | None = None

    @field_validator("tuning")
    @classmethod
    def _known(cls, tuning: str | None) -> str | None:
        if tuning is not None:
            _read(parse_tuning, tuning)
        return tuning

    def edit(self) -> Edit:
        """As the library takes it."""
        return edits.Refret(parse_tuning(self.tuning) if self.tuning else None, self.capo, self.track)


class RestoreEdit(_Edit):
    """Go back to an older revision, which becomes a new one; stands alone. Undo and redo are made of this."""

    op: Literal["restore"]
    revision: Annotated[StrictInt, Field(ge=0, le=10_000_000)]


MusicEdit = (
    PlaceEdit
    | LengthEdit
    | PositionEdit
    | ShiftEdit
    | DeleteEdit
    | AddEdit
    | TechniqueEdit
    | AcceptEdit
    | PassageEdit
    | ChordEdit
    | AddChordEdit
    | RemoveChordEdit
    | TitleEdit
    | SectionEdit
    | TempoEdit
    | DownbeatEdit
    | MetreEdit
    | RefretEdit
)
AnyEdit = Annotated[MusicEdit | RestoreEdit, Field(discriminator="op")]

_EXAMPLES: list[JsonValue] = [
    {"base": 0, "edits": [{"op": "place", "note": "t1n12", "string": 2, "fret": 3}]},
    {
        "base": 0,
        "edits": [
            {"op": "length", "notes": ["t1n12"], "length": [1, 2]},
            {"op": "position", "note": "t1n12", "measure": 3, "position": [3, 2]},
            {"op": "shift", "notes": ["t1n12", "t1n13"], "by": [-1, 4]},
            {"op": "delete", "notes": ["t1n14"]},
            {"op": "add", "measure": 3, "position": [1, 1], "length": [1, 2], "string": 1, "fret": 5},
            {"op": "technique", "notes": ["t1n13"], "technique": "bend", "semitones": 2},
            {"op": "accept", "notes": ["t1n15"]},
            {"op": "passage", "measures": [5, 8], "fret": 7},
        ],
    },
    {
        "base": 0,
        "edits": [
            {"op": "chord", "at": 12.5, "label": "Am7"},
            {"op": "add-chord", "at": 14.0, "label": "C/G"},
            {"op": "remove-chord", "at": 16.2},
            {"op": "title", "title": "Morning Porch"},
            {"op": "section", "at": 12.5, "label": "Chorus"},
        ],
    },
    {"base": 0, "edits": [{"op": "tempo", "change": "double"}, {"op": "downbeat", "by": 1}]},
    {"base": 0, "edits": [{"op": "metre", "time_signature": "3/4"}]},
    {"base": 0, "edits": [{"op": "refret", "tuning": "drop-d", "capo": 2}]},
    {"base": 0, "edits": [{"op": "restore", "revision": 0}]},
]


class EditRequest(BaseModel):
    """Edits of one revision, applied in this order: all, or none when one cannot be made."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": _EXAMPLES}
    )

    base: Annotated[StrictInt, Field(ge=0, le=10_000_000)]
    """The revision that was edited: the latest one, or somebody was faster."""
    edits: Annotated[list[AnyEdit], Field(min_length=1, max_length=MOST_EDITS)]

    @model_validator(mode="after")
    def _restore_stands_alone(self) -> Self:
        if len(self.edits) > 1 and any(isinstance(edit, RestoreEdit) for edit in self.edits):
            raise ValueError("restore stands alone: send other edits on the revision that it makes")
        return self

    @property
    def restored(self) -> int | None:
        """The revision to go back to, if that is what is asked for."""
        first = self.edits[0]
        return first.revision if isinstance(first, RestoreEdit) else None

    def music_edits(self) -> Sequence[Edit]:
        """As the library takes them."""
        return [one.edit() for one in self.edits if not isinstance(one, RestoreEdit)]
