"""How strong each place of a measure is: bar line, half bar, beat, half beat.

Note values are spelled on integer **ticks** (exact for every value and tuplet that :mod:`.notation` writes);
fractions of a quarter note appear only at the edges of the module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from genesis_music.score import TimeSignature

TICKS_PER_QUARTER = 6720
"""Divisible by 64 and by the tuplets 3, 5 and 7."""


def to_ticks(quarters: Fraction) -> int:
    """Return a written position or length in ticks, rounded where it is no whole tick."""
    return round(quarters.numerator * TICKS_PER_QUARTER / quarters.denominator)


@cache
def to_quarters(ticks: int) -> Fraction:
    """Return ticks as an exact fraction of a quarter note."""
    return Fraction(ticks, TICKS_PER_QUARTER)


@dataclass(frozen=True, eq=False)
class Metre:
    """The strength of every tick of a measure, or of the inside of a tuplet.

    ``strong`` lists sets of places, strongest first (bar lines, then half bar or groups, then beats);
    below them lie the multiples of ``step_ticks``, then of its half, its quarter … ``spans`` are the
    stretches in which tuplets live. Compared by identity: :func:`metre_of` makes one per signature.
    """

    length_ticks: int
    strong: tuple[tuple[int, ...], ...]
    step_ticks: int
    compound_beat_ticks: int | None = None
    spans: tuple[tuple[int, int], ...] = ()
    _steps: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        steps = [self.step_ticks]
        while steps[-1] % 2 == 0:
            steps.append(steps[-1] // 2)
        object.__setattr__(self, "_steps", tuple(steps))

    def level(self, tick: int) -> int:
        """Rank of a place: 0 is the bar line, larger is weaker."""
        for rank, places in enumerate(self.strong):
            if tick in places:
                return rank
        for rank, step in enumerate(self._steps, len(self.strong)):
            if tick % step == 0:
                return rank
        return len(self.strong) + len(self._steps)

    def strongest_inside(self, start: int, end: int) -> tuple[int, list[int]]:
        """Rank and places of the strongest ticks strictly inside ``start..end``; no places if none."""
        for rank, places in enumerate(self.strong):
            inside = [tick for tick in places if start < tick < end]
            if inside:
                return rank, inside
        for rank, step in enumerate(self._steps, len(self.strong)):
            inside = list(range((start // step + 1) * step, end, step))
            if inside:
                return rank, inside
        return len(self.strong) + len(self._steps), []


@cache
def metre_of(signature: TimeSignature) -> Metre:
    """Return the metre of a full measure: halves in 4/4 and 12/8, threes in 9/8, 3+2 in 5/4."""
    quarter = TICKS_PER_QUARTER
    length = int(signature.measure_quarters * quarter)
    written_beat = 4 * quarter // signature.denominator
    felt_beat = int(signature.beat_quarters * quarter)
    strong: list[tuple[int, ...]] = [(0, length)]
    count = signature.beats_per_measure
    while count % 2 == 0 and count > 2:
        count //= 2
        strong.append(tuple(range(0, length + 1, count * felt_beat)))
    if count > 4:
        strong.append(_irregular_groups(count, felt_beat, length))
    strong.append(tuple(range(0, length + 1, felt_beat)))
    return Metre(
        length,
        tuple(strong),
        written_beat if signature.is_compound else felt_beat // 2,
        felt_beat if signature.is_compound else None,
        _tuplet_spans(signature, length, written_beat),
    )


@cache
def tuplet_metre(actual: int, unit_ticks: int) -> Metre:
    """Return the metre inside a tuplet of ``actual`` units, in nominal (unscaled) ticks."""
    length = actual * unit_ticks
    return Metre(length, ((0, length), tuple(range(0, length + 1, unit_ticks))), unit_ticks // 2)


def _irregular_groups(count: int, beat: int, length: int) -> tuple[int, ...]:
    """Five beats are 3+2, seven 2+2+3: twos with the odd three last, but first in five."""
    if count % 3 == 0:
        return tuple(range(0, length + 1, 3 * beat))
    if count == 5:
        return (0, 3 * beat, length)
    return (*range(0, length - 2 * beat, 2 * beat), length)


def _tuplet_spans(signature: TimeSignature, length: int, written_beat: int) -> tuple[tuple[int, int], ...]:
    """Half bars (for quarter-note triplets) where the beats pair up, else single written beats."""
    pairs = not signature.is_compound and signature.numerator % 2 == 0 and signature.denominator <= 4
    span = 2 * written_beat if pairs else written_beat
    return tuple((start, start + span) for start in range(0, length, span))
