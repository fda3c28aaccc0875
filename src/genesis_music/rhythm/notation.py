"""What every notation format prints: measures of beats with note values, rests, ties and tuplets.

One voice, as guitar tab is printed. Rules:

* Notes that start together are one beat. It lasts until the next onset, or until its longest note ends when
  the silence that follows is at least a sixteenth; that silence is written as rests.
* A note that rings on over later onsets is written with its beat's value ("let ring"), never as ties through
  the beats that follow. Ties appear only where nothing else starts: over bar lines, and inside a measure
  where one value cannot show the beats (rules in :mod:`.note_values`).
* In a tie only the notes that still sound go on.
* Places that no notation down to 64th notes and tuplets of 3, 5 and 7 can express move to the nearest
  twelfth of a quarter note. Notes outside their measure or the piece are moved inside; none is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from genesis_music.rhythm.metre import TICKS_PER_QUARTER, Metre, metre_of, to_quarters, to_ticks
from genesis_music.rhythm.note_values import NoteValue, Piece, Tuplet, find_tuplets, spell, spell_in_tuplet
from genesis_music.score import Measure, TabNote, TempoMap, TimeSignature, Track

__all__ = ["NoteValue", "WrittenBeat", "WrittenMeasure", "WrittenNote", "tied", "write_measures"]

_REAL_SILENCE_TICKS = TICKS_PER_QUARTER // 4
_FALLBACK_TICKS = TICKS_PER_QUARTER // 12


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """One notehead: ``tie_from`` when it continues the previous beat's note, ``tie_to`` when the next beat
    continues it. The first notehead of every note has ``tie_from`` false.
    """

    tab_note: TabNote
    tie_from: bool = False
    tie_to: bool = False


@dataclass(frozen=True, slots=True)
class WrittenBeat:
    """Noteheads that start together, or a rest when ``notes`` is empty.

    ``position_quarters`` counts from the start of the measure. ``tuplet_start`` and ``tuplet_stop`` mark the
    first and last beat of each tuplet.
    """

    position_quarters: Fraction
    value: NoteValue
    notes: tuple[WrittenNote, ...] = ()
    tuplet_start: bool = False
    tuplet_stop: bool = False

    @property
    def is_rest(self) -> bool:
        """Whether nothing sounds."""
        return not self.notes


@dataclass(frozen=True, slots=True)
class WrittenMeasure:
    """One measure; the beats' lengths add up to exactly ``measure.length_quarters``."""

    measure: Measure
    beats: tuple[WrittenBeat, ...]


def write_measures(track: Track, tempo_map: TempoMap) -> tuple[WrittenMeasure, ...]:
    """Turn a track's written times into printed measures, one for each measure of the tempo map."""
    bars = _bars(tempo_map.measures)
    events = _expressible(_events(track.notes, bars), bars)
    segments = _cut_at_bar_lines(events, bars)
    return tuple(
        WrittenMeasure(bar.measure, tuple(_write(bar, inside)))
        for bar, inside in zip(bars, segments, strict=True)
    )


def tied(track: Track, tempo_map: TempoMap) -> frozenset[str]:
    """Return the ids of the notes that are printed as two or more tied noteheads."""
    return frozenset(
        note.tab_note.id
        for measure in write_measures(track, tempo_map)
        for beat in measure.beats
        for note in beat.notes
        if note.tie_from
    )


# ---------------------------------------------------------------- onsets and lengths on absolute ticks


@dataclass(frozen=True, slots=True)
class _Bar:
    """A measure on absolute ticks. A pickup is a full measure without its first ``skipped`` ticks."""

    measure: Measure
    start: int
    end: int
    skipped: int


