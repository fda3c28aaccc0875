"""The ways to divide a felt beat, and how much simpler one is than another."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

NEVER = 1e6
"""A cost that no choice pays."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Places in a felt beat: ``written`` as shares of it, ``performed`` where a player puts them.

    Costs are in nats (negative log-probabilities): ``beat_cost`` once a beat, ``slot_costs`` once an onset.
    ``family`` tells straight (0) from triplet and swung grids (1): changing it costs.
    """

    written: tuple[Fraction, ...]
    performed: tuple[float, ...]
    beat_cost: float
    slot_costs: tuple[float, ...]
    family: int = 0


@dataclass(frozen=True, slots=True)
class GridCosts:
    """Prior of the rhythm notation, in nats.

    Set by hand, then adjusted by a random search for the share of right places in generated pieces
    (``benchmarks/accuracy/rhythm_generator.py``, seeds below the benchmark's); no recording or tab was used.
    """

    half: float = 0.3
    quarter: float = 1.3
    eighth: float = 2.5
    third: float = 0.6
    sixth: float = 2.0
    sixteenths_beat: float = 0.5
    thirty_seconds_beat: float = 3.0
    triplet_beat: float = 1.5
    sextuplet_beat: float = 4.0
    finer_change: float = 1.0
    family_change: float = 1.5


COSTS = GridCosts()

_TRIPLET_COSTS = (0.0, COSTS.third, COSTS.third)
_SWUNG_TRIPLET_COSTS = (0.0, 0.0, 4 * COSTS.third)
"""In a swung piece the last third alone is an off-beat eighth, so the middle one makes the triplet."""


def candidate_grids(beat_quarters: Fraction, swing_ratio: float | None) -> tuple[Grid, ...]:
    """Return the grids to choose from for a felt beat, always in the same order of kinds."""
    if beat_quarters.numerator == 3:
        return _compound_grids()
    if swing_ratio is None or beat_quarters != 1:
        return (*_straight_grids(), _even(3, COSTS.triplet_beat, _TRIPLET_COSTS, 1), *_sextuplet_grids())
    triplets = _even(3, COSTS.triplet_beat, _SWUNG_TRIPLET_COSTS, 1)
    return (*_straight_grids(), triplets, *_sextuplet_grids(), *_swung_grids(swing_ratio))


def fixed_grid(beat_quarters: Fraction, step_quarters: Fraction) -> tuple[Grid, ...]:
    """Return the one grid whose places are the multiples of a step (or of its largest part that fits)."""
    divisions = (beat_quarters / step_quarters).numerator
    return (_even(divisions, 0.0, (0.0,) * divisions),)


def _even(divisions: int, beat_cost: float, slot_costs: tuple[float, ...], family: int = 0) -> Grid:
    written = tuple(Fraction(i, divisions) for i in range(divisions))
    return Grid(written, tuple(float(w) for w in written), beat_cost, slot_costs, family)


def _straight_grids() -> tuple[Grid, ...]:
    h, q, e = COSTS.half, COSTS.quarter, COSTS.eighth
    return (
        _even(2, 0.0, (0.0, h)),
        _even(4, COSTS.sixteenths_beat, (0.0, q, h, q)),
        _even(8, COSTS.thirty_seconds_beat, (0.0, e, q, e, h, e, q, e)),
    )


def _sextuplet_grids() -> tuple[Grid, ...]:
    h, q, t, s = COSTS.half, COSTS.quarter, COSTS.third, COSTS.sixth
    first_half = tuple(Fraction(n, 12) for n in (0, 2, 4, 6, 9))
    second_half = tuple(Fraction(n, 12) for n in (0, 3, 6, 8, 10))
    return (
        _even(6, COSTS.sextuplet_beat, (0.0, s, t, h, t, s), 1),
        Grid(first_half, tuple(map(float, first_half)), COSTS.sextuplet_beat, (0.0, s, s, h, q), 1),
        Grid(second_half, tuple(map(float, second_half)), COSTS.sextuplet_beat, (0.0, q, h, s, s), 1),
    )


def _swung_grids(ratio: float) -> tuple[Grid, ...]:
    """Swung eighths, and two sixteenths after the off-beat (two before it would sound like a triplet)."""
    h, q = COSTS.half, COSTS.quarter
    eighths = (Fraction(0), Fraction(1, 2))
    cost = COSTS.sixteenths_beat
    return (
        Grid(eighths, (0.0, ratio), 0.0, (0.0, h), 1),
        Grid((*eighths, Fraction(3, 4)), (0.0, ratio, (1 + ratio) / 2), 2 * cost, (0.0, h, q), 1),
    )


def _compound_grids() -> tuple[Grid, ...]:
    h, q, e = COSTS.half, COSTS.quarter, COSTS.eighth
    sixteenth_costs = (0.0, q, h, q, h, q)
    thirty_second_costs = tuple(cost for slot in sixteenth_costs for cost in (slot, e))
    triplet_costs = tuple(cost for _ in range(3) for cost in (h, COSTS.sixth, COSTS.sixth))
    return (
        _even(3, 0.0, (0.0, h, h)),
        _even(6, COSTS.sixteenths_beat, sixteenth_costs),
        _even(12, COSTS.thirty_seconds_beat, thirty_second_costs),
        _even(9, COSTS.sextuplet_beat, (0.0, *triplet_costs[1:]), 1),
    )


def change_cost(before: Grid, after: Grid) -> float:
    """Cost of going on with another grid in the next beat."""
    if before == after:
        return 0.0
    return COSTS.finer_change if before.family == after.family else COSTS.family_change
