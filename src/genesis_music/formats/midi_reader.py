"""Read MIDI files: parts, tempo map and pitch bends, for turning a MIDI file into tab.

A part is what one track plays with one program (so the six channels of a guitar with a channel per string are
one part); drums (channel 10) are left out. Written positions are the file's own, not quantised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import mido

from genesis_music.errors import ScoreError
from genesis_music.formats.checks import checked
from genesis_music.formats.instruments import STEEL_GUITAR, instrument_of
from genesis_music.formats.reading import (
    MAX_MEASURES,
    MAX_NUMERATOR,
    Bar,
    ImportedScore,
    ReadNote,
    TempoChange,
    TempoCurve,
    build_notes,
    build_tempo_map,
    read_limited,
)
from genesis_music.formats.written import named_key
from genesis_music.score import BendPoint, Key, TimeSignature, Track, Tuning

DRUM_CHANNEL = 9
DEFAULT_BEND_RANGE_SEMITONES = 2.0


def read_midi(path: Path) -> ImportedScore:
    """Read a standard MIDI file of type 0 or 1.

    Raises:
        ScoreError: it cannot be read, is damaged, counts time in SMPTE frames, or holds no notes.
    """
    content = read_limited(path)
    try:
        file = mido.MidiFile(file=BytesIO(content), clip=True, charset="latin-1")
        return checked(_score(file, path.stem))
    except Exception as error:  # what a damaged file makes mido raise is not documented
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScoreError(f"{path.name} is not a MIDI file that can be used: {reason}") from error


def _score(file: mido.MidiFile, stem: str) -> ImportedScore:
    if file.type == 2 or file.ticks_per_beat <= 0:
        raise ValueError("only files of type 0 and 1 with time in ticks per quarter note are supported")
    events = _read_events(file)
    if not events.notes:
        raise ValueError("it holds no notes (drums do not count)")
    end = max(note.end for notes in events.notes.values() for note in notes)
    curve = TempoCurve(events.tempi)
    tempo_map = build_tempo_map(list(_bars(events.signatures, end)), curve)
    tracks = tuple(
        Track(
            events.names.get(index) or f"Track {index}",
            instrument_of(program),
            Tuning("", ()),
            0,
            build_notes((_read_note(note, curve) for note in notes), tempo_map, curve, f"p{part}"),
        )
        for part, ((index, program), notes) in enumerate(sorted(events.notes.items()), start=1)
    )
    return ImportedScore(events.names.get(0) or stem, tempo_map, tracks, events.key)


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class _Played:
    """One note from on to off, in quarters; ``wheel`` is the bend ``(quarters, semitones)`` meanwhile."""

    start: Fraction
    end: Fraction
    pitch: int
    velocity: float
    wheel: tuple[tuple[Fraction, float], ...]


@dataclass(slots=True)
class _Events:
    """Everything of a file that matters here; notes by ``(track index, program)``."""

    notes: dict[tuple[int, int], list[_Played]] = field(default_factory=lambda: defaultdict(list))
    tempi: list[TempoChange] = field(default_factory=list)
    signatures: dict[Fraction, TimeSignature] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    key: Key | None = None


@dataclass(slots=True)
class _Channel:
    """What a channel is doing: program, wheel (semitones), its range, and the notes that sound."""

    program: int = STEEL_GUITAR.gm_program
    bend_range: float = DEFAULT_BEND_RANGE_SEMITONES
    parameter: tuple[int, int] = (127, 127)
    wheel: list[tuple[Fraction, float]] = field(default_factory=lambda: [(Fraction(0), 0.0)])
    sounding: dict[int, tuple[Fraction, float]] = field(default_factory=dict)


def _read_events(file: mido.MidiFile) -> _Events:
    events = _Events()
    for index, track in enumerate(file.tracks):
        channels: dict[int, _Channel] = defaultdict(_Channel)
        tick = 0
        for message in track:
            tick += message.time
            quarters = Fraction(tick, file.ticks_per_beat)
            if message.is_meta:
                _read_meta(events, index, quarters, message)
            elif getattr(message, "channel", DRUM_CHANNEL) != DRUM_CHANNEL:
                _read_message(events, index, quarters, message, channels[message.channel])
        for channel in channels.values():
            for pitch in list(channel.sounding):
                _end_note(events, index, channel, pitch, Fraction(tick, file.ticks_per_beat))
    return events


def _read_meta(events: _Events, index: int, quarters: Fraction, message: mido.MetaMessage) -> None:
    if message.type == "set_tempo" and message.tempo > 0:
        events.tempi.append(TempoChange(quarters, 60e6 / message.tempo))
    elif (
        message.type == "time_signature"
        and 0 < message.numerator <= MAX_NUMERATOR
        and message.denominator <= 64
    ):
        events.signatures[quarters] = TimeSignature(message.numerator, message.denominator)
    elif message.type == "track_name" and index not in events.names:
        events.names[index] = _decoded(message.name)
    elif message.type == "key_signature" and events.key is None:
        events.key = named_key(message.key)


def _decoded(text: str) -> str:
    """Text of a MIDI file is UTF-8 in new files and Latin-1 in old ones."""
    raw = text.encode("latin-1")
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return text.strip()


def _read_message(
    events: _Events, index: int, quarters: Fraction, message: mido.Message, channel: _Channel
) -> None:
    kind = message.type
    if kind == "note_on" and message.velocity > 0:
        _end_note(events, index, channel, message.note, quarters)
        channel.sounding[message.note] = (quarters, message.velocity / 127)
    elif kind in ("note_on", "note_off"):
        _end_note(events, index, channel, message.note, quarters)
    elif kind == "program_change":
        channel.program = message.program
    elif kind == "pitchwheel":
        channel.wheel.append((quarters, message.pitch / 8192 * channel.bend_range))
    elif kind == "control_change":
        _read_control(channel, message.control, message.value)


def _read_control(channel: _Channel, control: int, value: int) -> None:
    """Follow registered parameter 0, the range of the pitch wheel."""
    coarse, fine = channel.parameter
    if control == 101:
        channel.parameter = (value, fine)
    elif control == 100:
        channel.parameter = (coarse, value)
    elif control == 6 and channel.parameter == (0, 0):
        channel.bend_range = float(value) or DEFAULT_BEND_RANGE_SEMITONES


def _end_note(events: _Events, index: int, channel: _Channel, pitch: int, quarters: Fraction) -> None:
    if pitch not in channel.sounding:
        return
    start, velocity = channel.sounding.pop(pitch)
    if quarters > start:
        wheel = tuple(_wheel_during(channel.wheel, start, quarters))
        events.notes[index, channel.program].append(_Played(start, quarters, pitch, velocity, wheel))


def _wheel_during(
    wheel: list[tuple[Fraction, float]], start: Fraction, end: Fraction
) -> Iterator[tuple[Fraction, float]]:
    """Yield positions of the wheel while a note sounds, its first one included; none for a wheel at rest."""
    first = len(wheel) - 1
    while first > 0 and wheel[first][0] > start:
        first -= 1
    during = [(max(at, start), height) for at, height in wheel[first:] if at < end]
    if any(height for _, height in during):
        yield from during


# ---------------------------------------------------------------- score


def _bars(signatures: dict[Fraction, TimeSignature], end: Fraction) -> Iterator[Bar]:
    """Bars up to the end of the music; a signature that changes inside a bar cuts it short there."""
    changes = sorted({Fraction(0): TimeSignature(4, 4), **signatures}.items())
    count = 0
    for (start, signature), (stop, _) in pairwise([*changes, (max(end, changes[-1][0]), changes[-1][1])]):
        position, limit = start, min(stop, end) if stop < end else stop
        while position < limit:
            length = (
                min(signature.measure_quarters, stop - position) if stop < end else signature.measure_quarters
            )
            yield Bar(signature, length)
            position += length
            count += 1
            if count > MAX_MEASURES:
                raise ValueError("it is longer than any piece of music")


def _read_note(note: _Played, curve: TempoCurve) -> ReadNote:
    onset = curve.seconds_at(note.start)
    bend = tuple(BendPoint(curve.seconds_at(at) - onset, height) for at, height in note.wheel)
    return ReadNote(note.start, note.end - note.start, note.pitch, note.velocity, bend=bend)
