"""Swing: off-beat eighths that come late, written straight with a marking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.rhythm.chords import find_strikes
from genesis_music.rhythm.onset_grid import BeatTable, aligned_to, beat_table
from genesis_music.score import Note, TempoMap

SWING_RATIOS = (0.56, 0.71)
"""Late enough to be heard as swing, too early for a sixteenth."""

_OFFBEAT_PHASES = (0.42, 0.8)
_DOWNBEAT_PHASE = 0.13
_FEWEST_OFFBEATS = 8
_LARGEST_TRIPLET_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Swing:
    """Off-beat eighths at ``ratio`` of the beat (1/2 = straight, 2/3 = triplet swing); confidence 0..1."""

    ratio: float
    confidence: float


def detect_swing(notes: Sequence[Note], tempo_map: TempoMap) -> Swing | None:
    """Find out whether the piece swings; ``None`` when its off-beats are straight or too few to tell.

    Only beats (in simple metres) with a single onset between them count. Full triplets, three onsets a beat,
    speak against swing when there are many: then the piece is written in triplets.
    """
    onsets = np.array([strike.onset_seconds for strike in find_strikes(notes)])
    if not len(onsets):
        return None
    offbeats, triplets = _offbeats(onsets, aligned_to(onsets, beat_table(tempo_map)))
    if len(offbeats) < _FEWEST_OFFBEATS:
        return None
    ratio = float(np.median(offbeats))
    late = float(np.mean(np.abs(offbeats - ratio) < 0.07))
    triplet_share = triplets / (triplets + len(offbeats))
    low, high = SWING_RATIOS
    if not low <= ratio <= high or late < 0.7 or triplet_share > _LARGEST_TRIPLET_SHARE:
        return None
    return Swing(round(ratio, 3), late * (1 - triplet_share))


def _offbeats(onsets: NDArray[np.float64], table: BeatTable) -> tuple[NDArray[np.float64], int]:
    """Phases (0..1) of single off-beat onsets in quarter beats, and the number of full-triplet beats."""
    beats = np.clip(np.searchsorted(table.start_seconds, onsets, side="right") - 1, 0, len(table.kinds) - 1)
    phases = (onsets - table.start_seconds[beats]) / table.length_seconds[beats]
    quarter = np.array([length == 1 for length in table.lengths])[table.kinds[beats]]
    between = quarter & (phases > _DOWNBEAT_PHASE) & (phases < 1 - _DOWNBEAT_PHASE)
    counts = np.bincount(beats[between], minlength=len(table.kinds))
    low, high = _OFFBEAT_PHASES
    single = between & (counts[beats] == 1) & (phases > low) & (phases < high)
    early = np.bincount(beats[between & (phases > 0.26) & (phases < 0.41)], minlength=len(counts)) > 0
    late = np.bincount(beats[between & (phases > 0.59) & (phases < 0.74)], minlength=len(counts)) > 0
    return phases[single], int(np.sum((counts == 2) & early & late))
