"""How long a note is written: what a musician would read, not how long the string happened to sound.

1. A note that stops a little before the next onset is written up to it; a rest is written only when the
   silence is about an eighth or more, heard as one, and a good part of the time to the next onset.
2. A note that stops early is written to the simplest place near its end. Players let go early, so a note is
   expected to sound for about nine tenths of its written length.
3. A note that rings on is written to the onset nearest to its end, or to the beat where nothing is struck.
4. A string struck again ends the note before it: nothing rings past the next onset of its own pitch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from genesis_music.rhythm.metre import TICKS_PER_QUARTER
from genesis_music.rhythm.onset_grid import FloatArray
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
        following, limit = upcoming.get(pitch, (last, last))
        limits[index] = following if following > start else limit
        if following > start:
            upcoming[pitch] = (start, following)
        else:
            upcoming[pitch] = (start, limit)
    return limits


def _written_end(timeline: Timeline, start: int, end_seconds: float, end: float) -> int:
    """Where a note from onset number ``start`` that sounds until ``end`` (ticks, unrounded) is written to."""
    begin, following = timeline.ticks[start], timeline.ticks[start + 1]
    until_next = following - begin
    if end > following + _OVERLAP_SHARE * until_next:
        return _simplest_place(timeline, begin, end, (following, timeline.ticks[-1]))
    silence = following - end
    audible = timeline.seconds[start + 1] - end_seconds >= _SILENCE_SECONDS
    if not audible or silence < max(_SILENCE_TICKS, _SILENCE_SHARE * until_next):
        return following
    return _simplest_place(timeline, begin, end, (begin + 1, following))


def _simplest_place(timeline: Timeline, begin: int, end: float, limits: tuple[int, int]) -> int:
    """The place within ``limits`` (ticks) that explains best a note sounding from ``begin`` to ``end``."""
    sounding = max(end - begin, 1.0)
    first = max(begin + int(_SMALLEST_RATIO * sounding), limits[0])
    last = min(begin + int(_LARGEST_RATIO * sounding) + _SIXTEENTH, limits[1])
    places = _grid_costs(timeline, begin, first, last) | _onsets_between(timeline, first, last)
    if not places:
        return limits[1]

    def cost(place: int) -> float:
        return 0.5 * (log(_HELD_SHARE * (place - begin) / sounding) / _HELD_SPREAD) ** 2 + places[place]

    return min(places, key=cost)


def _grid_costs(timeline: Timeline, begin: int, first: int, last: int) -> dict[int, float]:
    """Places on the grid; thirds instead of sixteenths when the note starts on one."""
    on_third = begin % _SIXTEENTH != 0 and begin % _THIRD == 0
    step = _THIRD if on_third else _SIXTEENTH
    finer = dict.fromkeys(range(-(-first // step) * step, last + 1, step), _FINER_NATS)
    eighths = range(-(-first // _EIGHTH) * _EIGHTH, last + 1, _EIGHTH)
    coarse = {place: _BEAT_NATS if place in timeline.beats else _EIGHTH_NATS for place in eighths}
    return finer | coarse


def _onsets_between(timeline: Timeline, first: int, last: int) -> dict[int, float]:
    low, high = bisect_left(timeline.ticks, first), bisect_right(timeline.ticks, last)
    return dict.fromkeys(timeline.ticks[low:high], 0.0)
