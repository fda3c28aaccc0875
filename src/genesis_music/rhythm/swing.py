"""Swing: off-beat eighths that come late, written straight with a marking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median  # numpy's would load numpy.ma, 50 ms

import numpy as np
from numpy.typing import NDArray

from genesis_music.rhythm.beat_table import BeatTable, FloatArray, aligned_to, beat_table
from genesis_music.rhythm.chords import find_strikes
from genesis_music.score import Note, TempoMap

SWING_RATIOS = (0.56, 0.71)
"""Late enough to be heard as swing, too early for a sixteenth."""

_OFFBEAT_PHASES = (0.42, 0.8)
_DOWNBEAT_PHASE = 0.13
_SECOND_OF_TRIPLET = (0.28, 0.4)
_THIRD_OF_TRIPLET = (0.6, 0.74)
_FEWEST_OFFBEATS = 8
_SMALLEST_LATE_SHARE = 0.7
_LARGEST_DEVIATION_SECONDS = 0.03
_LARGEST_TRIPLET_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Swing:
    """Off-beat eighths at ``ratio`` of the beat (1/2 = straight, 2/3 = triplet swing); confidence 0..1."""

    ratio: float
    confidence: float


def detect_swing(notes: Sequence[Note], tempo_map: TempoMap) -> Swing | None:
    """Find out whether the piece swings; ``None`` when its off-beats are straight or too few to tell.

    Only beats (in simple metres) with a single onset between them count. Many onsets on the middle third of a
    beat, as in full triplets, speak against swing: then the piece is written in triplets.
    """
    onsets = np.array([strike.onset_seconds for strike in find_strikes(notes)])
    if not len(onsets):
        return None
    found = _offbeats(onsets, aligned_to(onsets, beat_table(tempo_map)))
    if len(found.phases) < _FEWEST_OFFBEATS:
        return None
    ratio = median(found.phases.tolist())
    late_share = float(np.mean(found.phases > (0.5 + ratio) / 2))
    triplet_share = found.triplets / (found.triplets + len(found.phases))
    deviation_seconds = median((np.abs(found.phases - ratio) * found.beat_seconds).tolist())
    low, high = SWING_RATIOS
    swings = low <= ratio <= high and late_share >= _SMALLEST_LATE_SHARE
    if not swings or triplet_share > _LARGEST_TRIPLET_SHARE or deviation_seconds > _LARGEST_DEVIATION_SECONDS:
        return None
    return Swing(round(ratio, 3), late_share * (1 - triplet_share))


@dataclass(frozen=True, slots=True)
class _Offbeats:
    """Phases (0..1) of single off-beat onsets, the seconds of their beats, the number of triplet beats."""

    phases: FloatArray
    beat_seconds: FloatArray
    triplets: int


def _offbeats(onsets: FloatArray, table: BeatTable) -> _Offbeats:
    beats = np.clip(np.searchsorted(table.start_seconds, onsets, side="right") - 1, 0, len(table.kinds) - 1)
    phases = (onsets - table.start_seconds[beats]) / table.length_seconds[beats]
    quarter = np.array([length == 1 for length in table.lengths])[table.kinds[beats]]
    between = quarter & (phases > _DOWNBEAT_PHASE) & (phases < 1 - _DOWNBEAT_PHASE)
    counts = np.bincount(beats[between], minlength=len(table.kinds))
    single = between & (counts[beats] == 1) & _within(phases, _OFFBEAT_PHASES)
    second, third = (
        np.bincount(beats[between & _within(phases, span)], minlength=len(counts)) > 0
        for span in (_SECOND_OF_TRIPLET, _THIRD_OF_TRIPLET)
    )
    triplets = int(np.sum(second & (third & (counts == 2) | (counts == 1))))
    return _Offbeats(phases[single], table.length_seconds[beats[single]], triplets)


def _within(phases: FloatArray, span: tuple[float, float]) -> NDArray[np.bool_]:
    return (phases > span[0]) & (phases < span[1])