@dataclass(frozen=True, slots=True)
class _Event:
    """Notes that start together, each with its own end; ``end`` is the end of the printed beat."""

    start: int
    end: int
    notes: tuple[tuple[TabNote, int], ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    """The share of one measure in an event, or in a silence (``None``)."""

    start: int
    end: int
    event: _Event | None


def _bars(measures: tuple[Measure, ...]) -> tuple[_Bar, ...]:
    bars = []
    for measure in measures:
        start, length = to_ticks(measure.start_quarters), to_ticks(measure.length_quarters)
        skipped = max(metre_of(measure.time_signature).length_ticks - length, 0)
        bars.append(_Bar(measure, start, start + length, skipped))
    return tuple(bars)


def _events(notes: tuple[TabNote, ...], bars: tuple[_Bar, ...]) -> list[_Event]:
    by_number = {bar.measure.number: bar for bar in bars}
    chords: dict[int, list[tuple[TabNote, int]]] = defaultdict(list)
    for note in notes:
        number = min(max(note.written.measure, bars[0].measure.number), bars[-1].measure.number)
        bar = by_number[number]
        start = bar.start + max(to_ticks(note.written.position_quarters), 0)
        start = min(start, bar.end - _FALLBACK_TICKS)
        chords[start].append((note, start + to_ticks(note.written.length_quarters)))
    ends = {start: max(end for _, end in chord) for start, chord in chords.items()}
    return _in_order(chords, ends, bars[-1].end, _REAL_SILENCE_TICKS)


def _in_order(
    chords: dict[int, list[tuple[TabNote, int]]], ends: dict[int, int], piece_end: int, real_silence: int
) -> list[_Event]:
    """Let every beat end where the next one starts, or earlier when a real silence follows."""
    starts = sorted(chords)
    events = []
    for start, limit in zip(starts, [*starts, piece_end][1:], strict=True):
        stops_early = start < ends[start] <= limit - real_silence
        events.append(_Event(start, ends[start] if stops_early else limit, tuple(chords[start])))
    return events


def _expressible(events: list[_Event], bars: tuple[_Bar, ...]) -> list[_Event]:
    """Move what cannot be printed to the nearest twelfth of a quarter note."""
    moved: dict[int, int] = {}
    for bar, segments in zip(bars, _cut_at_bar_lines(events, bars), strict=True):
        moved |= _moved_ticks(bar, segments)
    if not moved:
        return events
    chords: dict[int, list[tuple[TabNote, int]]] = defaultdict(list)
    ends: dict[int, int] = defaultdict(int)
    for event in events:
        start = moved.get(event.start, event.start)
        chords[start] += event.notes
        ends[start] = max(ends[start], moved.get(event.end, event.end))
    return _in_order(chords, ends, bars[-1].end, 1)


def _moved_ticks(bar: _Bar, segments: list[_Segment]) -> dict[int, int]:
    offset = bar.start - bar.skipped
    ticks = frozenset(segment.start - offset for segment in segments)
    unprintable = (
        tick
        for start, end in metre_of(bar.measure.time_signature).spans
        if find_tuplets(start, end, ticks) is None
        for tick in ticks
        if start < tick < end
    )
    return {offset + tick: offset + _FALLBACK_TICKS * round(tick / _FALLBACK_TICKS) for tick in unprintable}


def _cut_at_bar_lines(events: list[_Event], bars: tuple[_Bar, ...]) -> list[list[_Segment]]:
    """Split the piece, silences included, into what lies in each measure."""
    measures: list[list[_Segment]] = [[] for _ in bars]
    index = 0
    for start, end, event in _without_gaps(events, bars[0].start, bars[-1].end):
        position = start
        while position < end:
            index += position >= bars[index].end
            cut = min(end, bars[index].end)
            measures[index].append(_Segment(position, cut, event))
            position = cut
    return measures


def _without_gaps(
    events: list[_Event], position: int, piece_end: int
) -> Iterator[tuple[int, int, _Event | None]]:
    for event in events:
        if event.start > position:
            yield position, event.start, None
        yield event.start, event.end, event
        position = event.end
    if position < piece_end:
        yield position, piece_end, None


# ---------------------------------------------------------------- printed beats


def _write(bar: _Bar, segments: list[_Segment]) -> Iterator[WrittenBeat]:
    offset = bar.start - bar.skipped
    shape = tuple((s.start - offset, s.end - offset, s.event is None) for s in segments)
    spelled = _spell_measure(bar.measure.time_signature, shape)
    for segment, pieces in zip(segments, spelled, strict=True):
        for piece in pieces:
            start, end = piece.start_ticks + offset, piece.end_ticks + offset
            yield WrittenBeat(
                to_quarters(start - bar.start),
                piece.value,
                () if segment.event is None else tuple(_noteheads(segment.event, start, end)),
                piece.opens_tuplet,
                piece.closes_tuplet,
            )


def _noteheads(event: _Event, start: int, end: int) -> Iterator[WrittenNote]:
    """The notes of the event that still sound at ``start``; the longest goes on to the end of the beat."""
    longest = max(note_end for _, note_end in event.notes)
    for note, note_end in event.notes:
        if start == event.start or note_end > start or note_end == longest:
            goes_on = end < event.end and (note_end > end or note_end == longest)
            yield WrittenNote(note, tie_from=start > event.start, tie_to=goes_on)


@lru_cache(maxsize=4096)
def _spell_measure(
    signature: TimeSignature, shape: tuple[tuple[int, int, bool], ...]
) -> tuple[tuple[Piece, ...], ...]:
    """Spell the segments ``(start, end, is_rest)`` of a measure; most measures repeat an earlier one."""
    metre = metre_of(signature)
    ticks = frozenset(start for start, _, _ in shape)
    tuplets = [tuplet for span in metre.spans for tuplet in find_tuplets(*span, ticks) or ()]
    return tuple(tuple(_spell_segment(metre, tuplets, *segment)) for segment in shape)


def _spell_segment(
    metre: Metre, tuplets: list[Tuplet], start: int, end: int, is_rest: bool
) -> Iterator[Piece]:
    for tuplet in tuplets:
        if start < tuplet.end_ticks and tuplet.start_ticks < end:
            if start < tuplet.start_ticks:
                yield from spell(metre, start, tuplet.start_ticks, is_rest=is_rest)
                start = tuplet.start_ticks
            inner_end = min(end, tuplet.end_ticks)
            yield from spell_in_tuplet(tuplet, start, inner_end, is_rest=is_rest)
            start = inner_end
    if start < end:
        yield from spell(metre, start, end, is_rest=is_rest)
