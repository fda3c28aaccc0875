"""The best path of a hand through the voicings of a piece: a Viterbi search that remembers.

The state after a stroke is the voicing it was played with. Along the best path to each state three things
are carried: where the hand is (fret of the index finger), until when each string sounds, and at which fret.
Carrying them along the best path only, instead of enlarging the state by them, is a deviation from exact
Viterbi; it keeps the search linear in the number of notes and fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.tablature.voicings import HAND_FRETS, UNPLAYED, Voicings

_REST_HAND_FRET = 1
_LONGEST_GAP_SECONDS = 2.0
_SOUNDS_ON_SECONDS = 0.06
"""A note that ends this soon after the next one starts was not meant to sound on."""


@dataclass(frozen=True, slots=True)
class SearchWeights:
    """What counts how much, in nats, as ``training/search_weights.py`` found it.

    ``model`` scales the log-probabilities of the fret model: neighbouring notes see nearly the same context,
    so its opinions are far from independent. ``evidence`` scales what the audio says; on rendered guitars 1.5 is
    best (``training/guitar/evidence.py``), and real ones are stranger. ``move`` is the cost of moving the hand at
    all and ``shift`` per fret that it moves, both halved for every ``relief_seconds`` there are to do it; ``cut``
    that of stopping a string that should sound on; ``stretch`` per fret that a voicing reaches beyond four frets;
    ``finger`` per finger that it takes.
    """

    model: float = 0.5
    evidence: float = 0.5
    move: float = 0.3
    shift: float = 0.4
    relief_seconds: float = 2.0
    cut: float = 3.0
    stretch: float = 0.5
    finger: float = 0.02


DEFAULT_WEIGHTS = SearchWeights()


@dataclass(frozen=True, slots=True)
class Stroke:
    """Notes played together: when, until when each sounds (``[N]``), the ways and their scores (``[K]``)."""

    onset_seconds: float
    ends_seconds: NDArray[np.float64]
    voicings: Voicings
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Paths:
    """The best path to each of ``K`` states: its cost and the hand (``[K]``), and per string (``[K, S]``)
    when its last note ends and the fret of that.
    """

    costs: NDArray[np.float64]
    hands: NDArray[np.int64]
    ends_seconds: NDArray[np.float64]
    frets: NDArray[np.int64]


def best_path(strokes: Sequence[Stroke], strings: int, weights: SearchWeights) -> list[int]:
    """Choose one voicing per stroke so that the whole is best; returns their row numbers."""
    if not strokes:
        return []
    paths, origins = _search(strokes, strings, weights)
    return _trace(int(np.argmin(paths.costs)), origins)


def least_cost(strokes: Sequence[Stroke], strings: int, weights: SearchWeights) -> float:
    """What the best path through one stroke or more costs."""
    return float(_search(strokes, strings, weights)[0].costs.min())


def _search(
    strokes: Sequence[Stroke], strings: int, weights: SearchWeights
) -> tuple[_Paths, list[NDArray[np.int64]]]:
    """The best path to each voicing of the last stroke, and where those to each voicing came from."""
    silent = np.full((1, strings), -np.inf)
    paths = _Paths(np.zeros(1), np.full(1, _REST_HAND_FRET), silent, np.full((1, strings), UNPLAYED))
    # With nothing before it, music is likelier near the nut: the first stroke pays for its way in full.
    origins, previous_onset = [], strokes[0].onset_seconds
    for stroke in strokes:
        paths, origin = _advance(paths, stroke, stroke.onset_seconds - previous_onset, weights)
        origins.append(origin)
        previous_onset = stroke.onset_seconds
    return paths, origins


def _trace(last: int, origins: Sequence[NDArray[np.int64]]) -> list[int]:
    rows = [last]
    for origin in reversed(origins[1:]):
        rows.append(int(origin[rows[-1]]))
    return rows[::-1]


def _advance(
    paths: _Paths, stroke: Stroke, gap_seconds: float, weights: SearchWeights
) -> tuple[_Paths, NDArray[np.int64]]:
    held = stroke.voicings
    before = paths.hands[:, None]
    hands = _hands(before, held)
    moved = np.abs(hands - before)
    relief = 0.5 ** (min(gap_seconds, _LONGEST_GAP_SECONDS) / weights.relief_seconds)
    costs = paths.costs[:, None] + relief * (weights.shift * moved + weights.move * (moved > 0))
    costs += _holding_costs(held, weights) - stroke.scores
    ringing = paths.ends_seconds > stroke.onset_seconds + _SOUNDS_ON_SECONDS
    if ringing.any():
        costs += weights.cut * _cut_notes(ringing, paths.frets, held.fret_of_string)
    origin = np.argmin(costs, axis=0)
    columns = np.arange(len(held))
    ends, frets = paths.ends_seconds[origin], paths.frets[origin]
    ends[columns[:, None], held.strings] = stroke.ends_seconds
    frets[columns[:, None], held.strings] = held.frets
    return _Paths(costs[origin, columns], hands[origin, columns], ends, frets), origin


def _cut_notes(
    ringing: NDArray[np.bool_], frets: NDArray[np.int64], next_frets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Count the ringing notes that each voicing stops, ``[before, after]``; striking one again is no cut."""
    other = (next_frets >= 0) & (frets[:, :, None] != next_frets)
    return np.asarray((ringing[:, :, None] & other).sum(axis=1))


def _hands(before: NDArray[np.int64], held: Voicings) -> NDArray[np.int64]:
    """Where the hand goes for each voicing if it moves as little as it can."""
    nearest = np.minimum(np.maximum(before, held.lowest_hand), held.lowest)
    return np.where(held.lowest > 0, nearest, before)


def _holding_costs(held: Voicings, weights: SearchWeights) -> NDArray[np.float64]:
    """What it costs to hold each voicing, wherever the hand comes from."""
    stretched = np.maximum(held.highest - held.lowest - HAND_FRETS, 0)
    return np.asarray(weights.stretch * stretched + weights.finger * held.fingers, dtype=np.float64)
