"""From performed notes to written times: a grid for every beat, swing, and the lengths a musician writes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import groupby

import numpy as np

from genesis_music.errors import SettingsError
from genesis_music.rhythm.beat_table import BeatTable, FloatArray, aligned_to, beat_table
from genesis_music.rhythm.chords import Strike, find_strikes
from genesis_music.rhythm.grids import candidate_grids, fixed_grid
from genesis_music.rhythm.metre import to_quarters, to_ticks
from genesis_music.rhythm.onset_grid import GridChoice, place_onsets
from genesis_music.rhythm.swing import Swing, detect_swing
from genesis_music.rhythm.written_lengths import Timeline, write_lengths
from genesis_music.score import Note, TempoMap, WrittenTime

__all__ = ["GRIDS", "QuantiseSettings", "Swing", "detect_swing", "quantise"]

_STEPS = {
    f"1/{denominator}{suffix}": Fraction(4, denominator) * ratio
    for suffix, ratio in (("", Fraction(1)), ("T", Fraction(2, 3)))
    for denominator in (4, 8, 16, 32)
}
GRIDS = ("auto", *_STEPS)
TRIPLET_SWING_RATIO = 2 / 3


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
        if not isinstance(self.swing, bool) and self.swing != "auto":
            raise SettingsError(f"Unknown swing {self.swing!r}: use auto, True or False.")


def quantise(
    notes: Sequence[Note], tempo_map: TempoMap, settings: QuantiseSettings = QuantiseSettings()
) -> tuple[WrittenTime, ...]:
    """Give every note its place on the page, in the order of ``notes``.

    Positions and lengths are exact; lengths are positive and end with the piece at the latest. Notes outside
    the measures of the tempo map are moved to its first or last place.
    """
    if not notes:
        return ()
    strikes = find_strikes(notes)
    onsets = np.array([strike.onset_seconds for strike in strikes])
    table = aligned_to(onsets, beat_table(tempo_map))
    ticks = _onset_ticks(onsets, tempo_map, table, _grid_choice(notes, tempo_map, settings))
    timeline, event_of_note = _timeline(strikes, ticks, table, tempo_map)
    lengths = write_lengths(notes, event_of_note, timeline)
    write = partial(_written, tempo_map, [to_ticks(m.start_quarters) for m in tempo_map.measures])
    return tuple(
        write(timeline.ticks[event], length) for event, length in zip(event_of_note, lengths, strict=True)
    )


def _grid_choice(notes: Sequence[Note], tempo_map: TempoMap, settings: QuantiseSettings) -> GridChoice:
    if settings.grid != "auto":
        return partial(fixed_grid, step_quarters=_STEPS[settings.grid])
    swing = detect_swing(notes, tempo_map) if settings.swing else None
    ratio = swing.ratio if swing else TRIPLET_SWING_RATIO if settings.swing is True else None
    return partial(candidate_grids, swing_ratio=ratio)


def _onset_ticks(
    onset_seconds: FloatArray, tempo_map: TempoMap, table: BeatTable, choice: GridChoice
) -> list[int]:
    """Written positions inside the piece, ascending."""
    places = place_onsets(onset_seconds, table, choice)
    last = tempo_map.measures[-1]
    end = to_ticks(last.start_quarters + last.length_quarters)
    ticks = [max(int(tick), 0) for tick in places]
    spare = end - to_ticks(min(last.length_quarters, Fraction(1, 4)))
    latest = max([spare, *(tick for tick in ticks if tick < end)])
    return [min(tick, latest) for tick in ticks]


def _timeline(
    strikes: list[Strike], ticks: list[int], table: BeatTable, tempo_map: TempoMap
) -> tuple[Timeline, list[int]]:
    """Merge strikes written at one place; return the events and the event of every note."""
    event_of_note = [0] * sum(len(strike.notes) for strike in strikes)
    event_ticks: list[int] = []
    event_seconds: list[float] = []
    for tick, group in groupby(zip(ticks, strikes, strict=True), key=lambda pair: pair[0]):
        together = [strike for _, strike in group]
        for note in (note for strike in together for note in strike.notes):
            event_of_note[note] = len(event_ticks)
        event_ticks.append(tick)
        event_seconds.append(sum(strike.onset_seconds for strike in together) / len(together))
    last = tempo_map.measures[-1]
    end = last.start_quarters + last.length_quarters
    end_seconds = max(tempo_map.seconds_at(float(end)), event_seconds[-1] + 0.05)
    beats = dict(zip(table.start_ticks.tolist(), table.start_seconds.tolist(), strict=True))
    return Timeline([*event_ticks, to_ticks(end)], [*event_seconds, end_seconds], beats), event_of_note


def _written(tempo_map: TempoMap, measure_ticks: list[int], start: int, length: int) -> WrittenTime:
    index = bisect_right(measure_ticks, start) - 1
    number = tempo_map.measures[index].number
    return WrittenTime(number, to_quarters(start - measure_ticks[index]), to_quarters(length))
