"""What can be corrected in a finished transcription: one frozen object per edit.

Notes are named by their ids, which an edit of another note never changes. Tracks count from 1. Written places are
exact fractions of a quarter note, as in :class:`~genesis_music.score.WrittenTime`; times of chords and sections are
performed seconds, as they stand in the transcription.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from genesis_music.score import TechniqueKind, TimeSignature, Tuning


class TempoChange(StrEnum):
    """How beats are counted anew."""

    DOUBLE = "double"
    HALF = "half"


@dataclass(frozen=True, slots=True)
class PlaceNote:
    """Play a note elsewhere. Its pitch becomes the one that sounds there, which may be the one it has."""

    note: str
    string: int
    fret: int


@dataclass(frozen=True, slots=True)
class SetLength:
    """Write notes with another length (quarters, ties included)."""

    notes: tuple[str, ...]
    length_quarters: Fraction


@dataclass(frozen=True, slots=True)
class SetPosition:
    """Write a note at another place (quarters from the start of its measure)."""

    note: str
    measure: int
    position_quarters: Fraction


@dataclass(frozen=True, slots=True)
class ShiftNotes:
    """Write notes earlier (below 0) or later, over bar lines too."""

    notes: tuple[str, ...]
    by_quarters: Fraction


@dataclass(frozen=True, slots=True)
class DeleteNotes:
    """Take notes away; rests stand where nothing else sounds."""

    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddNote:
    """Add a note; its id is made up. The piece goes on when it stands, or ends, behind the last measure."""

    track: int
    measure: int
    position_quarters: Fraction
    length_quarters: Fraction
    string: int
    fret: int


@dataclass(frozen=True, slots=True)
class SetTechnique:
    """Mark notes with a technique, or take the mark away.

    ``semitones`` is the height of a bend (a full one when not given), and for bends only.
    """

    notes: tuple[str, ...]
    kind: TechniqueKind
    on: bool = True
    semitones: float | None = None


@dataclass(frozen=True, slots=True)
class AcceptNotes:
    """Doubtful notes are right: their confidence becomes 1."""

    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MovePassage:
    """Play a passage around another fret (of the capo): all ``notes``, or the notes of a track's measures.

    ``measures`` are the first and the last one, inclusive.
    """

    around_fret: int
    notes: tuple[str, ...] = ()
    track: int = 1
    measures: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SetChord:
    """Name the chord that sounds at a time anew, as a lead sheet would (``"F#m7b5"``, ``"C/G"``, ``"N.C."``)."""

    at_seconds: float
    label: str


@dataclass(frozen=True, slots=True)
class AddChord:
    """Let a chord begin at a time (put on the nearest eighth); it lasts until the next one."""

    at_seconds: float
    label: str


@dataclass(frozen=True, slots=True)
class RemoveChord:
    """Take the chord that sounds at a time away; the one before lasts on."""

    at_seconds: float


@dataclass(frozen=True, slots=True)
class SetTitle:
    """Give another title."""

    title: str


@dataclass(frozen=True, slots=True)
class RenameSection:
    """Give the part of the form that holds a time another name."""

    at_seconds: float
    label: str


@dataclass(frozen=True, slots=True)
class ScaleTempo:
    """Count twice as many beats, or half as many: the music stays, its note values change."""

    change: TempoChange


@dataclass(frozen=True, slots=True)
class ShiftDownbeat:
    """Let every measure start some beats later, or earlier (below 0)."""

    by_beats: int


@dataclass(frozen=True, slots=True)
class SetMetre:
    """Count measures of another length with the same beat, from the first downbeat on."""

    time_signature: TimeSignature


@dataclass(frozen=True, slots=True)
class Refret:
    """Find strings and frets anew for another tuning or capo; ``None`` keeps what there is."""

    tuning: Tuning | None = None
    capo: int | None = None
    track: int = 1


Edit = (
    PlaceNote
    | SetLength
    | SetPosition
    | ShiftNotes
    | DeleteNotes
    | AddNote
    | SetTechnique
    | AcceptNotes
    | MovePassage
    | SetChord
    | AddChord
    | RemoveChord
    | SetTitle
    | RenameSection
    | ScaleTempo
    | ShiftDownbeat
    | SetMetre
    | Refret
)
"""Any of them."""
