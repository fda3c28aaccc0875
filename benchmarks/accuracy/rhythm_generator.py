"""Pieces whose written rhythm is known, and a player who performs them like a human.

Nothing here is taken from a real piece: rhythms are drawn from the cells of each style.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from genesis_music.score import Beat, Measure, Note, TempoMap, TimeSignature, WrittenTime

STYLES = ("eighths", "sixteenths", "triplets", "swing", "syncopated", "mixed")

_QUARTERS = ("4", "4", "4r")
_EIGHTHS = ("8 8", "8 8", "4", "8r 8", "8 8r")
_SIXTEENTHS = ("16 16 16 16", "8 16 16", "16 16 8", "8. 16", "16 8 16", "8 8", "4", "16r 16 16 16")
_TRIPLETS = ("8t 8t 8t", "8t 8t 8t", "4t 8t", "8t 4t", "8tr 8t 8t")
_CELLS = {
    "eighths": _EIGHTHS + _QUARTERS,
    "sixteenths": _SIXTEENTHS,
    "triplets": (*_TRIPLETS, "4", "8 8"),
    "swing": ("8 8", "8 8", "8 8", "4", "8r 8", "8t 8t 8t"),
    "syncopated": ("8 4 8", "4. 8", "8r 4 8", "8. 8. 8", "16 8 16", "8r 8", "8 8", "16 8.", "4 8r 8", "8 4."),
    "mixed": _EIGHTHS + _SIXTEENTHS + _TRIPLETS[:1] + _QUARTERS,
}
_COMPOUND_CELLS = ("8 8 8", "4 8", "4.", "8 4", "8r 8 8", "16 16 8 8", "8 16 16 8", "4 8r")
_LENGTHS = {
    "4.": Fraction(3, 2),
    "4": Fraction(1),
    "8.": Fraction(3, 4),
    "8": Fraction(1, 2),
    "16": Fraction(1, 4),
    "4t": Fraction(2, 3),
    "8t": Fraction(1, 3),
}


@dataclass(frozen=True, slots=True)
class Human:
    """How a performance departs from the page (milliseconds unless said otherwise)."""

    onset_sigma_ms: float = 15.0
    drift: float = 0.01
    """Standard deviation of the step of the tempo's random walk, as a share of the tempo, per beat."""
    strum_ms: float = 40.0
    """Largest spread of a strummed chord."""
    beat_error_ms: float = 15.0
    """Largest error of the tracked beats."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A performance with what should be written for it."""

    notes: tuple[Note, ...]
    written: tuple[WrittenTime, ...]
    tempo_map: TempoMap
    swing_ratio: float


@dataclass(frozen=True, slots=True)
class _Event:
    start: Fraction
    length: Fraction
    pitches: tuple[int, ...]


def generate(style: str, seed: int, human: Human, measures: int = 16) -> Piece:
    """Make one piece of a style; the same seed gives the same piece."""
    rng = Random(f"{style}-{seed}")
    compound = style in ("eighths", "syncopated") and rng.random() < 0.2
    signature = TimeSignature(6, 8) if compound else TimeSignature(rng.choice((4, 4, 4, 3, 2)), 4)
    cells = _COMPOUND_CELLS if compound else _CELLS[style]
    events = _events(rng, signature, cells, measures)
    tempo_bpm = rng.uniform(70, 110 if style in ("sixteenths", "mixed") else 160)
    ratio = rng.uniform(0.6, 0.68) if style == "swing" else 0.5
    return _perform(events, signature, measures, tempo_bpm, ratio, human, rng)


def _events(rng: Random, signature: TimeSignature, cells: tuple[str, ...], measures: int) -> list[_Event]:
    """Draw one to four measures, repeat them with changes, and give them pitches."""
    pattern = [_draw_measure(rng, signature, cells) for _ in range(rng.choice((1, 2, 4)))]
    chordal = rng.random()
    events = []
    for number in range(measures):
        repeats = rng.random() < 0.6
        symbols = pattern[number % len(pattern)] if repeats else _draw_measure(rng, signature, cells)
        position = number * signature.measure_quarters
        for symbol in symbols:
            length = _length(symbol)
            if not symbol.endswith("r"):
                events.append(_Event(position, length, _pitches(rng, chordal)))
            position += length
    return events


