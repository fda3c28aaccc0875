"""Which note values a musician writes for a stretch of a measure.

Rules (after Gould, *Behind Bars*, 2011, "Grouping of note values"), by metrical strength:

1. A note is one value when its start, or its end, is at least as strong as everything it covers
   (dotted quarter on the beat, eighth + dotted quarter up to the half bar).
2. It may also lie evenly across a place one rank stronger than its own ends: 8-4-8, 16-8-16, 4-2-4. So an
   eighth never hides a beat in a sixteenth rhythm, and a quarter never hides the middle of 4/4.
3. In compound metres a value that crosses a felt beat consists of whole felt beats.
4. A rest fills exactly one branch of the metrical tree, or the first two thirds of a compound beat.
5. Whatever is left is split at its strongest place, with the fewest pieces, and tied.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from genesis_music.rhythm.metre import TICKS_PER_QUARTER, Metre, tuplet_metre

SHORTEST_TICKS = TICKS_PER_QUARTER // 16
"""A 64th note."""

_TUPLET_NORMAL = {3: 2, 5: 4, 7: 4}


@dataclass(frozen=True, slots=True)
class NoteValue:
    """A printed note value: 1 = whole … 64 = 64th, dots 0 or 1, tuplet as (actual, normal), e.g. (3, 2)."""

    denominator: int
    dots: int = 0
    tuplet: tuple[int, int] | None = None

    @property
    def length_quarters(self) -> Fraction:
        """Sounding length in quarter notes."""
        plain = Fraction(4, self.denominator) * Fraction(2 ** (self.dots + 1) - 1, 2**self.dots)
        return plain if self.tuplet is None else plain * self.tuplet[1] / self.tuplet[0]


@dataclass(frozen=True, slots=True)
class Tuplet:
    """A tuplet over ``start_ticks..end_ticks`` of a measure: ``actual`` notes in the time of ``normal``."""

    start_ticks: int
    end_ticks: int
    actual: int

    @property
    def normal(self) -> int:
        """How many of its units would fill the same time."""
        return _TUPLET_NORMAL[self.actual]

    def nominal(self, tick: int) -> int:
        """Place inside the tuplet in unscaled ticks."""
        return (tick - self.start_ticks) * self.actual // self.normal

    def sounding(self, nominal: int) -> int:
        """Inverse of :meth:`nominal`."""
        return self.start_ticks + nominal * self.normal // self.actual


@dataclass(frozen=True, slots=True)
class Piece:
    """One printed value inside a measure."""

    start_ticks: int
    end_ticks: int
    value: NoteValue
    opens_tuplet: bool = False
    closes_tuplet: bool = False


_VALUES = {
    TICKS_PER_QUARTER * 4 // denominator * (3 if dots else 2) // 2: NoteValue(denominator, dots)
    for denominator in (1, 2, 4, 8, 16, 32, 64)
    for dots in ((0, 1) if denominator < 64 else (0,))
}


@cache
def spell(metre: Metre, start: int, end: int, *, is_rest: bool) -> tuple[Piece, ...]:
    """Split ``start..end`` (ticks) into printed values, outside of tuplets."""
    value = _VALUES.get(end - start)
    accepts = _accepts_rest if is_rest else _accepts_note
    if value is not None and accepts(metre, start, end):
        return (Piece(start, end, value),)
    _, places = metre.strongest_inside(start, end)
    splits = (
        spell(metre, start, place, is_rest=is_rest) + spell(metre, place, end, is_rest=is_rest)
        for place in {places[0], places[-1]}
    )
    return min(splits, key=lambda pieces: (len(pieces), -pieces[0].end_ticks))


def spell_in_tuplet(tuplet: Tuplet, start: int, end: int, *, is_rest: bool) -> tuple[Piece, ...]:
    """Split ``start..end`` (ticks of the measure), which lies inside the tuplet, into its values."""
    unit = (tuplet.end_ticks - tuplet.start_ticks) // tuplet.normal
    metre = tuplet_metre(tuplet.actual, unit)
    pieces = spell(metre, tuplet.nominal(start), tuplet.nominal(end), is_rest=is_rest)
    return tuple(_in_tuplet(tuplet, piece) for piece in pieces)


def _in_tuplet(tuplet: Tuplet, piece: Piece) -> Piece:
    start, end = tuplet.sounding(piece.start_ticks), tuplet.sounding(piece.end_ticks)
    value = NoteValue(piece.value.denominator, piece.value.dots, (tuplet.actual, tuplet.normal))
    return Piece(start, end, value, start == tuplet.start_ticks, end == tuplet.end_ticks)


def find_tuplets(start: int, end: int, ticks: frozenset[int]) -> tuple[Tuplet, ...] | None:
    """Return the tuplets that the note boundaries ``ticks`` need inside the span, smallest that will do.

    ``None`` when no notation down to 64th notes can express them.
    """
    inside = [tick for tick in ticks if start < tick < end]
    if all((tick - start) % SHORTEST_TICKS == 0 for tick in inside):
        return ()
    if end - start > TICKS_PER_QUARTER:
        third = (end - start) // 3
        if sorted(inside) == [start + third, end - third]:
            return (Tuplet(start, end, 3),)
    elif (start + end) // 2 not in inside:
        for actual in _TUPLET_NORMAL:
            if _fits(Tuplet(start, end, actual), inside):
                return (Tuplet(start, end, actual),)
    return _tuplets_of_halves(start, end, ticks)


def _tuplets_of_halves(start: int, end: int, ticks: frozenset[int]) -> tuple[Tuplet, ...] | None:
    middle = (start + end) // 2
    if middle - start < 2 * SHORTEST_TICKS:
        return None
    left, right = find_tuplets(start, middle, ticks), find_tuplets(middle, end, ticks)
    return None if left is None or right is None else left + right


def _fits(tuplet: Tuplet, ticks: list[int]) -> bool:
    """Whether the tuplet's units and all places lie on 64th notes, as counted inside it."""
    shortest = tuplet.normal * SHORTEST_TICKS
    steps = ((tick - tuplet.start_ticks) * tuplet.actual for tick in (*ticks, tuplet.end_ticks))
    return all(step % shortest == 0 for step in steps)


def _accepts_note(metre: Metre, start: int, end: int) -> bool:
    strongest, places = metre.strongest_inside(start, end)
    if not places:
        return True
    if _breaks_compound_beat(metre, start, end):
        return False
    ends = metre.level(start), metre.level(end)
    if min(ends) <= strongest:
        return True
    evenly_across = len(places) == 1 and start + end == 2 * places[0]
    return evenly_across and ends == (strongest + 1, strongest + 1)


def _accepts_rest(metre: Metre, start: int, end: int) -> bool:
    strongest, places = metre.strongest_inside(start, end)
    if not places or max(metre.level(start), metre.level(end)) < strongest:
        return True
    beat = metre.compound_beat_ticks
    return beat is not None and start % beat == 0 and 3 * (end - start) == 2 * beat


def _breaks_compound_beat(metre: Metre, start: int, end: int) -> bool:
    beat = metre.compound_beat_ticks
    if beat is None or start // beat == (end - 1) // beat:
        return False
    return bool(start % beat or end % beat)
