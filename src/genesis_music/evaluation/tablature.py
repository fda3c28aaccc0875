"""How well a fingering agrees with the one a human chose, and where human fingerings come from.

From true notes, the measure is the share of notes on the human's string; a note without a place disagrees. From
audio, it is the F-measure of notes whose onset (within 50 ms), pitch and string are all right, "tab F1", and the
share of strings that are right among the notes whose onset and pitch are.

Guitar Pro files are read with PyGuitarPro (gp3, gp4, gp5; it does not read gpx).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genesis_music.errors import InputError
from genesis_music.evaluation.guitarset import Excerpt, LabelledNote
from genesis_music.evaluation.notes import NoteAccuracy, f1, match_notes, note_accuracy
from genesis_music.score import Note, TabNote, Tuning
from genesis_music.tablature.fingering import DEFAULT_SETTINGS, FingeringSettings, assign_fingering
from genesis_music.tablature.fret_model import FretModel
from genesis_music.tablature.tunings import STANDARD

TICKS_PER_QUARTER = 960
GUITAR_PROGRAMS = range(24, 32)


@dataclass(frozen=True, slots=True)
class LabelledTrack:
    """Notes with the strings a human chose; ``program`` is the General MIDI program, 0..127."""

    name: str
    tuning: Tuning
    capo: int
    program: int
    notes: tuple[LabelledNote, ...]

    @property
    def is_standard_guitar(self) -> bool:
        """Whether this is a guitar with six strings in standard tuning and without a capo."""
        standard = self.tuning.pitches_midi == STANDARD.pitches_midi
        return standard and self.capo == 0 and self.program in GUITAR_PROGRAMS


@dataclass(frozen=True, slots=True)
class StringAgreement:
    """Notes on the human's string out of all notes."""

    agreed: int
    notes: int

    @property
    def ratio(self) -> float:
        """Share of the notes on the human's string, 0..1; 1 when there are none."""
        return self.agreed / self.notes if self.notes else 1.0

    def __add__(self, other: StringAgreement) -> StringAgreement:
        return StringAgreement(self.agreed + other.agreed, self.notes + other.notes)


def from_excerpt(excerpt: Excerpt) -> LabelledTrack:
    """View a GuitarSet excerpt as a track."""
    return LabelledTrack(excerpt.name, STANDARD, 0, GUITAR_PROGRAMS.start, excerpt.notes)


def string_agreement(
    track: LabelledTrack,
    model: FretModel | None = None,
    settings: FingeringSettings = DEFAULT_SETTINGS,
) -> StringAgreement:
    """Finger the true notes of a track and count those on the human's string.

    ``model`` takes the place of the shipped one, as in cross-validation.
    """
    notes = [labelled.note for labelled in track.notes]
    fingering = assign_fingering(notes, track.tuning, capo=track.capo, settings=settings, model=model)
    agreed = sum(
        fingered.place is not None and fingered.place.string == labelled.string
        for fingered, labelled in zip(fingering.notes, track.notes, strict=True)
    )
    return StringAgreement(agreed, len(notes))


@dataclass(frozen=True, slots=True)
class TabAccuracy:
    """How good a tab made from audio is: its notes, ``tab_f1`` (0..1), strings of the notes that were found."""

    notes: NoteAccuracy
    tab_f1: float
    strings: StringAgreement


def tab_accuracy(reference: Sequence[LabelledNote], estimated: Sequence[TabNote]) -> TabAccuracy:
    """Compare the tab of a recording with what was played; a note without a place is on no string."""
    true_notes = [labelled.note for labelled in reference]
    found = [tab.note for tab in estimated]
    right = match_notes(
        true_notes,
        found,
        reference_strings=[labelled.string for labelled in reference],
        estimated_strings=[tab.string for tab in estimated],
    )
    return TabAccuracy(
        notes=note_accuracy(true_notes, found),
        tab_f1=f1(len(right), len(true_notes), len(found)),
        strings=StringAgreement(len(right), len(match_notes(true_notes, found))),
    )


def read_guitar_pro(path: Path) -> tuple[LabelledTrack, ...]:
    """Read the pitched tracks of a gp3, gp4 or gp5 file; tied notes are one note.

    Times follow the tempo at the start of the song; repeats are not unfolded.

    Raises:
        InputError: PyGuitarPro cannot read the file.
    """
    import guitarpro

    try:
        song = guitarpro.parse(str(path))
    except (guitarpro.GPException, OSError, ValueError) as error:
        raise InputError(
            f"{path.name} is not a Guitar Pro file this reads (gp3, gp4, gp5): {error}"
        ) from error
    seconds_per_tick = 60.0 / song.tempo / TICKS_PER_QUARTER
    return tuple(_track(track, seconds_per_tick) for track in song.tracks if not track.isPercussionTrack)


def _track(track: Any, seconds_per_tick: float) -> LabelledTrack:
    tuning = Tuning("", tuple(string.value for string in track.strings))
    notes: list[LabelledNote] = []
    sounding: dict[int, int] = {}
    for beat in (b for m in track.measures for v in m.voices for b in v.beats):
        onset, length = beat.start * seconds_per_tick, beat.duration.time * seconds_per_tick
        for written in beat.notes:
            if written.type.name == "tie" and written.string in sounding:
                notes[sounding[written.string]] = _tied(notes[sounding[written.string]], onset + length)
            elif written.type.name in {"normal", "dead"}:
                sounding[written.string] = len(notes)
                pitch = tuning.pitches_midi[written.string - 1] + track.offset + written.value
                note = Note(onset, length, pitch)
                notes.append(LabelledNote(note, written.string, written.value, float(pitch)))
    notes.sort(key=lambda labelled: (labelled.note.onset_seconds, labelled.note.pitch_midi))
    return LabelledTrack(track.name, tuning, track.offset, track.channel.instrument, tuple(notes))


def _tied(labelled: LabelledNote, end_seconds: float) -> LabelledNote:
    note = replace(labelled.note, duration_seconds=end_seconds - labelled.note.onset_seconds)
    return replace(labelled, note=note)


def total(agreements: Sequence[StringAgreement]) -> StringAgreement:
    """Add up the agreements of several tracks, each note counting once."""
    return sum(agreements, StringAgreement(0, 0))
