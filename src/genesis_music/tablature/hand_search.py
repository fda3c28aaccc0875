"""The best path of a hand through the voicings of a piece: a Viterbi search that remembers.

The state after a stroke is the voicing it was played with. Along the best path to each state three things
are carried: where the hand is (fret of the index finger), until when each string sounds, and the fret it is
held at. Carrying them along the best path only, instead of enlarging the state by them, is a deviation from
exact Viterbi; it keeps the search linear in the number of notes and fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.tablature.voicings import Voicings

HAND_FRETS = 3
"""Frets that the four fingers cover above the index finger without moving."""
REST_HAND_FRET = 1
LONGEST_GAP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class SearchWeights:
    """What each awkwardness costs, in nats.

    ``shift`` per fret that the hand moves, ``jump`` for moving at all (both halved for every
    ``shift_relief_seconds`` of time to do it), ``cut`` for stopping a string that should sound on.
    """

    shift: float = 0.25
    jump: float = 0.5
    shift_relief_seconds: float = 0.5
    cut: float = 2.0


@dataclass(frozen=True, slots=True)
class Stroke:
    """Notes played together: when, until when each sounds (``[N]``), the ways and their costs (``[K]``)."""

    onset_seconds: float
    ends_seconds: NDArray[np.float64]
    voicings: Voicings
    costs: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Paths:
    """The best path to each of ``K`` states: its cost, the hand, and per string the end of its sound."""

    costs: NDArray[np.float64]
    hands: NDArray[np.int64]
    ends_seconds: NDArray[np.float64]


def best_path(strokes: Sequence[Stroke], strings: int, weights: SearchWeights) -> list[int]:
    """Choose one voicing per stroke so that the whole is cheapest; returns their row numbers."""
    if not strokes:
        return []
    silent = np.full((1, strings), -np.inf)
    paths = _Paths(np.zeros(1), np.full(1, REST_HAND_FRET), silent)
    origins, previous_onset = [], strokes[0].onset_seconds - LONGEST_GAP_SECONDS
    for stroke in strokes:
        paths, origin = _advance(paths, stroke, stroke.onset_seconds - previous_onset, weights)
        origins.append(origin)
        previous_onset = stroke.onset_seconds
    return _trace(int(np.argmin(paths.costs)), origins)


def _trace(last: int, origins: Sequence[NDArray[np.int64]]) -> list[int]:
    rows = [last]
    for origin in reversed(origins[1:]):
        rows.append(int(origin[rows[-1]]))
    return rows[::-1]


def _advance(
    paths: _Paths, stroke: Stroke, gap_seconds: float, weights: SearchWeights
) -> tuple[_Paths, NDArray[np.int64]]:
    held = stroke.voicings
    hands = _hands(paths.hands[:, None], held)
    moved = np.abs(hands - paths.hands[:, None])
    relief = 0.5 ** (min(gap_seconds, LONGEST_GAP_SECONDS) / weights.shift_relief_seconds)
    costs = (
        paths.costs[:, None] + stroke.costs + relief * (weights.shift * moved + weights.jump * (moved > 0))
    )
    costs += weights.cut * _cut_notes(paths, stroke)
    origin = np.argmin(costs, axis=0)
    columns = np.arange(len(held))
    ends = paths.ends_seconds[origin]
    np.put_along_axis(ends, held.strings, np.broadcast_to(stroke.ends_seconds, held.strings.shape), axis=1)
    return _Paths(costs[origin, columns], hands[origin, columns], ends), origin


def _hands(before: NDArray[np.int64], held: Voicings) -> NDArray[np.int64]:
    """Where the hand goes for each voicing if it moves as little as it can."""
    lowest_hand = np.minimum(np.maximum(held.highest - HAND_FRETS, 1), held.lowest)
    hands = np.clip(before, lowest_hand, held.lowest)
    return np.where(held.lowest > 0, hands, before)


def _cut_notes(paths: _Paths, stroke: Stroke) -> NDArray[np.float64]:
    """How many strings that should sound on each voicing (columns) would stop after each path (rows)."""
    ringing = paths.ends_seconds > stroke.onset_seconds + 0.06
    if not ringing.any():
        return np.zeros((1, 1))
    return ringing.astype(np.float64) @ (stroke.voicings.fret_of_string >= 0).T.astype(np.float64)
