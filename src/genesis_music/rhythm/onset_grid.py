"""Choose a grid for every beat and a place on it for every onset: a hidden Markov model, decoded by Viterbi.

The states of an onset are the two places around it on each candidate grid of its beat. A path pays, in nats,

1. for the distance of each onset from its place (Gaussian up to 2.5 standard deviations, linear beyond; the
   standard deviation is the piece's own). Deviations are correlated in time (a beat tracked late makes all
   its notes early), so each is measured from what the last one predicts, an AR(1) process;
2. for the complexity of the places and grids, and for changing the grid (:mod:`.grids`);
3. for putting two onsets at one place, unless they are nearly simultaneous.

Onsets never change their order, and a beat has one grid. It is decoded twice: the first path says how evenly
the piece is played and which grids it uses, the second uses that. After Cemgil & Kappen, "Monte Carlo methods
for tempo tracking and rhythm quantization", JAIR 2003 (the prior by complexity of the place), and Nakamura et
al., "Note value recognition for piano transcription", TASLP 2017 (chords as one event); unlike theirs, the
tempo is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median  # numpy's would load numpy.ma, 50 ms

import numpy as np
from numpy.typing import NDArray

from genesis_music.rhythm.beat_table import BeatTable, FloatArray, IntArray, shrunk_median
from genesis_music.rhythm.grids import NEVER, Grid, change_cost
from genesis_music.rhythm.metre import to_ticks

GridChoice = Callable[[Fraction], tuple[Grid, ...]]
"""Gives the candidate grids for a beat of a written length in quarter notes."""

_FIRST_SIGMA_SECONDS = 0.02
_SIGMA_RANGE_SECONDS = (0.008, 0.035)
_OUTLIER_SIGMAS = 2.5
_CORRELATION_SECONDS = 0.5
"""How long a deviation is remembered."""
_MERGE_SECONDS = 0.03
_MERGE_LIMIT_NATS = 14.0
"""Two onsets at one place cost (gap / merge time)², at most this much."""
_PRIOR_BEATS = 7.0
"""The prior of the grids weighs as much as this many beats of the piece."""
_CHUNK_ONSETS = 1024
"""Step costs are computed for this many onsets at once, to bound memory."""


@dataclass(frozen=True, slots=True)
class _States:
    """Candidate states, each array of shape (onsets, states); ``errors`` = place - onset in seconds."""

    ticks: IntArray
    beats: IntArray
    grids: IntArray
    errors: FloatArray
    costs: FloatArray


def place_onsets(onset_seconds: FloatArray, table: BeatTable, choice: GridChoice) -> IntArray:
    """Return the written place (ticks) of every onset (seconds, ascending, at least one)."""
    grids = [choice(length) for length in table.lengths]
    states = _states(onset_seconds, table, grids)
    prior = _Prior.of(table, grids)
    path = _decode(onset_seconds, states, prior, _Timing(0.0, _FIRST_SIGMA_SECONDS, 0.0))
    rows = np.arange(len(path))
    timing = _Timing.of(states.errors[rows, path])
    prior = prior.adapted_to(states.beats[rows, path], states.grids[rows, path])
    path = _decode(onset_seconds, states, prior, timing)
    return states.ticks[rows, path]


@dataclass(frozen=True, slots=True)
class _Timing:
    """Mean and standard deviation of the deviations, and their correlation from onset to onset."""

    mean_seconds: float
    sigma_seconds: float
    correlation: float

    @classmethod
    def of(cls, errors: FloatArray) -> _Timing:
        """Estimate them robustly from deviations in seconds."""
        mean = shrunk_median(errors)
        sigma = float(np.clip(1.48 * median(np.abs(errors - mean).tolist()), *_SIGMA_RANGE_SECONDS))
        clipped = np.clip(errors - mean, -2 * sigma, 2 * sigma)
        power = float(np.sum(clipped**2))
        correlation = float(np.sum(clipped[1:] * clipped[:-1])) / power if power else 0.0
        return cls(mean, sigma, min(max(correlation, 0.0), 0.8))


def _states(onsets: FloatArray, table: BeatTable, grids: list[tuple[Grid, ...]]) -> _States:
    beats = np.searchsorted(table.start_seconds, onsets, side="right") - 1
    beats = np.clip(beats, 0, len(table.start_seconds) - 1)
    phases = np.clip((onsets - table.start_seconds[beats]) / table.length_seconds[beats], 0.0, 1.0 - 1e-9)
    width = max(len(choices) for choices in grids)
    columns = [_bracket(beats, phases, table, grids, index) for index in range(width)]
    parts = [np.concatenate(arrays, axis=1) for arrays in zip(*columns, strict=True)]
    return _States(*parts)


def _bracket(
    beats: IntArray, phases: FloatArray, table: BeatTable, grids: list[tuple[Grid, ...]], index: int
) -> tuple[NDArray[np.generic], ...]:
    """The places below and above each onset on the grid number ``index`` of its beat's kind."""
    shape = (len(beats), 2)
    ticks, errors = np.zeros(shape, np.int64), np.zeros(shape)
    state_beats, costs = np.repeat(beats[:, None], 2, axis=1), np.full(shape, NEVER)
    for kind, choices in enumerate(grids):
        rows = np.flatnonzero(table.kinds[beats] == kind)
        if index >= len(choices) or not len(rows):
            continue
        grid = choices[index]
        performed = np.array([*grid.performed, 1.0])
        written = np.array([to_ticks(w * table.lengths[kind]) for w in (*grid.written, Fraction(1))])
        slot_costs = np.array([*grid.slot_costs, 0.0])
        below = np.searchsorted(performed, phases[rows], side="right") - 1
        slots = np.stack([below, below + 1], axis=1)
        ticks[rows] = table.start_ticks[beats[rows], None] + written[slots]
        errors[rows] = (performed[slots] - phases[rows, None]) * table.length_seconds[beats[rows], None]
        state_beats[rows] += slots == len(grid.performed)
        costs[rows] = slot_costs[slots]
    after_the_end = state_beats >= len(table.kinds)
    costs[after_the_end] += _MERGE_LIMIT_NATS
    return ticks, state_beats, np.full(shape, index, np.int64), errors, costs


