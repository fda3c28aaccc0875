"""Playing techniques from pitch contours and context, each with an honest confidence.

``contour`` reads bends, vibrato and glides; ``legato`` hammer-ons, pull-offs and slides; ``texture`` palm
mute, let ring, dead notes and harmonics. Here they meet: contradictions are settled, doubtful ones left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from genesis_music.errors import SettingsError
from genesis_music.score import Note, TabNote, Technique, TechniqueKind, TempoMap, Tuning
from genesis_music.tablature.contour import STEADY, BendShape, ContourReading, read_contours
from genesis_music.tablature.legato import Arrival, find_arrivals
from genesis_music.tablature.note_columns import FloatColumn, NoteColumns, note_columns
from genesis_music.tablature.texture import (
    dead_note_confidence,
    harmonic_confidence,
    let_ring_confidence,
    palm_mute_confidence,
)

ARRIVALS = frozenset({TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF, TechniqueKind.SLIDE})
EXCLUSIVE_GROUPS = (
    ARRIVALS,
    frozenset({TechniqueKind.PALM_MUTE, TechniqueKind.LET_RING}),
    *(frozenset({TechniqueKind.PALM_MUTE, kind}) for kind in (TechniqueKind.BEND, TechniqueKind.VIBRATO)),
    *(
        frozenset({TechniqueKind.HARMONIC, kind})
        for kind in (*ARRIVALS, TechniqueKind.BEND, TechniqueKind.PALM_MUTE)
    ),
    *(frozenset({TechniqueKind.DEAD_NOTE, kind}) for kind in TechniqueKind),
)
"""Techniques of which one note has at most one: the surer one stays."""
EXCLUDES = {
    kind: frozenset().union(*(group for group in EXCLUSIVE_GROUPS if kind in group), {kind})
    for kind in TechniqueKind
}
"""What cannot stand beside a technique on the same note, a second one of its kind included."""


@dataclass(frozen=True, slots=True)
class TechniqueSettings:
    """Which techniques are written.

    A technique is written when its confidence (0..1) reaches ``minimum_confidence``; ``kinds`` limits which
    are looked for at all.
    """

    minimum_confidence: float = 0.5
    kinds: frozenset[TechniqueKind] = frozenset(TechniqueKind)

    def __post_init__(self) -> None:
        if not 0.0 <= self.minimum_confidence <= 1.0:
            raise SettingsError(
                f"the confidence a technique needs must lie in 0..1, not {self.minimum_confidence}"
            )


def detect_techniques(
    notes: Sequence[TabNote],
    tuning: Tuning,
    tempo_map: TempoMap,
    settings: TechniqueSettings = TechniqueSettings(),
) -> tuple[TabNote, ...]:
    """Return the same notes in the same order with ``techniques`` filled, surest first.

    What was in ``techniques`` before is replaced. Hammer-on, pull-off and slide are marked on the note they
    arrive at. A note without a place (string ``None``) can still be bent or have vibrato.

    Raises:
        SettingsError: from the settings, when a confidence lies outside 0..1.
    """
    if not notes:
        return ()
    columns = note_columns(notes, tempo_map)
    rows = columns.row_of.tolist()
    readings = read_contours([tab.note for tab in notes])
    contours = {rows[index]: reading for index, reading in readings.items()}
    found = _collect(columns, contours, tuning, settings)
    return tuple(
        replace(tab, techniques=_settle(found[row])) if row in found else _unmarked(tab)
        for row, tab in zip(rows, notes, strict=True)
    )


def bend_shape(note: Note) -> BendShape | None:
    """How a note's bend is played: up, up and back, or bent before the pluck; ``None`` without a bend."""
    return read_contours([note]).get(0, STEADY).bend_shape


def _unmarked(tab: TabNote) -> TabNote:
    return replace(tab, techniques=()) if tab.techniques else tab


def _collect(
    columns: NoteColumns,
    contours: Mapping[int, ContourReading],
    tuning: Tuning,
    settings: TechniqueSettings,
) -> dict[int, list[Technique]]:
    """Every technique that is looked for and sure enough, by row."""
    found: dict[int, list[Technique]] = {}

    def add(row: int, technique: Technique) -> None:
        if technique.kind in settings.kinds and technique.confidence >= settings.minimum_confidence:
            found.setdefault(row, []).append(technique)

    arrivals = find_arrivals(columns, contours)
    sliding_away = {int(columns.previous[row]) for row, a in arrivals.items() if _is_sure_slide(a)}
    for row, reading in contours.items():
        for technique in _from_contour(reading, slides_away=row in sliding_away):
            add(row, technique)
    for row, arrival in arrivals.items():
        add(row, Technique(arrival.kind, arrival.confidence))
    for kind, confidence in _textures(columns, tuning):
        rows = np.flatnonzero((confidence > 0.0) & (confidence >= settings.minimum_confidence))
        for row in rows.tolist():
            add(row, Technique(kind, float(confidence[row])))
    return found


def _textures(columns: NoteColumns, tuning: Tuning) -> tuple[tuple[TechniqueKind, FloatColumn], ...]:
    return (
        (TechniqueKind.PALM_MUTE, palm_mute_confidence(columns, tuning)),
        (TechniqueKind.LET_RING, let_ring_confidence(columns)),
        (TechniqueKind.DEAD_NOTE, dead_note_confidence(columns)),
        (TechniqueKind.HARMONIC, harmonic_confidence(columns)),
    )


def _is_sure_slide(arrival: Arrival) -> bool:
    return arrival.kind == TechniqueKind.SLIDE and arrival.confidence >= 0.6


def _from_contour(reading: ContourReading, *, slides_away: bool) -> list[Technique]:
    """Bend and vibrato; a rise at the end of a note that slides into the next is no bend."""
    techniques = []
    if reading.bend_confidence and not slides_away:
        techniques.append(Technique(TechniqueKind.BEND, reading.bend_confidence, reading.bend_semitones))
    if reading.vibrato_confidence:
        techniques.append(Technique(TechniqueKind.VIBRATO, reading.vibrato_confidence))
    return techniques


def _settle(candidates: Sequence[Technique]) -> tuple[Technique, ...]:
    """Of techniques that exclude each other keep the surest; surest first."""
    kept: list[Technique] = []
    for technique in sorted(candidates, key=lambda t: -t.confidence):
        if all(other.kind not in EXCLUDES[technique.kind] for other in kept):
            kept.append(replace(technique, confidence=round(technique.confidence, 3)))
    return tuple(kept)
