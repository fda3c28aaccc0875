"""Techniques that a player marks or takes away, and marks that no longer fit after notes were moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from genesis_music.editing.edits import SetTechnique
from genesis_music.editing.page import bar_of, find_notes, with_notes
from genesis_music.errors import EditError
from genesis_music.score import BendPoint, TabNote, Technique, TechniqueKind, Track, Transcription
from genesis_music.tablature.techniques import ARRIVALS, EXCLUDES

FULL_BEND_SEMITONES = 2.0
BEND_SEMITONES = (0.5, 4.0)
_SLURS = (TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF)
_CONTOURED = frozenset({TechniqueKind.BEND, TechniqueKind.VIBRATO})


def set_technique(transcription: Transcription, edit: SetTechnique) -> Transcription:
    """Mark notes, or take the mark away. What cannot stand beside a new mark goes.

    Raises:
        EditError: a note cannot be played so.
    """
    _check_height(edit)
    changes: dict[str, TabNote | None] = {}
    before = {id(track): predecessors(track) for track in transcription.tracks} if edit.on else {}
    for track, tab in find_notes(transcription, edit.notes):
        if edit.on:
            _check(tab, before[id(track)].get(tab.id), edit.kind)
            changes[tab.id] = _marked(tab, edit)
        else:
            changes[tab.id] = _cleared(tab, edit.kind)
    return with_notes(transcription, changes)


def _check_height(edit: SetTechnique) -> None:
    low, high = BEND_SEMITONES
    if edit.semitones is None:
        return
    if edit.kind is not TechniqueKind.BEND:
        raise EditError(f"Semitones are for bends, not for a {edit.kind}.")
    if not low <= edit.semitones <= high:
        raise EditError(f"A bend of {edit.semitones:g} semitones: choose {low:g} to {high:g}.")


def _check(tab: TabNote, before: TabNote | None, kind: TechniqueKind) -> None:
    if kind not in ARRIVALS:
        return
    step = _step(before, tab)
    if not step:
        raise EditError(
            f"A {kind} in {bar_of(tab)} needs another fret on the same string just before: there is none."
        )
    if kind in _SLURS and kind is not _slur(step):
        raise EditError(f"A {kind} goes the other way: in {bar_of(tab)} it is a {_slur(step)}.")


def _marked(tab: TabNote, edit: SetTechnique) -> TabNote:
    height = (edit.semitones or FULL_BEND_SEMITONES) if edit.kind is TechniqueKind.BEND else None
    kept = tuple(one for one in tab.techniques if one.kind not in EXCLUDES[edit.kind])
    marked = replace(tab, techniques=(Technique(edit.kind, 1.0, height), *kept))
    if height is None:
        return marked
    length = tab.note.duration_seconds
    contour = (BendPoint(0.0, 0.0), BendPoint(length / 2, height), BendPoint(length, height))
    return replace(marked, note=replace(tab.note, bend=contour))


def _cleared(tab: TabNote, kind: TechniqueKind) -> TabNote:
    """Without the mark, and without the contour that it was heard in."""
    kept = tuple(one for one in tab.techniques if one.kind is not kind)
    steady = kind in _CONTOURED and not any(one.kind in _CONTOURED for one in kept)
    return replace(tab, techniques=kept, note=replace(tab.note, bend=()) if steady else tab.note)


def predecessors(track: Track) -> dict[str, TabNote]:
    """The note before each one on its string, by id; those that are the first on theirs have none."""
    last: dict[int, TabNote] = {}
    found = {}
    for tab in track.notes:
        if tab.string is None:
            continue
        if tab.string in last:
            found[tab.id] = last[tab.string]
        last[tab.string] = tab
    return found


def _step(before: TabNote | None, tab: TabNote) -> int:
    """Frets from the note before; 0 where there is none or it is at the same fret."""
    if before is None or before.fret is None or tab.fret is None:
        return 0
    return tab.fret - before.fret


def _slur(step: int) -> TechniqueKind:
    return TechniqueKind.HAMMER_ON if step > 0 else TechniqueKind.PULL_OFF


def with_fitting_slurs(before: Track, after: Track) -> Track:
    """Set hammer-ons, pull-offs and slides right where the notes they connect have changed.

    What arrives from nowhere now is plucked; a hammer-on that goes down now is a pull-off.
    """
    old = predecessors(before)
    new = predecessors(after)
    was = {tab.id: tab for tab in before.notes}

    def fitting(tab: TabNote) -> TabNote:
        if not any(one.kind in ARRIVALS for one in tab.techniques):
            return tab
        same_end = tab.id in was and _place(was[tab.id]) == _place(tab)
        if same_end and _place(old.get(tab.id)) == _place(new.get(tab.id)):
            return tab
        return replace(tab, techniques=tuple(_refitted(tab, _step(new.get(tab.id), tab))))

    notes = tuple(fitting(tab) for tab in after.notes)
    return replace(after, notes=notes)


def _place(tab: TabNote | None) -> tuple[int | None, int | None] | None:
    return None if tab is None else (tab.string, tab.fret)


def _refitted(tab: TabNote, step: int) -> Iterator[Technique]:
    for one in tab.techniques:
        if one.kind not in ARRIVALS:
            yield one
        elif step:
            yield replace(one, kind=_slur(step)) if one.kind in _SLURS else one
