"""MIDI, twice: as played (``write_performed_midi``) and as written (``write_score_midi``).

As played, the tempo map is written beat by beat, so that bars line up in a sequencer while every event
keeps its time in seconds within 1 ms; each string has its own channel, so that bends do not
collide, and a bend is reset before the next note of its channel. As written, notes stand exactly on the grid.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from genesis_music.formats import midi_bytes
from genesis_music.formats.instruments import voice_of
from genesis_music.formats.midi_bytes import Timed
from genesis_music.formats.written import Page, fifths, short_signature
from genesis_music.score import Beat, Measure, Note, TabNote, TempoMap, Track, Transcription

TICKS_PER_QUARTER = 1920
"""0.26 ms at 120 quarters per minute; divides by every grid the quantiser knows."""

MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != 9)
"""Channel 10 (9 from zero) belongs to the drums."""

BEND_STEP_SECONDS = 0.01
MAX_BEND_SEMITONES = 24
MAX_TEMPO_MICROSECONDS = 0xFFFFFF

_TEXT, _TRACK_NAME, _MARKER = 1, 3, 6

_NAME, _SETUP, _META, _OFF, _CONTROL, _ON = range(6)
"""Order of events on the same tick."""


def write_performed_midi(page: Page) -> bytes:
    """Turn a transcription into a type-1 MIDI file of the performance, one track per instrument."""
    transcription = page.transcription
    clock = _Clock.of(transcription.tempo_map)
    tracks = [_conductor(transcription, clock)]
    for track, channels in zip(transcription.tracks, _share_channels(transcription.tracks), strict=True):
        tracks.append(_midi_track(track, channels, _performed_events(track, channels, clock)))
    return midi_bytes.file_bytes(tracks, TICKS_PER_QUARTER)


def write_score_midi(page: Page) -> bytes:
    """Turn a transcription into a type-1 MIDI file of the written page: on the grid, no bends."""
    transcription = page.transcription
    starts = {measure.number: measure.start_quarters for measure in transcription.tempo_map.measures}
    tracks = [_score_conductor(transcription)]
    for index, track in enumerate(transcription.tracks):
        channel = MELODIC_CHANNELS[index % len(MELODIC_CHANNELS)]
        spans = (_Span(*_written_ticks(note, starts), channel, note.note) for note in track.notes)
        tracks.append(_midi_track(track, (channel,), _note_events(spans)))
    return midi_bytes.file_bytes(tracks, TICKS_PER_QUARTER)


# ---------------------------------------------------------------- time


@dataclass(frozen=True)
class _Clock:
    """Performed seconds and written quarters to ticks: piecewise linear through ``(tick, seconds)`` knots.

    Tick 0 is second 0. Music that starts later follows a lead-in of whole measures (or one short measure), so
    that the first bar line stands where a sequencer draws one.
    """

    lead_in_ticks: int
    ticks: tuple[int, ...]
    seconds: tuple[float, ...]

    @classmethod
    def of(cls, tempo_map: TempoMap) -> _Clock:
        first = tempo_map.beats[0]
        lead_in = _lead_in_quarters(tempo_map, first)
        offset = lead_in - first.quarters
        knots = [(0, 0.0)]
        for beat in tempo_map.beats:
            tick = round((beat.quarters + offset) * TICKS_PER_QUARTER)
            if beat.onset_seconds > knots[-1][1] and tick > knots[-1][0]:
                knots.append((tick, beat.onset_seconds))
        ticks, seconds = zip(*knots, strict=True)
        return cls(round(lead_in * TICKS_PER_QUARTER), ticks, seconds)

    def tick_at(self, seconds: float) -> int:
        """Nearest tick to a performed time; never before the start of the file."""
        index = min(max(bisect_right(self.seconds, seconds) - 1, 0), len(self.seconds) - 2)
        start, slope = self.seconds[index], self._ticks_per_second(index)
        return max(round(self.ticks[index] + (seconds - start) * slope), 0)

    def tempo_changes(self) -> Iterator[tuple[int, int]]:
        """Yield ``(tick, microseconds per quarter)``, each chosen so that rounding errors never add up."""
        clock_microseconds = 0.0
        for index in range(len(self.ticks) - 1):
            quarters = (self.ticks[index + 1] - self.ticks[index]) / TICKS_PER_QUARTER
            wanted = self.seconds[index + 1] * 1e6 - clock_microseconds
            tempo = min(max(round(wanted / quarters), 1), MAX_TEMPO_MICROSECONDS)
            clock_microseconds += tempo * quarters
            yield self.ticks[index], tempo

    def _ticks_per_second(self, index: int) -> float:
        return (self.ticks[index + 1] - self.ticks[index]) / (self.seconds[index + 1] - self.seconds[index])


def _lead_in_quarters(tempo_map: TempoMap, first: Beat) -> Fraction:
    """Written length of the time before the first beat: whole measures at its tempo, else sixteenths."""
    if first.onset_seconds <= 0:
        return Fraction(0)
    measure = tempo_map.measures[0]
    quarters = first.onset_seconds * measure.tempo_bpm / 60
    whole = measure.time_signature.measure_quarters
    if quarters >= whole:
        return round(quarters / whole) * whole
    return Fraction(max(round(quarters * 4), 1), 4)


def _written_ticks(note: TabNote, starts: dict[int, Fraction]) -> tuple[int, int]:
    start = starts[note.written.measure] + note.written.position_quarters
    return _ticks(start), _ticks(start + note.written.length_quarters)


def _ticks(quarters: Fraction) -> int:
    return round(quarters * TICKS_PER_QUARTER)


# ---------------------------------------------------------------- conductor tracks


def _conductor(transcription: Transcription, clock: _Clock) -> bytes:
    """Tempo of every beat, time signatures, key, chord and section markers of the performance."""
    tempo_map = transcription.tempo_map
    events: list[Timed] = [
        (tick, _META, midi_bytes.tempo(tempo)) for tick, tempo in _changes(clock.tempo_changes())
    ]
    if clock.lead_in_ticks:
        events.append((0, _META, _lead_in_signature(tempo_map.measures[0], clock.lead_in_ticks)))
    shift = clock.lead_in_ticks - _ticks(tempo_map.beats[0].quarters)
    events += [(max(tick + shift, 0), _META, message) for tick, message in _signatures(tempo_map.measures)]
    events += [(clock.tick_at(seconds), _META, message) for seconds, message in _markers(transcription)]
    return _meta_track(transcription, events)


def _score_conductor(transcription: Transcription) -> bytes:
    """Tempo of every measure, time signatures, key, chord and section markers of the written page."""
    tempo_map = transcription.tempo_map
    tempi = (
        (_ticks(m.start_quarters), min(round(60e6 / m.tempo_bpm), MAX_TEMPO_MICROSECONDS))
        for m in tempo_map.measures
    )
    events: list[Timed] = [(tick, _META, midi_bytes.tempo(tempo)) for tick, tempo in _changes(tempi)]
    events += [(tick, _META, message) for tick, message in _signatures(tempo_map.measures)]
    for seconds, message in _markers(transcription):
        quarters = max(Fraction(round(tempo_map.quarters_at(seconds) * 4), 4), Fraction(0))
        events.append((_ticks(quarters), _META, message))
    return _meta_track(transcription, events)


def _changes(values: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    last = None
    for tick, value in values:
        if value != last:
            yield tick, value
        last = value


def _signatures(measures: Sequence[Measure]) -> Iterator[tuple[int, bytes]]:
    last = None
    for measure in measures:
        signature = short_signature(measure)
        if signature != last:
            yield _ticks(measure.start_quarters), midi_bytes.time_signature(*signature)
        last = signature


def _lead_in_signature(first: Measure, ticks: int) -> bytes:
    length = Fraction(ticks, TICKS_PER_QUARTER)
    if length % first.time_signature.measure_quarters == 0:
        return midi_bytes.time_signature(first.time_signature.numerator, first.time_signature.denominator)
    return midi_bytes.time_signature(*short_signature(replace(first, length_quarters=length)))


def _markers(transcription: Transcription) -> Iterator[tuple[float, bytes]]:
    for section in transcription.harmony.sections:
        yield max(section.onset_seconds, 0.0), midi_bytes.text(_MARKER, section.label)
    for chord in transcription.harmony.chords:
        yield max(chord.onset_seconds, 0.0), midi_bytes.text(_TEXT, chord.label)


def _meta_track(transcription: Transcription, events: list[Timed]) -> bytes:
    key = transcription.harmony.key
    start: list[Timed] = [
        (0, _NAME, midi_bytes.text(_TRACK_NAME, transcription.source.title)),
        (0, _SETUP, midi_bytes.key_signature(fifths(key), minor=key.mode == "minor")),
    ]
    return midi_bytes.track_chunk(start + events)


# ---------------------------------------------------------------- instrument tracks


def _share_channels(tracks: Sequence[Track]) -> list[tuple[int, ...]]:
    """Give every string its own channel while they last; then strings of one track share some."""
    wanted = [max(track.tuning.strings, 1) if track.notes else 1 for track in tracks]
    while sum(wanted) > len(MELODIC_CHANNELS) and max(wanted) > 1:
        wanted[wanted.index(max(wanted))] -= 1
    shares, taken = [], 0
    for count in wanted:
        shares.append(tuple(MELODIC_CHANNELS[(taken + i) % len(MELODIC_CHANNELS)] for i in range(count)))
        taken += count
    return shares


def _midi_track(track: Track, channels: Sequence[int], events: Iterable[Timed]) -> bytes:
    program = voice_of(track.instrument).gm_program
    setup: list[Timed] = [(0, _NAME, midi_bytes.text(_TRACK_NAME, track.name))]
    setup += [(0, _SETUP, midi_bytes.program_change(channel, program)) for channel in channels]
    return midi_bytes.track_chunk([*setup, *events])


@dataclass(frozen=True, slots=True)
class _Span:
    """A note on its channel, from tick to tick."""

    start: int
    end: int
    channel: int
    note: Note


def _performed_events(track: Track, channels: Sequence[int], clock: _Clock) -> Iterator[Timed]:
    bend_range = _bend_range(track)
    for channel in channels:
        yield from _bend_range_events(channel, bend_range)
    spans = []
    for tab_note in track.notes:
        channel = channels[((tab_note.string or 1) - 1) % len(channels)]
        start = clock.tick_at(tab_note.note.onset_seconds)
        end = max(clock.tick_at(tab_note.note.end_seconds), start + 1)
        spans.append(_Span(start, end, channel, tab_note.note))
    yield from _note_events(spans)
    following: dict[int, int] = {}
    for span in sorted(spans, key=lambda span: span.start, reverse=True):
        stop = min(span.end, following.get(span.channel, span.end))
        following[span.channel] = span.start
        yield from _bend_events(replace(span, end=stop), clock, bend_range)


def _note_events(spans: Iterable[_Span]) -> Iterator[Timed]:
    """Note-on and note-off messages; a note ends at the latest where its channel plays the pitch again."""
    following: dict[tuple[int, int], int] = {}
    for span in sorted(spans, key=lambda span: span.start, reverse=True):
        channel, pitch = span.channel, span.note.pitch_midi
        stop = min(span.end, following.get((channel, pitch), span.end))
        following[channel, pitch] = span.start
        if stop > span.start:
            velocity = min(max(round(span.note.velocity * 127), 1), 127)
            yield span.start, _ON, midi_bytes.note_on(channel, pitch, velocity)
            yield stop, _OFF, midi_bytes.note_off(channel, pitch)


def _bend_range(track: Track) -> int:
    """Smallest usual bend range (2, 12 or 24 semitones) that holds every contour of the track."""
    heights = (abs(point.semitones) for note in track.notes for point in note.note.bend)
    highest = max(heights, default=0.0)
    return next((usual for usual in (2, 12) if highest <= usual), MAX_BEND_SEMITONES)


def _bend_range_events(channel: int, semitones: int) -> Iterator[Timed]:
    """Set registered parameter 0 (bend range), then the null parameter so that nothing changes it later."""
    for control, value in ((101, 0), (100, 0), (6, semitones), (38, 0), (101, 127), (100, 127)):
        yield 0, _SETUP, midi_bytes.control_change(channel, control, value)


def _bend_events(span: _Span, clock: _Clock, bend_range: int) -> Iterator[Timed]:
    """Bend the channel along a contour while the span lasts, and back to zero at its end."""
    last = 0
    for seconds, semitones in _sampled(span.note):
        tick = min(max(clock.tick_at(seconds), span.start), span.end)
        value = min(max(round(semitones / bend_range * 8192), -8192), 8191)
        if value != last:
            yield tick, _CONTROL, midi_bytes.pitch_wheel(span.channel, value)
        last = value
    if last:
        yield span.end, _CONTROL, midi_bytes.pitch_wheel(span.channel, 0)


def _sampled(note: Note) -> Iterator[tuple[float, float]]:
    """Yield ``(seconds, semitones)`` at the points of the contour, and between them every 10 ms."""
    for current, following in pairwise(note.bend):
        gap = following.offset_seconds - current.offset_seconds
        steps = max(math.ceil(gap / BEND_STEP_SECONDS), 1)
        for step in range(steps):
            share = step / steps
            semitones = current.semitones + share * (following.semitones - current.semitones)
            yield note.onset_seconds + current.offset_seconds + share * gap, semitones
    for last in note.bend[-1:]:
        yield note.onset_seconds + last.offset_seconds, last.semitones
