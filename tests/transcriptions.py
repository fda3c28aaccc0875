"""Transcriptions for tests: a rich one with everything a format has to carry, and makers for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from genesis_music.score import (
    Beat,
    BendPoint,
    Chord,
    Difficulty,
    Harmony,
    Key,
    KeyRegion,
    Measure,
    Note,
    Reasoned,
    Section,
    SourceInfo,
    TabNote,
    Technique,
    TechniqueKind,
    TempoMap,
    TimeSignature,
    Track,
    Transcription,
    Tuning,
    WrittenTime,
)

STANDARD = Tuning("standard", (64, 59, 55, 50, 45, 40))
DROP_D = Tuning("drop D", (64, 59, 55, 50, 45, 38))
BASS = Tuning("bass", (43, 38, 33, 28))

COMMON = TimeSignature(4, 4)
WALTZ = TimeSignature(3, 4)
SIX_EIGHT = TimeSignature(6, 8)


@dataclass(frozen=True)
class Bar:
    """A measure to build: signature, tempo in quarters per minute, and a shorter length for a pickup."""

    signature: TimeSignature = COMMON
    tempo_bpm: float = 120.0
    length_quarters: Fraction | None = None


def make_tempo_map(bars: Sequence[Bar], *, start_seconds: float = 0.0) -> TempoMap:
    """Beats and measures for the given bars; a first bar with its own length is the pickup (number 0)."""
    beats: list[Beat] = []
    measures: list[Measure] = []
    quarters, seconds = Fraction(0), start_seconds
    number = 0 if bars[0].length_quarters is not None else 1
    for bar in bars:
        length = bar.length_quarters or bar.signature.measure_quarters
        measures.append(Measure(number, seconds, bar.signature, bar.tempo_bpm, quarters, length))
        position, beat = Fraction(0), 1
        while position < length:
            onset = seconds + float(position) * 60 / bar.tempo_bpm
            beats.append(Beat(onset, number, beat, quarters + position))
            position += bar.signature.beat_quarters
            beat += 1
        quarters += length
        seconds += float(length) * 60 / bar.tempo_bpm
        number += 1
    beats.append(Beat(seconds, number, 1, quarters))
    return TempoMap(tuple(beats), tuple(measures), confidence=0.9)


@dataclass(frozen=True)
class Fretted:
    """A note to build: where it is written and fretted; ``None`` as string: the instrument cannot play it."""

    measure: int
    position: Fraction | int
    length: Fraction | int
    string: int | None
    fret: int | None
    techniques: tuple[Technique, ...] = ()
    bend: tuple[BendPoint, ...] = ()
    octave_shift: int = 0
    pitch_midi: int = 30
    """Only for a note without a place."""


def make_track(
    name: str, tuning: Tuning, capo: int, tempo_map: TempoMap, notes: Sequence[Fretted], *, instrument: str
) -> Track:
    """Place the notes in performed time, 4 ms late and a little short, as a player would."""
    starts = {measure.number: measure.start_quarters for measure in tempo_map.measures}
    built = []
    for index, fretted in enumerate(notes):
        start = starts[fretted.measure] + fretted.position
        onset = tempo_map.seconds_at(start) + 0.004
        end = tempo_map.seconds_at(start + fretted.length) - 0.01
        pitch = fretted.pitch_midi
        if fretted.string is not None and fretted.fret is not None:
            pitch = tuning.pitches_midi[fretted.string - 1] + capo + fretted.fret - 12 * fretted.octave_shift
        note = Note(onset, max(end - onset, 0.02), pitch, 0.5 + 0.05 * (index % 8), 0.9, fretted.bend)
        written = WrittenTime(fretted.measure, Fraction(fretted.position), Fraction(fretted.length))
        alternatives = ((2, 8), (3, 12)) if index == 0 else ()
        built.append(
            TabNote(
                f"{name}-{index}",
                note,
                written,
                fretted.string,
                fretted.fret,
                fretted.octave_shift,
                fretted.techniques,
                alternatives,
            )
        )
    order = sorted(
        built, key=lambda n: (starts[n.written.measure] + n.written.position_quarters, n.note.pitch_midi)
    )
    return Track(name, instrument, tuning, capo, tuple(order))


def technique(kind: TechniqueKind, semitones: float | None = None) -> tuple[Technique, ...]:
    """One technique, fairly sure."""
    return (Technique(kind, 0.8, semitones),)


def _chord(
    tempo_map: TempoMap, start: float, end: float, root: int, quality: str, label: str, roman: str
) -> Chord:
    return Chord(
        tempo_map.seconds_at(start),
        tempo_map.seconds_at(end),
        root,
        quality,
        root,
        label,
        roman,
        0.8,
        (2, 3, 2, 0, None, None),
    )


def make_harmony(tempo_map: TempoMap) -> Harmony:
    """D major with a turn to B minor, five chords, two sections."""
    end = tempo_map.seconds_at(
        float(tempo_map.measures[-1].start_quarters + tempo_map.measures[-1].length_quarters)
    )
    middle = tempo_map.seconds_at(9.0)
    no_chord = Chord(tempo_map.seconds_at(15.0), end, None, "", None, "N.C.")
    slash = replace(_chord(tempo_map, 7, 9, 7, "major", "G/B", "IV6"), bass=11)
    return Harmony(
        key=Key(2, "major", 0.7),
        regions=(KeyRegion(0.0, middle, Key(2, "major", 0.7)), KeyRegion(middle, end, Key(11, "minor", 0.5))),
        chords=(
            _chord(tempo_map, 1, 5, 2, "major", "D", "I"),
            _chord(tempo_map, 5, 7, 11, "m7", "Bm7", "vi7"),
            slash,
            _chord(tempo_map, 9, 15, 6, "m7b5", "F#m7b5", "iiø7"),
            no_chord,
        ),
        scale="D major",
        progression=("I", "vi", "IV", "V"),
        progression_name="50s progression",
        sections=(Section(tempo_map.seconds_at(1.0), middle, "A"), Section(middle, end, "B")),
    )


RICH_BARS = (
    Bar(COMMON, 120.0, Fraction(1)),
    Bar(COMMON, 120.0),
    Bar(COMMON, 120.0),
    Bar(WALTZ, 96.0),
    Bar(SIX_EIGHT, 90.0),
    Bar(COMMON, 90.0),
    Bar(COMMON, 132.5),
)

THIRD, EIGHTH, SIXTEENTH = Fraction(1, 3), Fraction(1, 2), Fraction(1, 4)

FULL_BEND = (BendPoint(0.0, 0.0), BendPoint(0.2, 2.0), BendPoint(0.4, 2.0))
WOBBLE = (BendPoint(0.0, 0.0), *(BendPoint(0.05 * i, 0.3 * (-1) ** i) for i in range(1, 8)))

RICH_GUITAR = (
    # Pickup: two quavers.
    Fretted(0, 0, EIGHTH, 3, 0),
    Fretted(0, EIGHTH, EIGHTH, 3, 2, technique(TechniqueKind.HAMMER_ON)),
    # A D chord for two beats, then a quaver triplet with a pull-off, then a bend.
    Fretted(1, 0, 2, 4, 0),
    Fretted(1, 0, 2, 3, 2),
    Fretted(1, 0, 2, 2, 3),
    Fretted(1, 0, 2, 1, 2),
    Fretted(1, 2, THIRD, 2, 5),
    Fretted(1, 2 + THIRD, THIRD, 2, 3, technique(TechniqueKind.PULL_OFF)),
    Fretted(1, 2 + 2 * THIRD, THIRD, 3, 2),
    Fretted(1, 3, 1, 2, 8, technique(TechniqueKind.BEND, 2.0), FULL_BEND),
    # A syncopation across the bar line (tied), a slide, a palm-muted pair, a dead note.
    Fretted(2, 0, Fraction(3, 2), 1, 10, technique(TechniqueKind.VIBRATO), WOBBLE),
    Fretted(2, Fraction(3, 2), EIGHTH, 1, 12, technique(TechniqueKind.SLIDE)),
    Fretted(2, 2, SIXTEENTH, 6, 0, technique(TechniqueKind.PALM_MUTE)),
    Fretted(2, 2 + SIXTEENTH, SIXTEENTH, 6, 0, technique(TechniqueKind.PALM_MUTE)),
    Fretted(2, Fraction(5, 2), EIGHTH, 5, 3, technique(TechniqueKind.DEAD_NOTE)),
    Fretted(2, Fraction(7, 2), Fraction(3, 2), 2, 3, technique(TechniqueKind.LET_RING)),
    # 3/4: dotted rhythm; a note moved up an octave to fit.
    Fretted(3, 1, Fraction(3, 2), 6, 0, octave_shift=1),
    Fretted(3, Fraction(5, 2), EIGHTH, 1, 12, technique(TechniqueKind.HARMONIC)),
    # 6/8: arpeggio; one note that the guitar does not have.
    *(
        Fretted(4, EIGHTH * i, EIGHTH, string, fret)
        for i, (string, fret) in enumerate(((6, 2), (4, 4), (3, 3), (2, 2), (3, 3), (4, 4)))
    ),
    Fretted(4, 0, EIGHTH, None, None),
    # Bar 5 is silent; bar 6 ends with a whole note.
    Fretted(6, 0, 4, 6, 0),
    Fretted(6, 0, 4, 5, 0),
    Fretted(6, 0, 4, 4, 0),
)

RICH_BASS = (
    Fretted(1, 0, 4, 3, 5),
    Fretted(2, 0, 2, 4, 7),
    Fretted(2, 2, 2, 4, 3),
    Fretted(3, 0, 3, 4, 2),
    Fretted(6, 0, 4, 3, 5),
)


def rich_transcription() -> Transcription:
    """Pickup, 4/4, 3/4, 6/8, tempo changes, drop D with capo 2, every technique, ties, triplets, silence."""
    tempo_map = make_tempo_map(RICH_BARS, start_seconds=0.25)
    tracks = (
        make_track('Gitarre <1> & "Ä"', DROP_D, 2, tempo_map, RICH_GUITAR, instrument="acoustic guitar"),
        make_track("Bass", BASS, 0, tempo_map, RICH_BASS, instrument="bass"),
        make_track("Silent", STANDARD, 0, tempo_map, (), instrument="electric guitar"),
    )
    return Transcription(
        source=SourceInfo("Größe <b>& „Liebe“</b> \\ 音楽", 15.25, 44100, "0" * 64, start_seconds=12.5),
        engine="test",
        tempo_map=tempo_map,
        harmony=make_harmony(tempo_map),
        tracks=tracks,
        style=Reasoned("folk", 0.6, ("fingerpicked", "open chords")),
        difficulty=Difficulty(4.5, {"uncommon chords": 0.2, "speed of change": 0.4}, (2, 4), ("a bend",)),
        warnings=("One note lies below the guitar.",),
        stage_seconds={"Listening": 1.0},
        swing_ratio=0.64,
    )


def plain_transcription(
    notes: Sequence[Fretted], bars: Sequence[Bar] = (Bar(),) * 4, **changes: object
) -> Transcription:
    """One standard guitar track with the given notes and no harmony beyond C major."""
    tempo_map = make_tempo_map(bars)
    end = tempo_map.beats[-1].onset_seconds
    key = Key(0, "major", 0.5)
    transcription = Transcription(
        source=SourceInfo("Plain", end, 22050, "ab" * 32),
        engine="test",
        tempo_map=tempo_map,
        harmony=Harmony(key, (KeyRegion(0.0, end, key),), (), "C major", (), None, ()),
        tracks=(make_track("Guitar", STANDARD, 0, tempo_map, notes, instrument="acoustic guitar"),),
        style=Reasoned("unknown", 0.0),
        difficulty=Difficulty(1.0, {}, ()),
    )
    return replace(transcription, **changes)  # type: ignore[arg-type]


def silent_transcription() -> Transcription:
    """A valid empty tab: what a silent recording gives."""
    return plain_transcription(())


def long_transcription(notes: int) -> Transcription:
    """About ``notes`` notes in quavers and chords over as many bars as they need."""
    frets = ((1, 3), (2, 1), (3, 0), (4, 2), (5, 3), (2, 3), (1, 0), (3, 2))
    bars = max(notes // 8, 1)
    return plain_transcription(
        [
            Fretted(1 + index // 8, EIGHTH * (index % 8), EIGHTH, *frets[(index + index // 8) % 8])
            for index in range(bars * 8)
        ],
        (Bar(),) * bars,
    )
