"""A tab as a player reads it: what stands at each written position, and which grips the hand forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from genesis_music.score import TabNote, TechniqueKind, TempoMap, Track
from genesis_music.tablature.hand import Place
from genesis_music.tablature.note_columns import seconds_at

SLURS = frozenset({TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF, TechniqueKind.SLIDE})
WIDEST_GRIP_FRETS = 6
"""Notes further apart than this are not held at once."""


@dataclass(frozen=True, slots=True)
class Event:
    """Notes written at one position: where they lie, how many are plucked (not slurred) and how many bent."""

    onset_seconds: float
    measure: int
    places: tuple[Place, ...]
    plucked: int
    bent: int


def page_events(track: Track, tempo_map: TempoMap) -> list[Event]:
    """Group a track's notes by written position, in time order; notes without a place are left out."""
    starts = {measure.number: float(measure.start_quarters) for measure in tempo_map.measures}
    placed = [
        (starts[tab.written.measure] + float(tab.written.position_quarters), tab)
        for tab in track.notes
        if tab.string is not None and tab.fret is not None and tab.written.measure in starts
    ]
    placed.sort(key=lambda pair: pair[0])
    groups = [(at, [tab for _, tab in group]) for at, group in groupby(placed, key=lambda pair: pair[0])]
    seconds = seconds_at(tempo_map, np.array([at for at, _ in groups], dtype=np.float64))
    return [_event(onset, tabs) for onset, (_, tabs) in zip(seconds.tolist(), groups, strict=True)]


def _event(onset_seconds: float, tabs: Sequence[TabNote]) -> Event:
    kinds = [{technique.kind for technique in tab.techniques} for tab in tabs]
    return Event(
        onset_seconds=onset_seconds,
        measure=tabs[0].written.measure,
        places=tuple(sorted((tab.string or 0, tab.fret or 0) for tab in tabs)),
        plucked=sum(not (kind & SLURS) for kind in kinds),
        bent=sum(TechniqueKind.BEND in kind for kind in kinds),
    )


def held_grips(events: Sequence[Event]) -> Iterator[tuple[int, tuple[Place, ...]]]:
    """Split events into grips the hand can hold: ``(index of the first event, places)`` each.

    A grip grows while no string needs a second fret and its frets stay within reach: a strummed or picked
    chord is one grip, a scale one per note or two.
    """
    held: dict[int, int] = {}
    first = 0
    for index, event in enumerate(events):
        if index and not _fits(held, event.places):
            yield first, tuple(held.items())
            held, first = {}, index
        held.update(event.places)
    if events:
        yield first, tuple(held.items())


def _fits(held: dict[int, int], places: Sequence[Place]) -> bool:
    if any(held.get(string, fret) != fret for string, fret in places):
        return False
    frets = [fret for fret in (*held.values(), *(fret for _, fret in places)) if fret > 0]
    return not frets or max(frets) - min(frets) <= WIDEST_GRIP_FRETS
