"""Passages and whole tracks fingered anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genesis_music.editing.edits import MovePassage, Refret
from genesis_music.editing.page import bar_of, find_notes, neck_of, track_of, with_notes, with_track
from genesis_music.errors import EditError
from genesis_music.score import TabNote, Track, Transcription
from genesis_music.tablature.chord_shapes import with_shapes
from genesis_music.tablature.fingering import (
    Fingered,
    FingeringSettings,
    assign_fingering,
    without_fingering_warnings,
)
from genesis_music.tablature.fretboard import Neck, Place
from genesis_music.tablature.heard_strings import heard_places
from genesis_music.tablature.tunings import pitch_name
from genesis_music.tablature.voicings import HAND_FRETS

OPEN_POSITION = 3
"""Up to this fret of the index finger, open strings belong to a position."""
CONTEXT_SECONDS = 2.0
"""How much before and after a passage the hand's way into it and out of it is weighed."""


def move_passage(transcription: Transcription, edit: MovePassage) -> Transcription:
    """Play some notes around another fret, the others as they are.

    Raises:
        EditError: a note has no place there, or the notes cannot be held together.
    """
    track, selected = _passage(transcription, edit)
    neck = neck_of(track)
    if not 0 <= edit.around_fret <= neck.frets - neck.capo:
        raise EditError(f"There is no fret {edit.around_fret}: choose 0 to {neck.frets - neck.capo}.")
    wanted = {tab.id for tab in selected}
    around = _context(track, selected)
    limited = [
        (index, _reachable(tab, edit.around_fret, neck))
        for index, tab in enumerate(around)
        if tab.id in wanted
    ]
    pinned = [
        (index, Place(tab.string, tab.fret))
        for index, tab in enumerate(around)
        if tab.id not in wanted and tab.string is not None and tab.fret is not None
    ]
    settings = FingeringSettings(max_fret=neck.frets, pinned=tuple(pinned), limited=tuple(limited))
    notes = [replace(tab.note, pitch_midi=tab.note.pitch_midi + 12 * tab.octave_shift) for tab in around]
    found = assign_fingering(
        notes, track.tuning, capo=track.capo, settings=settings, evidence=heard_places(notes, neck)
    ).notes
    changes: dict[str, TabNote | None] = {}
    for index, places in limited:
        changes[around[index].id] = _fingered(around[index], found[index], places, edit.around_fret)
    return with_notes(transcription, changes)


def _passage(transcription: Transcription, edit: MovePassage) -> tuple[Track, tuple[TabNote, ...]]:
    """The notes that are meant, of one track."""
    if bool(edit.notes) == (edit.measures is not None):
        raise EditError("Name the passage by its notes or by its first and last bar.")
    if edit.measures is None:
        found = find_notes(transcription, edit.notes)
        if any(track is not found[0][0] for track, _ in found):
            raise EditError("The notes of a passage belong to one track.")
        return found[0][0], tuple(tab for _, tab in found)
    first, last = edit.measures
    track = track_of(transcription, edit.track)
    notes = tuple(tab for tab in track.notes if first <= tab.written.measure <= last)
    if not notes:
        raise EditError(f"There are no notes in bars {first} to {last}.")
    return track, notes


def _context(track: Track, selected: Sequence[TabNote]) -> list[TabNote]:
    """The passage and what is just around it; others that no string holds are left out."""
    wanted = {tab.id for tab in selected}
    first = min(tab.note.onset_seconds for tab in selected) - CONTEXT_SECONDS
    last = max(tab.note.onset_seconds for tab in selected) + CONTEXT_SECONDS
    return [
        tab
        for tab in track.notes
        if tab.id in wanted or (first <= tab.note.onset_seconds <= last and tab.string is not None)
    ]


def _reachable(tab: TabNote, around_fret: int, neck: Neck) -> tuple[Place, ...]:
    """The places of a note under the fingers of a hand at a fret, else where they reach, else its open string."""
    pitch = tab.note.pitch_midi + 12 * tab.octave_shift
    places = neck.places(pitch)
    hand = max(around_fret, 1)
    lowest = hand if hand > OPEN_POSITION else 0
    spans = ((lowest, hand + HAND_FRETS), (hand - 1, hand + HAND_FRETS + 1), (0, 0))
    for low, high in spans:
        found = tuple(place for place in places if low <= place.fret <= high)
        if found:
            return found
    raise EditError(
        f"{pitch_name(pitch)} in {bar_of(tab)} cannot be played around fret {around_fret}: "
        f"it is at {_listed(places)}."
    )


def _listed(places: Sequence[Place]) -> str:
    named = ", ".join(f"fret {place.fret} of string {place.string}" for place in places)
    return named or "no place of this neck"


def _fingered(tab: TabNote, found: Fingered, allowed: Sequence[Place], around_fret: int) -> TabNote:
    place = found.place
    if place is None or found.octave_shift or place not in allowed:
        raise EditError(
            f"The notes in {bar_of(tab)} cannot be held together around fret {around_fret}: "
            "choose fewer notes or another fret."
        )
    return replace(tab, string=place.string, fret=place.fret, alternatives=_others(tab, place))


def _others(tab: TabNote, place: Place) -> tuple[tuple[int, int], ...]:
    before = ((tab.string, tab.fret),) if tab.string is not None and tab.fret is not None else ()
    return tuple(one for one in (*before, *tab.alternatives) if one != (place.string, place.fret))


def refret(transcription: Transcription, edit: Refret) -> Transcription:
    """Find strings and frets anew for another tuning or capo; notes, lengths and techniques stay.

    Raises:
        EditError: nothing would change.
        SettingsError: the capo is not on the neck.
    """
    track = track_of(transcription, edit.track)
    tuning = edit.tuning or track.tuning
    capo = track.capo if edit.capo is None else edit.capo
    if (tuning.pitches_midi, capo) == (track.tuning.pitches_midi, track.capo):
        raise EditError("The tuning and the capo are these already.")
    frets = neck_of(replace(track, notes=())).frets
    played = [tab.note for tab in track.notes]
    heard = heard_places(played, Neck(tuning, capo, frets))
    search = FingeringSettings(max_fret=frets)
    fingering = assign_fingering(played, tuning, capo=capo, settings=search, evidence=heard)
    notes = tuple(
        replace(
            tab,
            string=found.place.string if found.place else None,
            fret=found.place.fret if found.place else None,
            octave_shift=found.octave_shift,
            alternatives=tuple((other.string, other.fret) for other in found.alternatives),
        )
        for tab, found in zip(track.notes, fingering.notes, strict=True)
    )
    changed = with_track(transcription, track, replace(track, tuning=tuning, capo=capo, notes=notes))
    warnings = (*without_fingering_warnings(transcription.warnings), *fingering.warnings)
    changed = replace(changed, warnings=warnings)
    if edit.track > 1:
        return changed
    chords = with_shapes(transcription.harmony.chords, tuning, capo)
    return replace(changed, harmony=replace(transcription.harmony, chords=chords))
