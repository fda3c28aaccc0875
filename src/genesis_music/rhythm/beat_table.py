"""The beats that grids divide, as vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median  # numpy's would load numpy.ma, 50 ms

import numpy as np
from numpy.typing import NDArray

from genesis_music.rhythm.metre import to_ticks
from genesis_music.score import TempoMap, TimeSignature

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LATENESS_SECONDS = 0.06
_LATENESS_PHASE = 0.16
"""Onsets at most this far from a beat (and at most this share of it) say how late the player is."""
_PRIOR_ONSETS = 8


@dataclass(frozen=True, slots=True)
class BeatTable:
    """The beats that grids divide: start and length on the page (ticks) and in time (seconds).

    ``kinds`` indexes ``lengths``, the different written lengths of a beat.
    """

    start_ticks: IntArray
    length_ticks: IntArray
    start_seconds: FloatArray
    length_seconds: FloatArray
    kinds: IntArray
    lengths: tuple[Fraction, ...]


def beat_table(tempo_map: TempoMap) -> BeatTable:
    """List the beats of all measures; a pickup's first beat may start before the measure does."""
    starts: list[Fraction] = []
    lengths: list[Fraction] = []
    for measure in tempo_map.measures:
        beat = grid_beat(measure.time_signature)
        count = -(-measure.length_quarters // beat)
        first = measure.start_quarters + measure.length_quarters - count * beat
        starts += [first + index * beat for index in range(count)]
        lengths += [beat] * count
    kinds = tuple(sorted(set(lengths)))
    edges = np.array(
        [tempo_map.seconds_at(q) for q in (*map(float, starts), float(starts[-1] + lengths[-1]))]
    )
    return BeatTable(
        np.array([to_ticks(q) for q in starts]),
        np.array([to_ticks(q) for q in lengths]),
        edges[:-1],
        np.maximum(np.diff(edges), 1e-6),
        np.array([kinds.index(length) for length in lengths]),
        kinds,
    )


def aligned_to(onset_seconds: FloatArray, table: BeatTable) -> BeatTable:
    """Move all beats by the constant lateness (or earliness) with which onsets are played on them.

    Players lay back, detectors lag: without this, straight off-beats would look swung.
    """
    nearest = np.clip(np.searchsorted(table.start_seconds, onset_seconds), 1, len(table.kinds) - 1)
    after = onset_seconds - table.start_seconds[nearest]
    before = onset_seconds - table.start_seconds[nearest - 1]
    lateness = np.where(np.abs(after) < np.abs(before), after, before)
    window = np.minimum(_LATENESS_SECONDS, _LATENESS_PHASE * table.length_seconds[nearest])
    on_beat = lateness[np.abs(lateness) < window]
    return replace(table, start_seconds=table.start_seconds + shrunk_median(on_beat))


def shrunk_median(deviations: FloatArray) -> float:
    """Median of deviations, drawn to nought as if some more of them were nought; 0 for none."""
    count = len(deviations)
    return count / (count + _PRIOR_ONSETS) * median(deviations.tolist()) if count else 0.0


def grid_beat(signature: TimeSignature) -> Fraction:
    """The beat that grids divide: the felt beat, but never longer than a quarter in simple metres."""
    return signature.beat_quarters if signature.is_compound else min(signature.beat_quarters, Fraction(1))
