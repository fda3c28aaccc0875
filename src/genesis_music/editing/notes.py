"""Edits of single notes: where they are played and written, whether they are there at all."""

from __future__ import annotations

import re
from dataclasses import replace

from genesis_music.editing.edits import (
    AcceptNotes,
    AddNote,
    DeleteNotes,
    PlaceNote,
    SetLength,
    SetPosition,
    ShiftNotes,
)
from genesis_music.editing.page import (
    check_place,
    find_notes,
    in_order,
    lasting,
    neck_of,
    others,
    played,
    start_quarters,
    track_of,
    with_notes,
    with_room_for,
    with_track,
    written_at,
)
from genesis_music.score import Note, TabNote, Track, Transcription, WrittenTime
from genesis_music.tablature.fretboard import Place

_ADDED = re.compile(r"t\d+e(\d+)")


def place_note(transcription: Transcription, edit: PlaceNote) -> Transcription:
    """Play a note elsewhere."""
    track, tab = find_notes(transcription, (edit.note,))[0]
    return with_notes(transcription, {tab.id: placed(tab, Place(edit.string, edit.fret), track)})


def placed(tab: TabNote, place: Place, track: Track) -> TabNote:
    """The note at a place of the neck. A place of the octave it is played in anyway keeps its pitch.

    Raises:
        EditError: the place is not on the neck.
    """
    neck = neck_of(track)
    check_place(place, neck)
    pitch = place.pitch_midi(track.tuning, track.capo)
    known = tab.alternatives
    if tab.string is not None and tab.fret is not None:
        known = ((tab.string, tab.fret), *known)
    moved = replace(tab, string=place.string, fret=place.fret, alternatives=others(place, pitch, neck, known))
    if pitch == tab.note.pitch_midi + 12 * tab.octave_shift:
        return moved
    return replace(moved, note=replace(tab.note, pitch_midi=pitch), octave_shift=0)


def set_length(transcription: Transcription, edit: SetLength) -> Transcription:
    """Write notes with another length; they sound as long from where they start."""
    changes: dict[str, TabNote | None] = {}
    for _, tab in find_notes(transcription, edit.notes):
        start = start_quarters(tab.written, transcription.tempo_map)
        written = written_at(start, edit.length_quarters, transcription.tempo_map)
        duration = played(transcription, tab.note, written).duration_seconds
        changes[tab.id] = replace(tab, written=written, note=lasting(tab.note, duration))
    return with_notes(transcription, changes)


def set_position(transcription: Transcription, edit: SetPosition) -> Transcription:
    """Write a note at another place."""
    tab = find_notes(transcription, (edit.note,))[0][1]
    there = WrittenTime(edit.measure, edit.position_quarters, tab.written.length_quarters)
    return with_notes(transcription, {tab.id: _written(transcription, tab, there)})


def shift_notes(transcription: Transcription, edit: ShiftNotes) -> Transcription:
    """Write notes earlier or later."""
    changes: dict[str, TabNote | None] = {}
    for _, tab in find_notes(transcription, edit.notes):
        there = replace(tab.written, position_quarters=tab.written.position_quarters + edit.by_quarters)
        changes[tab.id] = _written(transcription, tab, there)
    return with_notes(transcription, changes)


def _written(transcription: Transcription, tab: TabNote, there: WrittenTime) -> TabNote:
    """The note as it is written and played there."""
    tempo_map = transcription.tempo_map
    written = written_at(start_quarters(there, tempo_map), there.length_quarters, tempo_map)
    return replace(tab, written=written, note=played(transcription, tab.note, written))


def delete_notes(transcription: Transcription, edit: DeleteNotes) -> Transcription:
    """Take notes away."""
    return with_notes(transcription, {tab.id: None for _, tab in find_notes(transcription, edit.notes)})


def add_note(transcription: Transcription, edit: AddNote) -> Transcription:
    """Add a note, as loud as those around it; behind the last measure, the piece goes on."""
    track = track_of(transcription, edit.track)
    place, neck = Place(edit.string, edit.fret), neck_of(track)
    check_place(place, neck)
    there = WrittenTime(edit.measure, edit.position_quarters, edit.length_quarters)
    transcription = with_room_for(transcription, there)
    pitch = place.pitch_midi(track.tuning, track.capo)
    blank = TabNote(
        id=_new_id(edit.track, transcription),
        note=Note(0.0, 0.0, pitch, _usual_velocity(track)),
        written=there,
        string=place.string,
        fret=place.fret,
        alternatives=others(place, pitch, neck),
    )
    added = _written(transcription, blank, there)
    return with_track(transcription, track, replace(track, notes=in_order((*track.notes, added))))


def _new_id(track: int, transcription: Transcription) -> str:
    """Ids of added notes count on from the highest there is, so that none comes twice."""
    matches = (_ADDED.fullmatch(note.id) for one in transcription.tracks for note in one.notes)
    return f"t{track}e{1 + max((int(match[1]) for match in matches if match), default=0)}"


def _usual_velocity(track: Track) -> float:
    velocities = sorted(tab.note.velocity for tab in track.notes)
    return velocities[len(velocities) // 2] if velocities else 0.7


def accept_notes(transcription: Transcription, edit: AcceptNotes) -> Transcription:
    """Doubtful notes are right."""
    changes: dict[str, TabNote | None] = {
        tab.id: replace(tab, note=replace(tab.note, confidence=1.0))
        for _, tab in find_notes(transcription, edit.notes)
    }
    return with_notes(transcription, changes)