def _draw_measure(rng: Random, signature: TimeSignature, cells: tuple[str, ...]) -> list[str]:
    symbols: list[str] = []
    left = signature.measure_quarters
    while left:
        fitting = [cell for cell in cells if sum(map(_length, cell.split())) <= left]
        drawn = rng.choice(fitting).split()
        left -= sum(map(_length, drawn))
        symbols += drawn
    return symbols


def _length(symbol: str) -> Fraction:
    return _LENGTHS[symbol.removesuffix("r")]


def _pitches(rng: Random, chordal: float) -> tuple[int, ...]:
    size = rng.choice((2, 3, 4, 6)) if rng.random() < chordal else 1
    lowest = rng.randrange(40, 62)
    return tuple(lowest + 4 * i for i in range(size))


def _perform(
    events: list[_Event],
    signature: TimeSignature,
    measures: int,
    tempo_bpm: float,
    ratio: float,
    human: Human,
    rng: Random,
) -> Piece:
    beat = signature.beat_quarters
    count = signature.beats_per_measure * measures
    true_beats = _beat_times(count + 1, 60 / tempo_bpm * float(beat), human, rng)

    def seconds(quarters: Fraction) -> float:
        place = float(quarters / beat)
        index = min(int(place), count - 1)
        phase = place - index
        if quarters % beat == Fraction(1, 2) and signature.denominator == 4:
            phase = ratio
        return true_beats[index] + phase * (true_beats[index + 1] - true_beats[index])

    notes: list[tuple[Note, WrittenTime]] = []
    for event in events:
        onset = seconds(event.start) + rng.gauss(0, human.onset_sigma_ms / 1000)
        end = seconds(event.start + event.length)
        notes += _strike(event, onset, end, signature, human, rng)
    tracked = [t + rng.uniform(-1, 1) * human.beat_error_ms / 1000 for t in true_beats]
    tempo_map = _tempo_map(tracked, signature, measures)
    notes.sort(key=lambda pair: pair[0].onset_seconds)
    return Piece(tuple(n for n, _ in notes), tuple(w for _, w in notes), tempo_map, ratio)


def _beat_times(count: int, seconds: float, human: Human, rng: Random) -> list[float]:
    times, period = [1.0], seconds
    for _ in range(count):
        times.append(times[-1] + period)
        period *= math.exp(rng.gauss(0, human.drift))
        period += 0.1 * (seconds - period)
    return times


def _strike(
    event: _Event, onset: float, end: float, signature: TimeSignature, human: Human, rng: Random
) -> list[tuple[Note, WrittenTime]]:
    """A chord is strummed up or down; every note is held for most of its value, some a little over."""
    measure = int(event.start / signature.measure_quarters)
    position = event.start - measure * signature.measure_quarters
    written = WrittenTime(measure + 1, position, event.length)
    size = len(event.pitches)
    spread = rng.uniform(0, human.strum_ms / 1000) * (size - 1) / 5
    order = event.pitches if rng.random() < 0.7 else event.pitches[::-1]
    struck = []
    for index, pitch in enumerate(order):
        start = max(onset + spread * index / max(size - 1, 1) - spread / 3, 0.0)
        held = rng.uniform(0.85, 1.03) * (end - start)
        struck.append((Note(start, max(held, 0.03), pitch), written))
    return struck


def _tempo_map(beat_seconds: list[float], signature: TimeSignature, measures: int) -> TempoMap:
    per_measure, beat = signature.beats_per_measure, signature.beat_quarters
    beats = tuple(
        Beat(seconds, index // per_measure + 1, index % per_measure + 1, index * beat)
        for index, seconds in enumerate(beat_seconds)
    )
    written = []
    for number in range(measures):
        first, last = beats[number * per_measure], beats[(number + 1) * per_measure]
        length = signature.measure_quarters
        bpm = 60 * float(length) / (last.onset_seconds - first.onset_seconds)
        written.append(Measure(number + 1, first.onset_seconds, signature, bpm, number * length, length))
    return TempoMap(beats, tuple(written))
