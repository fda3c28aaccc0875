"""Playing techniques from pitch contours and context, each with an honest confidence.

``contour`` reads bends, vibrato and glides; ``legato`` hammer-ons, pull-offs and slides; ``texture`` palm
mute, let ring, dead notes and harmonics. Here they meet: contradictions are settled, doubtful ones left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from genesis_music.errors import SettingsError
from genesis_music.score import TabNote, Technique, TechniqueKind, TempoMap, Tuning
from genesis_music.tablature.contour import STEADY, BendShape, ContourReading, read_contour
from genesis_music.tablature.legato import Arrival, find_arrivals
from genesis_music.tablature.note_columns import FloatColumn, NoteColumns, note_columns
from genesis_music.tablature.texture import (
    dead_note_confidence,
    harmonic_confidence,
    let_ring_confidence,
    palm_mute_confidence,
)

EXCLUSIVE = (
    frozenset({TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF, TechniqueKind.SLIDE}),
    frozenset({TechniqueKind.PALM_MUTE, TechniqueKind.LET_RING}),
    frozenset({TechniqueKind.PALM_MUTE, TechniqueKind.BEND}),
    frozenset({TechniqueKind.PALM_MUTE, TechniqueKind.VIBRATO}),
    frozenset({TechniqueKind.PALM_MUTE, TechniqueKind.HARMONIC}),
    frozenset({TechniqueKind.HARMONIC, TechniqueKind.BEND}),
    frozenset({TechniqueKind.HARMONIC, TechniqueKind.HAMMER_ON}),
    frozenset({TechniqueKind.HARMONIC, TechniqueKind.PULL_OFF}),
    frozenset({TechniqueKind.HARMONIC, TechniqueKind.SLIDE}),
    *(
        frozenset({TechniqueKind.DEAD_NOTE, kind})
        for kind in TechniqueKind
        if kind != TechniqueKind.DEAD_NOTE
    ),
)
"""Techniques of which one note has at most one: the surer one stays."""


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
    columns = note_columns(notes, tempo_map)
    rows = columns.row_of.tolist()
    readings = ((row, read_contour(tab.note)) for row, tab in zip(rows, notes, strict=True) if tab.note.bend)
    contours = {row: reading for row, reading in readings if reading is not STEADY}
    found = _collect(columns, contours, tuning)
    return tuple(
        replace(tab, techniques=_settle(found.get(row, ()), settings))
        if tab.techniques or row in found
        else tab
        for row, tab in zip(rows, notes, strict=True)
    )


def bend_shape(tab: TabNote) -> BendShape | None:
    """How a note's bend is played: up, up and back, or bent before the pluck; ``None`` without a bend."""
    return read_contour(tab.note).bend_shape


def _collect(
    columns: NoteColumns, contours: Mapping[int, ContourReading], tuning: Tuning
) -> dict[int, list[Technique]]:
    """Every technique with any confidence at all, by row."""
    found: dict[int, list[Technique]] = {}
    arrivals = find_arrivals(columns, contours)
    sliding_away = {int(columns.previous[row]) for row, a in arrivals.items() if _is_sure_slide(a)}
    for row, reading in contours.items():
        found.setdefault(row, []).extend(_from_contour(reading, slides_away=row in sliding_away))
    for row, arrival in arrivals.items():
        found.setdefault(row, []).append(Technique(arrival.kind, arrival.confidence))
    _add(found, TechniqueKind.PALM_MUTE, palm_mute_confidence(columns, tuning))
    _add(found, TechniqueKind.LET_RING, let_ring_confidence(columns))
    _add(found, TechniqueKind.DEAD_NOTE, dead_note_confidence(columns))
    _add(found, TechniqueKind.HARMONIC, harmonic_confidence(columns))
    return found


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


def _add(found: dict[int, list[Technique]], kind: TechniqueKind, confidence: FloatColumn) -> None:
    rows = np.flatnonzero(confidence > 0.0)
    for row, value in zip(rows.tolist(), confidence[rows].tolist(), strict=True):
        found.setdefault(row, []).append(Technique(kind, value))


def _settle(candidates: Sequence[Technique], settings: TechniqueSettings) -> tuple[Technique, ...]:
    """Keep the sure ones and, of those that exclude each other, the surest."""
    kept: list[Technique] = []
    for technique in sorted(candidates, key=lambda t: -t.confidence):
        if technique.confidence < settings.minimum_confidence or technique.kind not in settings.kinds:
            continue
        if not any(frozenset({technique.kind, other.kind}) <= pair for pair in EXCLUSIVE for other in kept):
            kept.append(replace(technique, confidence=round(technique.confidence, 3)))
    return tuple(kept)
