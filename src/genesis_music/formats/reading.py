"""What all readers share: the score they give back, size limits, and building tracks and tempo maps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from genesis_music.errors import ScoreError
from genesis_music.score import (
    Beat,
    BendPoint,
    Key,
    Measure,
    Note,
    TabNote,
    Technique,
    TempoMap,
    TimeSignature,
    Track,
    Tuning,
    WrittenTime,
)
from genesis_music.tablature.tunings import TUNINGS

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_MEASURES = 20_000
MAX_NOTES = 1_000_000
MAX_NUMERATOR = 64
MAX_FRET = 48
MIN_TEMPO_BPM, MAX_TEMPO_BPM = 3.0, 3000.0
DEFAULT_TEMPO_BPM = 120.0
SHORTEST_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class ImportedScore:
    """A score file in this project's types.

    Notes have exact written times, and ``string`` and ``fret`` where the file says them (else ``None``). A
    tuning without a usual name is ``"custom"``; it is empty and named ``""`` where the file says none.
    Repeats are not played out.
    """

    title: str
    tempo_map: TempoMap
    tracks: tuple[Track, ...]
    key: Key | None = None


def read_limited(path: Path) -> bytes:
    """Read a whole score file.

    Raises:
        ScoreError: it cannot be read, or is larger than any score.
    """
    try:
        if path.exists() and not path.is_file():
            raise ScoreError(f"{path} is no file: give a score file.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ScoreError(f"{path.name} is larger than {MAX_FILE_BYTES // 2**20} MB: that is no score.")
        return path.read_bytes()
    except OSError as error:
        raise ScoreError(f"Cannot read {path}: {error.strerror or error}.") from error


def named_tuning(pitches_midi: tuple[int, ...]) -> Tuning:
    """Return the tuning of these open strings, string 1 first, by its usual name, else as ``"custom"``."""
    known = (tuning for tuning in TUNINGS.values() if tuning.pitches_midi == pitches_midi)
    return next(known, Tuning("custom", pitches_midi))


# ---------------------------------------------------------------- time


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From ``start_quarters`` on, ``tempo_bpm`` quarter notes per minute."""

    start_quarters: Fraction
    tempo_bpm: float


class TempoCurve:
    """Exact seconds of written positions under a list of tempo changes; 0 quarters are 0 seconds."""

    def __init__(self, changes: Iterable[TempoChange]) -> None:
        latest = {Fraction(0): DEFAULT_TEMPO_BPM}
        for change in changes:
            latest[max(change.start_quarters, Fraction(0))] = change.tempo_bpm
        self._starts = sorted(latest)
        self._tempi = [min(max(latest[start], MIN_TEMPO_BPM), MAX_TEMPO_BPM) for start in self._starts]
        self._seconds = [0.0]
        for index, start in enumerate(self._starts[1:]):
            length = float(start - self._starts[index])
            self._seconds.append(self._seconds[-1] + length * 60 / self._tempi[index])

    def seconds_at(self, quarters: Fraction) -> float:
        """Time of a written position in seconds."""
        index = max(bisect_right(self._starts, quarters) - 1, 0)
        return self._seconds[index] + float(quarters - self._starts[index]) * 60 / self._tempi[index]


@dataclass(frozen=True, slots=True)
class Bar:
    """One measure as a file gives it."""

    signature: TimeSignature
    length_quarters: Fraction


def build_tempo_map(bars: Sequence[Bar], curve: TempoCurve) -> TempoMap:
    """Lay out measures and felt beats; a first bar shorter than its signature or the second bar is a pickup.

    Raises:
        ValueError: no bars, or more than any piece has.
    """
    if not 0 < len(bars) <= MAX_MEASURES:
        raise ValueError(f"{len(bars)} measures")
    number = 0 if _starts_with_pickup(bars) else 1
    beats: list[Beat] = []
    measures: list[Measure] = []
    start = Fraction(0)
    for number_here, bar in enumerate(bars, start=number):
        end = start + bar.length_quarters
        seconds = curve.seconds_at(end) - curve.seconds_at(start)
        tempo = 60 * float(bar.length_quarters) / seconds
        measures.append(
            Measure(number_here, curve.seconds_at(start), bar.signature, tempo, start, bar.length_quarters)
        )
        beats += _beats(bar, number_here, start, curve)
        start = end
    beats.append(Beat(curve.seconds_at(start), number + len(bars), 1, start))
    return TempoMap(tuple(beats), tuple(measures))


def _starts_with_pickup(bars: Sequence[Bar]) -> bool:
    first = bars[0].length_quarters
    return first < bars[0].signature.measure_quarters or (len(bars) > 1 and first < bars[1].length_quarters)


def _beats(bar: Bar, number: int, start: Fraction, curve: TempoCurve) -> list[Beat]:
    step = bar.signature.beat_quarters
    count = int(-(-bar.length_quarters // step))
    return [
        Beat(curve.seconds_at(start + index * step), number, index + 1, start + index * step)
        for index in range(count)
    ]


# ---------------------------------------------------------------- notes


@dataclass(frozen=True, slots=True)
class ReadNote:
    """One sounding note as a file gives it, ties joined; positions are absolute."""

    start_quarters: Fraction
    length_quarters: Fraction
    pitch_midi: int
    velocity: float = 0.7
    string: int | None = None
    fret: int | None = None
    techniques: tuple[Technique, ...] = ()
    bend: tuple[BendPoint, ...] = ()


def build_notes(
    notes: Iterable[ReadNote], tempo_map: TempoMap, curve: TempoCurve, id_prefix: str
) -> tuple[TabNote, ...]:
    """Place notes in their measures and in time, in the order of a track.

    Raises:
        ValueError: more notes than any piece has.
    """
    ordered = sorted(notes, key=lambda note: (note.start_quarters, note.pitch_midi, -(note.string or 0)))
    if len(ordered) > MAX_NOTES:
        raise ValueError(f"{len(ordered)} notes")
    starts = [measure.start_quarters for measure in tempo_map.measures]
    built = []
    for index, note in enumerate(ordered):
        measure = tempo_map.measures[max(bisect_right(starts, note.start_quarters) - 1, 0)]
        onset = curve.seconds_at(note.start_quarters)
        duration = max(curve.seconds_at(note.start_quarters + note.length_quarters) - onset, SHORTEST_SECONDS)
        position = note.start_quarters - measure.start_quarters
        built.append(
            TabNote(
                f"{id_prefix}-{index + 1}",
                Note(onset, duration, note.pitch_midi, note.velocity, 1.0, note.bend),
                WrittenTime(measure.number, position, note.length_quarters),
                note.string,
                note.fret,
                0,
                note.techniques,
            )
        )
    return tuple(built)