@dataclass(frozen=True, slots=True)
class _Prior:
    """Costs of grids: ``beat`` (kinds of beat, grids), ``change`` (kinds, grids before, grids after)."""

    kinds: IntArray
    beat: FloatArray
    change: FloatArray

    @classmethod
    def of(cls, table: BeatTable, grids: list[tuple[Grid, ...]]) -> _Prior:
        width = max(len(choices) for choices in grids)
        beat = np.full((len(grids), width), NEVER)
        change = np.zeros((len(grids), width, width))
        for kind, choices in enumerate(grids):
            beat[kind, : len(choices)] = [grid.beat_cost for grid in choices]
            table_of_kind = [[change_cost(before, after) for after in choices] for before in choices]
            change[kind, : len(choices), : len(choices)] = table_of_kind
        kinds = np.append(table.kinds, table.kinds[-1])
        return cls(kinds, beat, change)

    def adapted_to(self, beats: IntArray, grids: IntArray) -> _Prior:
        """Mix the costs with how often the beats of the piece use each grid."""
        usage = np.zeros_like(self.beat)
        first_of_beat = np.append(True, np.diff(beats) != 0)
        np.add.at(usage, (self.kinds[beats[first_of_beat]], grids[first_of_beat]), 1.0)
        expected = np.exp(-self.beat)
        expected *= _PRIOR_BEATS / expected.sum(axis=1, keepdims=True)
        total = usage.sum(axis=1, keepdims=True) + _PRIOR_BEATS
        costs = -np.log((usage + expected + 1e-9) / total)
        return replace(
            self, beat=np.where(self.beat < NEVER, costs - costs.min(axis=1, keepdims=True), NEVER)
        )

    def enter(self, beats: IntArray, grids: IntArray) -> FloatArray:
        """Cost of the first onset of a beat choosing a grid."""
        return self.beat[self.kinds[beats], grids]


def _decode(onsets: FloatArray, states: _States, prior: _Prior, timing: _Timing) -> IntArray:
    """Return the cheapest state of every onset."""
    count, width = states.costs.shape
    total = _start_costs(states, prior, timing)
    back = np.zeros((count, width), np.int64)
    for first in range(1, count, _CHUNK_ONSETS):
        rows = np.arange(first, min(first + _CHUNK_ONSETS, count))
        steps = _step_misfits(onsets, states, timing, rows) + _step_priors(onsets, states, prior, rows)
        for row, step in zip(rows, steps, strict=True):
            paths = total[:, None] + step
            back[row] = paths.argmin(axis=0)
            total = paths.min(axis=0)
    path = np.zeros(count, np.int64)
    path[-1] = int(total.argmin())
    for row in range(count - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    return path


def _start_costs(states: _States, prior: _Prior, timing: _Timing) -> FloatArray:
    misfit = _misfit((states.errors[0] - timing.mean_seconds) / timing.sigma_seconds)
    return np.asarray(states.costs[0] + prior.enter(states.beats[0], states.grids[0]) + misfit)


def _step_misfits(onsets: FloatArray, states: _States, timing: _Timing, rows: IntArray) -> FloatArray:
    """Timing costs of going from each state of the onsets before ``rows`` to each state of ``rows``."""
    gaps = (onsets[rows] - onsets[rows - 1])[:, None, None]
    memory = timing.correlation * np.exp(-gaps / _CORRELATION_SECONDS)
    spread = np.sqrt(1 - memory**2)
    before = states.errors[rows - 1, :, None] - timing.mean_seconds
    surprise = states.errors[rows, None, :] - timing.mean_seconds - memory * before
    return np.asarray(_misfit(surprise / (timing.sigma_seconds * spread)) + np.log(spread))


def _step_priors(onsets: FloatArray, states: _States, prior: _Prior, rows: IntArray) -> FloatArray:
    """Notation costs of the same steps."""
    before, after = np.s_[rows - 1, :, None], np.s_[rows, None, :]
    beats, grids = states.beats[after], states.grids[after]
    other_grid = states.grids[before] != grids
    new_beat = prior.enter(beats, grids) + prior.change[prior.kinds[beats], states.grids[before], grids]
    costs = np.where(states.beats[before] == beats, NEVER * other_grid, new_beat)
    moved = states.ticks[after] - states.ticks[before]
    gaps = (onsets[rows] - onsets[rows - 1])[:, None, None]
    merged = np.minimum((gaps / _MERGE_SECONDS) ** 2, _MERGE_LIMIT_NATS)
    place: FloatArray = np.where(moved == 0, merged, states.costs[after]) + NEVER * (moved < 0)
    return np.add(costs, place)


def _misfit(z: FloatArray) -> FloatArray:
    """Negative log-likelihood of a deviation in standard deviations: quadratic, then linear."""
    size = np.abs(z)
    tail = _OUTLIER_SIGMAS * (size - 0.5 * _OUTLIER_SIGMAS)
    return np.asarray(np.where(size < _OUTLIER_SIGMAS, 0.5 * size**2, tail))
