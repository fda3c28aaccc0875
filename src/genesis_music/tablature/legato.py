"""Hammer-ons, pull-offs and slides: moves along one string without a new pluck.

A move is legato when the note before still sounds as this one starts and the attack is weak for its
surroundings; a logistic model over three cues turns that into a probability. Which of the three it is follows
from the fretboard: an open string can neither be slid from nor to, a hand reaches about four frets, and a
glide in the contour is a slide whatever the distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genesis_music.score import TechniqueKind
from genesis_music.tablature.contour import STEADY, ContourReading
from genesis_music.tablature.note_columns import NO_PLACE, FloatColumn, IntColumn, NoteColumns

REACH_FRETS = 4
"""Beyond this a hammer-on or pull-off between fretted notes takes a stretch: a slide is likelier."""
LONGEST_SLIDE_FRETS = 12
LONGEST_OPEN_HAMMER_FRETS = 7
LONGEST_OPEN_PULL_FRETS = 12
LONGEST_GAP_SECONDS = 0.12
LONGEST_WAIT_SECONDS = 1.5
"""A plucked string is too weak to be hammered audibly after this long."""
REFERENCE_NOTES = 8
"""Attacks are compared with those of this many notes to either side."""
GLIDE_SHARE = 0.25
GLIDE_SEMITONES = 0.6
"""A contour that covers both of these on its way from one note to the next is a slide."""
UNSEEN_SLIDES = 0.15
"""Share of slurs between fretted notes within reach that are slides whose glide the detector missed."""
UNSEEN_GLIDE = 0.8
"""Confidence in a slide is lowered by this when only distance and a weak attack speak for it."""

LEGATO_WEIGHTS = (-2.824, -6.259, -8.563, -1.250)
"""Bias and weights of :func:`legato_features`, fitted by ``python -m training.techniques``."""


@dataclass(frozen=True)
class StringMoves:
    """Pairs of neighbouring notes on one string that could be joined, as rows into the note columns.

    ``frets`` is the signed distance; ``features`` has one row of :func:`legato_features` per pair.
    """

    source: IntColumn
    target: IntColumn
    frets: IntColumn
    features: FloatColumn


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a note was reached: hammer-on, pull-off or slide, with its probability."""

    kind: TechniqueKind
    confidence: float


def string_moves(columns: NoteColumns) -> StringMoves:
    """Pairs on one string, a different fret, close enough in time to be one pluck."""
    target = np.flatnonzero((columns.previous != NO_PLACE) & (columns.fret != NO_PLACE))
    source = columns.previous[target]
    gap = columns.onset[target] - columns.end[source]
    wait = columns.onset[target] - columns.onset[source]
    frets = columns.fret[target] - columns.fret[source]
    near = (gap <= LONGEST_GAP_SECONDS) & (wait <= LONGEST_WAIT_SECONDS) & (frets != 0) & (wait > 0.02)
    source, target, frets = source[near], target[near], frets[near]
    return StringMoves(source, target, frets, legato_features(columns, source, target))


def legato_features(columns: NoteColumns, source: IntColumn, target: IntColumn) -> FloatColumn:
    """Three cues per pair, ``[pairs, 3]``.

    Log2 of the attack against a usual one nearby; silence between the two notes (seconds, 0 when they touch);
    whether other strings start at the same moment, as in a strum.
    """
    loudness = np.log2(np.maximum(columns.velocity, 1e-3))
    return np.stack(
        [
            (loudness - _usual_attack(loudness))[target],
            np.maximum(columns.onset[target] - columns.end[source], 0.0),
            (columns.chord_size[target] > 1).astype(np.float64),
        ],
        axis=1,
    )


def _usual_attack(loudness: FloatColumn) -> FloatColumn:
    """How loud a plucked note is around each: high among its neighbours, since slurred notes are weak."""
    width = 2 * REFERENCE_NOTES + 1
    padded = np.pad(loudness, REFERENCE_NOTES, mode="reflect" if len(loudness) > REFERENCE_NOTES else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    rank = int(0.7 * width)
    usual: FloatColumn = np.partition(windows, rank, axis=1)[:, rank]
    return usual


def find_arrivals(columns: NoteColumns, contours: Mapping[int, ContourReading]) -> dict[int, Arrival]:
    """Return how notes were reached, by row; a row that is missing was plucked.

    ``contours`` holds the contour readings of the rows that have any movement.
    """
    moves = string_moves(columns)
    scores = LEGATO_WEIGHTS[0] + moves.features @ np.array(LEGATO_WEIGHTS[1:])
    legato = 1.0 / (1.0 + np.exp(-scores))
    arrivals: dict[int, Arrival] = {}
    for i, (source, target) in enumerate(zip(moves.source.tolist(), moves.target.tolist(), strict=True)):
        glide = _glide(columns, source, target, contours)
        arrival = _classify(int(columns.fret[source]), int(columns.fret[target]), float(legato[i]), glide)
        if arrival is not None:
            arrivals[target] = arrival
    return arrivals


def _glide(columns: NoteColumns, source: int, target: int, contours: Mapping[int, ContourReading]) -> float:
    """Share of the interval that is glided over where two notes meet; 0 when that is little."""
    leaving, arriving = contours.get(source, STEADY), contours.get(target, STEADY)
    interval = int(columns.pitch[target] - columns.pitch[source])
    if not interval:
        return 0.0
    # A released bend also moves near the end, but back to its pitch, not away from it.
    share = max(0.0, min(leaving.leaving_semitones / interval, leaving.end_semitones / interval))
    share += max(0.0, min(-arriving.arriving_semitones / interval, -arriving.start_semitones / interval))
    return min(share, 1.0) if share >= max(GLIDE_SHARE, GLIDE_SEMITONES / abs(interval)) else 0.0


def _classify(source_fret: int, target_fret: int, legato: float, glide: float) -> Arrival | None:
    frets = abs(target_fret - source_fret)
    is_open = source_fret == 0 or target_fret == 0
    if not is_open and glide and frets <= LONGEST_SLIDE_FRETS:
        return Arrival(TechniqueKind.SLIDE, min(0.95, 0.7 + 0.3 * glide))
    if not is_open and frets > REACH_FRETS:
        return Arrival(TechniqueKind.SLIDE, UNSEEN_GLIDE * legato) if frets <= LONGEST_SLIDE_FRETS else None
    rises = target_fret > source_fret
    longest = LONGEST_OPEN_HAMMER_FRETS if rises else LONGEST_OPEN_PULL_FRETS
    if frets > longest:
        return None
    kind = TechniqueKind.HAMMER_ON if rises else TechniqueKind.PULL_OFF
    return Arrival(kind, legato if is_open else (1 - UNSEEN_SLIDES) * legato)
