"""How long a note is written: what a musician would read, not how long the string happened to sound.

1. A note that stops a little before the next onset is written up to it; a rest is written only when the
   silence is about an eighth or more, heard as one, and a good part of the time to the next onset.
2. A note that stops early is written to the simplest place near its end. Players let go early, so a note is
   expected to sound for about nine tenths of its written length.
3. A note that rings on is written to the onset nearest to its end, or to the beat where nothing is struck.
4. A string struck again ends the note before it: nothing rings past the next onset of its own pitch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from genesis_music.rhythm.metre import TICKS_PER_QUARTER
from genesis_music.score import Note

_SILENCE_TICKS = 0.3 * TICKS_PER_QUARTER
_SILENCE_SECONDS = 0.1
_SILENCE_SHARE = 0.22
_HELD_SHARE = 0.92
_OVERLAP_SHARE = 0.3

_EIGHTH, _SIXTEENTH, _THIRD = TICKS_PER_QUARTER // 2, TICKS_PER_QUARTER // 4, TICKS_PER_QUARTER // 3
_SIXTEENTH_COST = 0.2
_NO_ONSET_COST_TICKS = 0.15 * TICKS_PER_QUARTER


@dataclass(frozen=True, slots=True)
class Timeline:
    """Written onsets (ticks, ascending) and their performed times (seconds), closed by the piece's end."""

    ticks: list[int]
    seconds: list[float]


def write_lengths(notes: Sequence[Note], starts: Sequence[int], timeline: Timeline) -> list[int]:
    """Return every note's written length in ticks (>= 1); ``starts`` index ``timeline.ticks``."""
    ends = np.interp([note.end_seconds for note in notes], timeline.seconds, timeline.ticks)
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
        return _end_of_ringing(timeline, start, end)
    silence = following - end
    audible = timeline.seconds[start + 1] - end_seconds >= _SILENCE_SECONDS
    if not audible or silence < max(_SILENCE_TICKS, _SILENCE_SHARE * until_next):
        return following
    return _end_before_silence(begin, following, end)


def _end_before_silence(begin: int, following: int, end: float) -> int:
    """The simplest place near the end, judged by ratio; thirds when the note starts on one."""
    on_third = begin % _SIXTEENTH != 0 and begin % _THIRD == 0
    steps = (
        ((_EIGHTH, _SIXTEENTH_COST), (_THIRD, 0.0))
        if on_third
        else ((_EIGHTH, 0.0), (_SIXTEENTH, _SIXTEENTH_COST))
    )
    expected = max((end - begin) / _HELD_SHARE, 1.0)
    places = [
        (abs(log((place - begin) / expected)) + cost, place)
        for step, cost in steps
        for place in range((begin // step + 1) * step, following + 1, step)
    ]
    return min(places)[1] if places else following


def _end_of_ringing(timeline: Timeline, start: int, end: float) -> int:
    after = min(bisect_right(timeline.ticks, end), len(timeline.ticks) - 1)
    eighth = round(end / _EIGHTH) * _EIGHTH
    places = [(abs(timeline.ticks[index] - end), timeline.ticks[index]) for index in (after - 1, after)]
    places.append((abs(eighth - end) + _NO_ONSET_COST_TICKS, eighth))
    return max(min(places)[1], timeline.ticks[start + 1])
