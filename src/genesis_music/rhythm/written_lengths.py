"""How long a note is written: what a musician would read, not how long the string happened to sound.

1. A note that stops a little before the next onset is written up to it; a rest is written only when the
   silence is about an eighth or more, heard as one, and a good part of the time to the next onset.
2. A note that stops early is written to a simple place near its end that leaves such a rest (finer than
   eighths only in a finer rhythm). Players let go early: a note is expected to sound for nine tenths of it.
3. A note that rings on is written to the onset nearest to its end, or to the beat where nothing is struck.
4. A string struck again ends the note before it: nothing rings past the next onset of its own pitch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from genesis_music.rhythm.beat_table import FloatArray
from genesis_music.rhythm.metre import TICKS_PER_QUARTER
from genesis_music.score import Note

_SILENCE_TICKS = 0.3 * TICKS_PER_QUARTER
_SILENCE_SECONDS = 0.1
_SILENCE_SHARE = 0.22
_OVERLAP_SHARE = 0.3
_HELD_SHARE = 0.93
_HELD_SPREAD = 0.09

_EIGHTH, _SIXTEENTH, _THIRD = TICKS_PER_QUARTER // 2, TICKS_PER_QUARTER // 4, TICKS_PER_QUARTER // 3
_SMALLEST_RATIO, _LARGEST_RATIO = 0.7, 1.6
_BEAT_NATS, _EIGHTH_NATS, _FINER_NATS = 0.5, 1.2, 2.2
"""Costs of ending at a beat, an eighth, a sixteenth or third; an end where something starts is free."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Written onsets (ticks, ascending) and their performed times (seconds), closed by the piece's end.

    ``beats`` gives the seconds of the beats by their ticks.
    """

    ticks: list[int]
    seconds: list[float]
    beats: dict[int, float]

    def ticks_at(self, seconds: Sequence[float]) -> FloatArray:
        """Written places (ticks, unrounded) of performed times: straight lines between onsets and beats."""
        known = sorted((self.beats | dict(zip(self.ticks, self.seconds, strict=True))).items())
        rising = np.maximum.accumulate([when for _, when in known])
        return np.interp(seconds, rising, [tick for tick, _ in known])


def write_lengths(notes: Sequence[Note], starts: Sequence[int], timeline: Timeline) -> list[int]:
    """Return every note's written length in ticks (>= 1); ``starts`` index ``timeline.ticks``."""
    ends = timeline.ticks_at([note.end_seconds for note in notes])
    limits = _next_of_same_pitch(notes, starts, len(timeline.ticks) - 1)
    return [
        min(_written_end(timeline, start, note.end_seconds, float(end)), timeline.ticks[limit])
        - timeline.ticks[start]
        for note, start, end, limit in zip(notes, starts, ends, limits, strict=True)
    ]


def _next_of_same_pitch(notes: Sequence[Note], starts: Sequence[int], last: int) -> list[int]:
    limits = [last] * len(notes)
    upcoming: dict[int, tuple[int, int]] = {}
    for index in sorted(range(len(notes)), key=starts.__getitem__, reverse=True):
        pitch, start = notes[index].pitch_midi, starts[index]
        struck, after_that = upcoming.get(pitch, (last, last))
        limits[index] = struck if struck > start else after_that
        upcoming[pitch] = (start, limits[index])
    return limits


def _written_end(timeline: Timeline, start: int, end_seconds: float, end: float) -> int:
    """Where a note from onset number ``start`` that sounds until ``end`` (ticks, unrounded) is written to."""
    begin, following = timeline.ticks[start], timeline.ticks[start + 1]
    until_next = following - begin
    if end > following + _OVERLAP_SHARE * until_next:
        return _end_of_ringing(timeline, begin, following, end)
    silence = following - end
    audible = timeline.seconds[start + 1] - end_seconds >= _SILENCE_SECONDS
    if not audible or silence < max(_SILENCE_TICKS, _SILENCE_SHARE * until_next):
        return following
    return _end_before_silence(timeline, begin, following, end)


def _end_before_silence(timeline: Timeline, begin: int, following: int, end: float) -> int:
    """A place that leaves a rest of at least a step of the rhythm, or the next onset after all."""
    step = _finest_step(begin, following)
    rest = step if step == _THIRD or following - begin <= _EIGHTH else _EIGHTH
    first, last = _window(begin, end)
    places = _grid_costs(timeline, max(first, begin + 1), min(last, following - rest), step)
    return _most_likely(places | {following: 0.0}, begin, end)


def _end_of_ringing(timeline: Timeline, begin: int, following: int, end: float) -> int:
    first, last = _window(begin, end)
    first, last = max(first, following), min(last, timeline.ticks[-1])
    onsets = timeline.ticks[bisect_left(timeline.ticks, first) : bisect_right(timeline.ticks, last)]
    places = _grid_costs(timeline, first, last, _EIGHTH) | dict.fromkeys(onsets, 0.0)
    return _most_likely(places or {last: 0.0}, begin, end)


def _finest_step(begin: int, following: int) -> int:
    """Thirds, sixteenths or eighths, as the onsets at both ends need them."""
    if _is_third(begin) or _is_third(following):
        return _THIRD
    return _EIGHTH if begin % _EIGHTH == 0 and following % _EIGHTH == 0 else _SIXTEENTH


def _window(begin: int, end: float) -> tuple[int, int]:
    sounding = end - begin
    return begin + int(_SMALLEST_RATIO * sounding), begin + int(_LARGEST_RATIO * sounding) + _SIXTEENTH


def _most_likely(places: dict[int, float], begin: int, end: float) -> int:
    """The place (ticks, with its cost) that explains best why a note from ``begin`` sounds until ``end``."""
    sounding = max(end - begin, 1.0)

    def cost(place: int) -> float:
        return 0.5 * (log(_HELD_SHARE * (place - begin) / sounding) / _HELD_SPREAD) ** 2 + places[place]

    return min(places, key=cost)


def _grid_costs(timeline: Timeline, first: int, last: int, step: int) -> dict[int, float]:
    """Multiples of ``step`` and of eighths within ``first..last`` with their costs."""
    finer = dict.fromkeys(range(-(-first // step) * step, last + 1, step), _FINER_NATS)
    eighths = range(-(-first // _EIGHTH) * _EIGHTH, last + 1, _EIGHTH)
    coarse = {place: _BEAT_NATS if place in timeline.beats else _EIGHTH_NATS for place in eighths}
    return finer | coarse


def _is_third(ticks: int) -> bool:
    return ticks % _SIXTEENTH != 0 and ticks % _THIRD == 0
