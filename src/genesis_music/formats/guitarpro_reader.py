"""Read Guitar Pro 3, 4 and 5 files: tracks with strings, frets and techniques as an editor wrote them.

Tied notes are one note; grace notes and drum tracks are left out; both voices of a track are merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import guitarpro as gp

from genesis_music.errors import ScoreError
from genesis_music.formats.checks import checked
from genesis_music.formats.instruments import instrument_of
from genesis_music.formats.reading import (
    Bar,
    ImportedScore,
    ReadNote,
    TempoChange,
    TempoCurve,
    build_notes,
    build_tempo_map,
    named_tuning,
    read_limited,
)
from genesis_music.formats.written import key_of_fifths
from genesis_music.score import (
    BendPoint,
    Key,
    Technique,
    TechniqueKind,
    TempoMap,
    TimeSignature,
    Track,
)

_SLIDES = (gp.SlideType.shiftSlideTo, gp.SlideType.legatoSlideTo)


def read_guitar_pro(path: Path) -> ImportedScore:
    """Read a ``.gp3``, ``.gp4`` or ``.gp5`` file.

    Raises:
        ScoreError: it cannot be read, is damaged, or is of a newer kind (``.gpx``, ``.gp``).
    """
    content = read_limited(path)
    try:
        return checked(_score(gp.parse(BytesIO(content)), path.stem))
    except Exception as error:  # what a damaged file makes the parser raise is not documented
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScoreError(
            f"{path.name} is not a Guitar Pro 3, 4 or 5 file that can be used ({reason}); export it as .gp5."
        ) from error


def _score(song: gp.Song, stem: str) -> ImportedScore:
    bars = [_bar(header) for header in song.measureHeaders]
    starts = _starts(bars)
    curve = TempoCurve([TempoChange(Fraction(0), song.tempo), *_tempo_changes(song, starts)])
    tempo_map = build_tempo_map(bars, curve)
    tracks = tuple(
        _track(track, starts, tempo_map, curve) for track in song.tracks if not track.isPercussionTrack
    )
    return ImportedScore(song.title or stem, tempo_map, tracks, _key(song))


def _bar(header: gp.MeasureHeader) -> Bar:
    signature = TimeSignature(header.timeSignature.numerator, header.timeSignature.denominator.value)
    return Bar(signature, signature.measure_quarters)


def _starts(bars: list[Bar]) -> list[Fraction]:
    starts = [Fraction(0)]
    for bar in bars:
        starts.append(starts[-1] + bar.length_quarters)
    return starts[:-1]


def _key(song: gp.Song) -> Key:
    sharps, minor = song.measureHeaders[0].keySignature.value
    return key_of_fifths(sharps, "minor" if minor else "major")


def _tempo_changes(song: gp.Song, starts: list[Fraction]) -> Iterator[TempoChange]:
    for track in song.tracks:
        for position, beat in _beats(track, starts):
            change = beat.effect.mixTableChange
            if change is not None and change.tempo is not None and change.tempo.value > 0:
                yield TempoChange(position, change.tempo.value)


def _beats(track: gp.Track, starts: list[Fraction]) -> Iterator[tuple[Fraction, gp.Beat]]:
    """Yield every beat of both voices with its absolute position in quarters."""
    for start, measure in zip(starts, track.measures, strict=False):
        for voice in measure.voices:
            position = start
            for beat in voice.beats:
                yield position, beat
                if beat.status != gp.BeatStatus.empty:
                    position += _length(beat.duration)


def _length(duration: gp.Duration) -> Fraction:
    plain = Fraction(4, duration.value) * (Fraction(3, 2) if duration.isDotted else 1)
    return plain * Fraction(duration.tuplet.times, duration.tuplet.enters)


# ---------------------------------------------------------------- tracks


def _track(track: gp.Track, starts: list[Fraction], tempo_map: TempoMap, curve: TempoCurve) -> Track:
    tuning = named_tuning(tuple(string.value for string in track.strings))
    return Track(
        track.name,
        instrument_of(track.channel.instrument),
        tuning,
        max(track.offset, 0),
        build_notes(_notes(track, starts, curve), tempo_map, curve, f"t{track.number}"),
    )


@dataclass(slots=True)
class _String:
    """What happened last on a string: the note that a tie would lengthen and the gesture that leaves it."""

    note: ReadNote
    effect: gp.NoteEffect


def _notes(track: gp.Track, starts: list[Fraction], curve: TempoCurve) -> Iterator[ReadNote]:
    """Yield sounding notes, ties joined. A note is complete when its string plays again."""
    strings: dict[int, _String] = {}
    ordered = sorted(_beats(track, starts), key=lambda placed: placed[0])
    for position, beat in ordered:
        for note in beat.notes:
            length = _length(beat.duration)
            last = strings.get(note.string)
            if note.type == gp.NoteType.tie and last is not None:
                last.note = replace(last.note, length_quarters=position + length - last.note.start_quarters)
                last.effect = note.effect
            elif note.type in {gp.NoteType.normal, gp.NoteType.dead, gp.NoteType.tie}:
                if last is not None:
                    yield last.note
                made = _note(track, note, last, start=position, length=length, curve=curve)
                strings[note.string] = _String(made, note.effect)
    yield from (string.note for string in strings.values())


def _note(
    track: gp.Track,
    note: gp.Note,
    last: _String | None,
    *,
    start: Fraction,
    length: Fraction,
    curve: TempoCurve,
) -> ReadNote:
    pitch = track.strings[note.string - 1].value + max(track.offset, 0) + note.value
    return ReadNote(
        start,
        length,
        pitch,
        min(max(note.velocity / 127, 0.0), 1.0),
        note.string,
        note.value,
        (*_arrival(note, last), *_techniques(note)),
        _bend(note, start, length, curve),
    )


def _arrival(note: gp.Note, last: _String | None) -> Iterator[Technique]:
    """Yield the gesture that the note before started on this string."""
    if last is None or last.note.fret is None:
        return
    if last.effect.hammer:
        rises = note.value > last.note.fret
        yield Technique(TechniqueKind.HAMMER_ON if rises else TechniqueKind.PULL_OFF, 1.0)
    elif any(slide in _SLIDES for slide in last.effect.slides):
        yield Technique(TechniqueKind.SLIDE, 1.0)


def _techniques(note: gp.Note) -> Iterator[Technique]:
    effect = note.effect
    if effect.isBend:
        yield Technique(TechniqueKind.BEND, 1.0, max(point.value for point in effect.bend.points) / 2)
    marks = (
        (TechniqueKind.VIBRATO, effect.vibrato),
        (TechniqueKind.PALM_MUTE, effect.palmMute),
        (TechniqueKind.HARMONIC, effect.isHarmonic),
        (TechniqueKind.DEAD_NOTE, note.type == gp.NoteType.dead),
        (TechniqueKind.LET_RING, effect.letRing),
    )
    yield from (Technique(kind, 1.0) for kind, marked in marks if marked)


def _bend(note: gp.Note, start: Fraction, length: Fraction, curve: TempoCurve) -> tuple[BendPoint, ...]:
    if not note.effect.isBend:
        return ()
    seconds = curve.seconds_at(start + length) - curve.seconds_at(start)
    return tuple(
        BendPoint(seconds * point.position / gp.BendEffect.maxPosition, point.value / 2)
        for point in note.effect.bend.points
    )
