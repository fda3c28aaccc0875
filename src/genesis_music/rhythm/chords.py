"""Notes struck together: the onsets that rhythm is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genesis_music.score import Note

STRUM_GAP_SECONDS = 0.035
"""Largest gap between neighbouring strings of one strum."""
STRUM_SPREAD_SECONDS = 0.09
"""Longest strum."""


@dataclass(frozen=True, slots=True)
class Strike:
    """Notes struck as one chord (or a single note), as indices into the sequence they come from."""

    onset_seconds: float
    notes: tuple[int, ...]


def find_strikes(notes: Sequence[Note]) -> list[Strike]:
    """Group notes into strikes in time order; a pitch that sounds twice belongs to two strikes."""
    order = sorted(range(len(notes)), key=lambda index: (notes[index].onset_seconds, index))
    groups: list[list[int]] = []
    for index in order:
        if groups and _belongs(notes, groups[-1], notes[index]):
            groups[-1].append(index)
        else:
            groups.append([index])
    return [Strike(_centre(notes, group), tuple(group)) for group in groups]


def _belongs(notes: Sequence[Note], group: list[int], note: Note) -> bool:
    since_last = note.onset_seconds - notes[group[-1]].onset_seconds
    since_first = note.onset_seconds - notes[group[0]].onset_seconds
    if since_last > STRUM_GAP_SECONDS or since_first > STRUM_SPREAD_SECONDS:
        return False
    return all(notes[index].pitch_midi != note.pitch_midi for index in group)


def _centre(notes: Sequence[Note], group: list[int]) -> float:
    return sum(notes[index].onset_seconds for index in group) / len(group)
