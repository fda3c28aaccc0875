"""Small tabs written out by hand for the tests of this folder."""

from fractions import Fraction

from genesis_music.score import (
    Beat,
    BendPoint,
    Chord,
    Measure,
    Note,
    TabNote,
    TempoMap,
    TimeSignature,
    Track,
    Tuning,
    WrittenTime,
)

STANDARD = Tuning("standard", (64, 59, 55, 50, 45, 40))
COMMON_TIME = TimeSignature(4, 4)


def steady_tempo(bpm: float, measures: int) -> TempoMap:
    """4/4 at a constant tempo from 0 s."""
    beat = 60.0 / bpm
    beats = [Beat(i * beat, 1 + i // 4, 1 + i % 4, Fraction(i)) for i in range(4 * measures + 1)]
    bars = [
        Measure(m + 1, 4 * m * beat, COMMON_TIME, bpm, Fraction(4 * m), Fraction(4)) for m in range(measures)
    ]
    return TempoMap(tuple(beats), tuple(bars))


def tab_note(
    string: int,
    fret: int,
    quarters: Fraction | float,
    length: Fraction | float = 1,
    *,
    bpm: float = 120.0,
    sounding: float | None = None,
    velocity: float = 0.7,
    confidence: float = 0.9,
    bend: tuple[BendPoint, ...] = (),
    tuning: Tuning = STANDARD,
    capo: int = 0,
) -> TabNote:
    """One note at an absolute position; ``sounding``: its length in seconds when not the written one."""
    at, written_length = Fraction(quarters), Fraction(length)
    seconds = 60.0 / bpm
    duration = float(written_length) * seconds if sounding is None else sounding
    pitch = tuning.pitches_midi[string - 1] + capo + fret
    note = Note(float(at) * seconds, duration, pitch, velocity, confidence, bend)
    written = WrittenTime(int(at // 4) + 1, at % 4, written_length)
    return TabNote(f"{quarters}-{string}", note, written, string, fret)


def track_of(notes: list[TabNote], capo: int = 0, tuning: Tuning = STANDARD) -> Track:
    ordered = sorted(notes, key=lambda n: (n.note.onset_seconds, n.note.pitch_midi))
    return Track("guitar", "guitar", tuning, capo, tuple(ordered))


def chord_of(label: str, root: int, quality: str, start: float, end: float) -> Chord:
    return Chord(start, end, root, quality, root, label)
