"""Notes of one pitch that are written at the same place are one note, heard twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genesis_music.score import Note, WrittenTime


def merge_doubles(
    notes: Sequence[Note], written: Sequence[WrittenTime]
) -> tuple[tuple[Note, ...], tuple[WrittenTime, ...]]:
    """Merge such notes: the surer one's onset and bend, the latest end, the longer written length.

    Args:
        notes: in time order.
        written: where each stands on the page.

    Returns:
        The notes that are left and their written times, in the order of the first of each.
    """
    merged: dict[tuple[object, ...], tuple[Note, WrittenTime]] = {}
    for note, time in zip(notes, written, strict=True):
        place = (note.pitch_midi, time.measure, time.position_quarters)
        merged[place] = _merge(*merged[place], note, time) if place in merged else (note, time)
    return tuple(note for note, _ in merged.values()), tuple(time for _, time in merged.values())


def _merge(
    first: Note, first_time: WrittenTime, second: Note, second_time: WrittenTime
) -> tuple[Note, WrittenTime]:
    surer = max(first, second, key=lambda note: note.confidence)
    end = max(first.end_seconds, second.end_seconds)
    note = replace(
        surer, duration_seconds=end - surer.onset_seconds, velocity=max(first.velocity, second.velocity)
    )
    length = max(first_time.length_quarters, second_time.length_quarters)
    return note, replace(first_time, length_quarters=length)
