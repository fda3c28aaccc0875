"""How hard a tab is to play: 1 (first week) to 10 (virtuoso), with sub-scores, hardest bars and reasons.

The six criteria and their weights are those of Vélez Vásquez, Baelemans, Driedger, Zuidema and Burgoyne,
"Quantifying the Ease of Playing Song Chords on the Guitar", ISMIR 2023. Deviations:

1. They judge chord sheets by hand, 0 to 3 per criterion; here each is computed from the finished tab, 0 to 1,
   so that single-note lines are judged too.
2. The criteria are joined by a weighted quadratic mean: one extreme demand makes a piece hard.
3. A piece's score leans on its hardest quarter: what must be practised is what decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import ceil, sqrt

from genesis_music.score import Chord, Difficulty, TempoMap, Track
from genesis_music.tablature.demands import Demands, MeasureDemands, measure_demands
from genesis_music.tablature.difficulty_words import explain

WEIGHTS = Demands(
    uncommon_chords=3.0,
    finger_positioning=3.0,
    fingering_difficulty=2.0,
    repetitiveness=2.0,
    right_hand=2.0,
    speed_of_change=1.0,
)
_WEIGHTS = tuple(asdict(WEIGHTS).items())
_WEIGHT = sum(weight for _, weight in _WEIGHTS)
HARDEST_SHARE = 0.25
HARDEST_WEIGHT = 0.6
HARDEST_LISTED = 5
WORTH_TELLING = 0.2
EASIEST_SCORE = 0.09
HARDEST_SCORE = 0.82
"""Weighted means that become level 1 and level 10."""
LEVEL_EXPONENT = 0.85
"""Below 1: a beginner's levels lie closer together than a virtuoso's."""


@dataclass(frozen=True, slots=True)
class MeasureDifficulty:
    """Difficulty of one measure, 1..10, with its sub-scores 0..1 by the rubric's names."""

    number: int
    level: float
    subscores: dict[str, float]


def measure_difficulty(
    track: Track, tempo_map: TempoMap, chords: Sequence[Chord]
) -> tuple[MeasureDifficulty, ...]:
    """Difficulty of every measure of the tempo map, in order; level 1 where the track rests."""
    judged = {m.number: m.demands for m in measure_demands(track, tempo_map, chords)}
    nothing = Demands(*[0.0] * len(fields(Demands)))
    per_measure = [(m.number, judged.get(m.number, nothing)) for m in tempo_map.measures]
    return tuple(MeasureDifficulty(n, level_of(demands), _rounded(demands)) for n, demands in per_measure)


def assess_piece(tracks: Sequence[Track], tempo_map: TempoMap, chords: Sequence[Chord]) -> Difficulty:
    """Judge a piece of one track or more: it is as hard as its hardest part."""
    judged = (assess_difficulty(track, tempo_map, chords) for track in tracks)
    return max(judged, key=lambda difficulty: difficulty.level)


def assess_difficulty(track: Track, tempo_map: TempoMap, chords: Sequence[Chord]) -> Difficulty:
    """Judge a finished track (fingered, techniques marked).

    Returns level 1.0 to 10.0 in steps of 0.1, sub-scores 0..1, the hardest measures by number (hardest first)
    and reasons in plain words, most important first.
    """
    judged = measure_demands(track, tempo_map, chords)
    if not judged:
        return Difficulty(1.0, _rounded(Demands(*[0.0] * 6)), (), ("nothing to play",))
    overall = _overall([m.demands for m in judged])
    hardest = sorted(judged, key=lambda m: (-level_of(m.demands), m.number))[:HARDEST_LISTED]
    return Difficulty(
        level=level_of(overall),
        subscores=_rounded(overall),
        hardest_measures=tuple(m.number for m in hardest),
        reasons=reasons(judged, overall),
    )


def level_of(demands: Demands) -> float:
    """Level 1.0..10.0 of a set of sub-scores; never falls when one of them rises."""
    square = sum(weight * getattr(demands, name) ** 2 for name, weight in _WEIGHTS) / _WEIGHT
    share = (sqrt(square) - EASIEST_SCORE) / (HARDEST_SCORE - EASIEST_SCORE)
    return round(1.0 + 9.0 * float(min(max(share, 0.0), 1.0) ** LEVEL_EXPONENT), 1)


def _overall(judged: Sequence[Demands]) -> Demands:
    return Demands(*(_lean_on_hardest([getattr(d, f.name) for d in judged]) for f in fields(Demands)))


def _lean_on_hardest(scores: Sequence[float]) -> float:
    ordered = sorted(scores, reverse=True)
    hardest = ordered[: ceil(len(ordered) * HARDEST_SHARE)]
    mean_hardest = sum(hardest) / len(hardest)
    return HARDEST_WEIGHT * mean_hardest + (1 - HARDEST_WEIGHT) * sum(ordered) / len(ordered)


def _rounded(demands: Demands) -> dict[str, float]:
    return {name: round(score, 3) for name, score in asdict(demands).items()}


def reasons(judged: Sequence[MeasureDemands], overall: Demands) -> tuple[str, ...]:
    """Say in plain words what makes it hard (or easy), most important first."""
    weights = asdict(WEIGHTS)
    ranked = sorted(asdict(overall).items(), key=lambda item: -weights[item[0]] * item[1] ** 2)
    told = [explain(name, judged) for name, score in ranked if score >= WORTH_TELLING]
    return tuple(told) or ("common open chords at an easy pace",)
