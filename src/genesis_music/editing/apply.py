"""Edits applied one after another, and what follows from them put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from genesis_music.editing import analysis, edits, neck, notes, techniques, tempo
from genesis_music.editing.edits import Edit
from genesis_music.editing.page import bar_of
from genesis_music.editing.techniques import with_fitting_slurs
from genesis_music.errors import EditError, InputError
from genesis_music.score import TabNote, Track, Transcription
from genesis_music.tablature.difficulty import assess_piece

_APPLY: Mapping[type, Callable[[Transcription, Any], Transcription]] = MappingProxyType(
    {
        edits.PlaceNote: notes.place_note,
        edits.SetLength: notes.set_length,
        edits.SetPosition: notes.set_position,
        edits.ShiftNotes: notes.shift_notes,
        edits.DeleteNotes: notes.delete_notes,
        edits.AddNote: notes.add_note,
        edits.AcceptNotes: notes.accept_notes,
        edits.SetTechnique: techniques.set_technique,
        edits.MovePassage: neck.move_passage,
        edits.Refret: neck.refret,
        edits.SetChord: analysis.set_chord,
        edits.AddChord: analysis.add_chord,
        edits.RemoveChord: analysis.remove_chord,
        edits.SetTitle: analysis.set_title,
        edits.RenameSection: analysis.rename_section,
        edits.ScaleTempo: tempo.scale_tempo,
        edits.ShiftDownbeat: tempo.shift_downbeat,
        edits.SetMetre: tempo.set_metre,
    }
)


def apply_edits(transcription: Transcription, wanted: Sequence[Edit]) -> Transcription:
    """Correct a transcription; the one given stays as it is.

    Args:
        transcription: any, whoever made it.
        wanted: applied in this order, all or none.

    Returns:
        The corrected transcription. Notes that no edit names keep their ids, places and times (but for edits of the
        tempo, the metre and the tuning, which move all). Slurs between notes that were moved, the progression and
        the difficulty follow; the style stays.

    Raises:
        EditError: one of them cannot be made; its ``edit`` says which (from 0).
    """
    changed = transcription
    for index, edit in enumerate(wanted):
        try:
            changed = _APPLY[type(edit)](changed, edit)
        except InputError as error:
            raise EditError(str(error), index) from error
    _check_strings(transcription, changed, wanted)
    return finished(transcription, changed)


def finished(before: Transcription, after: Transcription) -> Transcription:
    """Put right what follows from other notes, chords or measures."""
    pairs = list(zip(before.tracks, after.tracks, strict=True))
    tracks = tuple(old if new is old else with_fitting_slurs(old, new) for old, new in pairs)
    same_notes = all(new is old for old, new in pairs)
    same_chords = after.harmony.chords is before.harmony.chords
    if same_notes and same_chords and after.tempo_map is before.tempo_map:
        return after
    after = replace(after, tracks=tracks)
    if after.tempo_map is not before.tempo_map:
        after = analysis.with_chords(after, after.harmony.chords)
    difficulty = assess_piece(tracks, after.tempo_map, after.harmony.chords)
    return replace(after, difficulty=difficulty)


def _check_strings(before: Transcription, after: Transcription, wanted: Sequence[Edit]) -> None:
    """Refuse two notes that start together on one string, where an edit has put one of them there."""
    old = {tab.id: _start_on_string(tab) for track in before.tracks for tab in track.notes}
    named = {id_: index for index, edit in enumerate(wanted) for id_ in _placed_by(edit)}
    for track in after.tracks:
        for tab, other in _together(track):
            edits_of = [named[one.id] for one in (tab, other) if one.id in named]
            added = not old.keys() >= {tab.id, other.id}
            if (edits_of or added) and old.get(tab.id) != old.get(other.id, ()):
                raise EditError(
                    f"String {tab.string} sounds one note at a time, but in {bar_of(tab)} two would start on it "
                    "together: move or delete one of them.",
                    max(edits_of, default=len(wanted) - 1),
                )


def _placed_by(edit: Edit) -> tuple[str, ...]:
    """Ids of the notes whose string or written place an edit decides on purpose."""
    match edit:
        case edits.PlaceNote(note=note) | edits.SetPosition(note=note):
            return (note,)
        case edits.ShiftNotes(notes=several):
            return several
    return ()


def _together(track: Track) -> Iterator[tuple[TabNote, TabNote]]:
    """Notes that start together on one string."""
    taken: dict[tuple[object, ...], TabNote] = {}
    for tab in track.notes:
        if tab.string is not None:
            other = taken.setdefault(_start_on_string(tab), tab)
            if other is not tab:
                yield tab, other


def _start_on_string(tab: TabNote) -> tuple[object, ...]:
    return tab.written.measure, tab.written.position_quarters, tab.string
