"""Notes to keys: of the whole piece, and of its stretches where it modulates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genesis_music.harmony.evidence import (
    BeatGrid,
    Evidence,
    FloatArray,
    IntArray,
    beat_grid,
    gather_evidence,
)
from genesis_music.harmony.forms import fit_form, free_measures
from genesis_music.harmony.weights import FormWeights, form_weights
from genesis_music.score import Key, KeyRegion, Note, TempoMap

MODULATION_COST = 9.0
"""Log-odds that a new key must earn: about eight measures that clearly belong to it."""
RELATIVE_COST = 18.0
"""The same between relative major and minor, which share their notes."""


def estimate_key(notes: Sequence[Note], tempo_map: TempoMap) -> Key:
    """Name the key of the whole piece; C major with confidence 0 when there are no notes."""
    grid = beat_grid(notes, tempo_map)
    return fit_form(gather_evidence(notes, grid), grid, form_weights()).key


def key_regions(evidence: Evidence, grid: BeatGrid, key: Key, weights: FormWeights) -> tuple[KeyRegion, ...]:
    """Stretches in one key each; a single one in ``key`` unless a modulation is well supported.

    Viterbi over the keys of measures with free chords. A region's confidence is the probability of its key among
    all 24 from the region's own measures.
    """
    first = grid.first_downbeat
    likelihood = free_measures(evidence, grid, weights)
    path = _key_path(likelihood)
    cuts = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    if len(cuts) == 2:
        return (KeyRegion(float(grid.edges_seconds[0]), float(grid.edges_seconds[-1]), key),)
    beats = [0, *(_first_beat(cut, first, grid) for cut in cuts[1:-1]), grid.beats]
    return tuple(
        KeyRegion(
            float(grid.edges_seconds[beats[i]]),
            float(grid.edges_seconds[beats[i + 1]]),
            _key(int(path[cuts[i]]), likelihood[cuts[i] : cuts[i + 1]].sum(axis=0)),
        )
        for i in range(len(cuts) - 1)
    )


def _first_beat(measure: int, first_downbeat: int, grid: BeatGrid) -> int:
    return first_downbeat + (measure - (1 if first_downbeat else 0)) * grid.measure_beats


def _key(index: int, scores: FloatArray) -> Key:
    chance = np.exp(scores - scores.max())
    return Key(index % 12, "major" if index < 12 else "minor", float(chance[index] / chance.sum()))


def _key_path(likelihood: FloatArray) -> IntArray:
    """``[measures]``: the best key (tonic, plus 12 for minor) of every measure."""
    cost = np.full((24, 24), MODULATION_COST)
    np.fill_diagonal(cost, 0.0)
    tonic = np.arange(12)
    cost[tonic, 12 + (tonic + 9) % 12] = cost[12 + (tonic + 9) % 12, tonic] = RELATIVE_COST
    score = likelihood[0].copy()
    back = np.zeros(likelihood.shape, dtype=np.int64)
    for measure in range(1, len(likelihood)):
        arrival = score[:, None] - cost
        back[measure] = arrival.argmax(axis=0)
        score = arrival.max(axis=0) + likelihood[measure]
    path = np.zeros(len(likelihood), dtype=np.int64)
    path[-1] = int(score.argmax())
    for measure in range(len(likelihood) - 1, 0, -1):
        path[measure - 1] = back[measure, path[measure]]
    return path
