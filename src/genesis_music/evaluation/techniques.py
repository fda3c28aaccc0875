"""How well techniques are found: precision and recall per technique, and whether confidences are honest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from genesis_music.score import TabNote, Technique, TechniqueKind


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one technique: found and played, found but not played, played but not found."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that was played; 1 when nothing was found."""
        found = self.hits + self.false_alarms
        return self.hits / found if found else 1.0

    @property
    def recall(self) -> float:
        """Share of what was played that was found; 1 when nothing was played."""
        played = self.hits + self.misses
        return self.hits / played if played else 1.0

    @property
    def f_measure(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.hits + other.hits, self.false_alarms + other.false_alarms, self.misses + other.misses
        )


def tally_techniques(
    found: Sequence[TabNote], played: Sequence[frozenset[TechniqueKind]]
) -> dict[TechniqueKind, Tally]:
    """Compare note by note; both sequences describe the same notes in the same order."""
    tallies = dict.fromkeys(TechniqueKind, Tally())
    for note, truth in zip(found, played, strict=True):
        marked = {technique.kind for technique in note.techniques}
        for kind in marked | truth:
            hit = kind in marked and kind in truth
            tallies[kind] += Tally(int(hit), int(kind not in truth), int(kind not in marked))
    return tallies


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Techniques found with about one confidence: how many, their mean confidence, the share right."""

    count: int
    mean_confidence: float
    share_right: float


def calibration(
    judged: Iterable[tuple[Technique, bool]], edges: Sequence[float] = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
) -> tuple[CalibrationBin, ...]:
    """Bin ``(technique, was it right)`` by confidence; empty bins are left out.

    Confidences are honest when ``mean_confidence`` and ``share_right`` agree in every bin.
    """
    pairs = [(technique.confidence, right) for technique, right in judged]
    bins = []
    for low, high in pairwise(edges):
        inside = [(c, right) for c, right in pairs if low <= c < high or (c == high == edges[-1])]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            bins.append(CalibrationBin(len(inside), mean, sum(right for _, right in inside) / len(inside)))
    return tuple(bins)
