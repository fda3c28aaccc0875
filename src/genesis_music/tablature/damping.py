"""A string sounds one note at a time: what is struck next on it ends what sounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genesis_music.score import Note
from genesis_music.tablature.fingering import Fingered


def damped(notes: Sequence[Note], fingered: Sequence[Fingered]) -> list[Note]:
    """End each note where the next one on its string begins, if it was heard for longer.

    Args:
        notes: as heard, any order; the result keeps it.
        fingered: where each of them is played; a note without a place damps nothing.
    """
    result = list(notes)
    next_onset: dict[int, float] = {}
    for index in sorted(range(len(notes)), key=lambda index: notes[index].onset_seconds, reverse=True):
        note, place = notes[index], fingered[index].place
        if place is None:
            continue
        end = next_onset.get(place.string, note.end_seconds)
        if note.onset_seconds < end < note.end_seconds:
            result[index] = _cut(note, end - note.onset_seconds)
        next_onset[place.string] = note.onset_seconds
    return result


def _cut(note: Note, duration_seconds: float) -> Note:
    bend = tuple(point for point in note.bend if point.offset_seconds <= duration_seconds)
    return replace(note, duration_seconds=duration_seconds, bend=bend)
