"""A player who performs a written rhythm like a human, heard by a beat tracker that errs a little."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from random import Random

from genesis_music.score import Beat, Measure, Note, TempoMap, TimeSignature, WrittenTime


@dataclass(frozen=True, slots=True)
class Human:
    """How a performance departs from the page."""

    onset_sigma_ms: float = 15.0
    drift: float = 0.01
    """Standard deviation of the step of the tempo's random walk, as a share of the tempo, per beat."""
    strum_ms: float = 40.0
    """Largest spread of a strummed chord of six strings."""
    beat_error_ms: float = 15.0
    """Largest error of the tracked beats."""
    lateness_ms: float = 15.0
    """Largest constant lead or lag of the notes against the tracked beats."""
    held: tuple[float, float] = (0.85, 1.03)
    """Range of the share of its written length that a note sounds."""


@dataclass(frozen=True, slots=True)
class WrittenEvent:
    """A chord on the page: ``start`` from the beginning of the piece and ``length``, in quarter notes."""

    start: Fraction
    length: Fraction
    pitches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Performance:
    """A performance with what should be written for it."""

    notes: tuple[Note, ...]
    written: tuple[WrittenTime, ...]
    tempo_map: TempoMap


def perform(
    events: Sequence[WrittenEvent],
    signatures: Sequence[TimeSignature],
    tempo_bpm: float,
    human: Human,
    rng: Random,
    swing_ratio: float = 0.5,
) -> Performance:
    """Play events in measures of the given signatures, off-beat eighths at ``swing_ratio`` of the beat."""
    places = _felt_beats(signatures)
    quarters = [place.quarters for place in places]
    true_seconds = _beat_seconds(quarters, tempo_bpm, human, rng)
    true_map = TempoMap(_retimed(places, true_seconds), _measures(signatures, true_seconds, places))
    lateness = rng.uniform(-1, 1) * human.lateness_ms / 1000
    heard_seconds = [t - lateness + rng.uniform(-1, 1) * human.beat_error_ms / 1000 for t in true_seconds]
    heard_map = TempoMap(_retimed(places, heard_seconds), _measures(signatures, heard_seconds, places))
    notes: list[tuple[Note, WrittenTime]] = []
    for event in events:
        onset = true_map.seconds_at(_swung(event.start, swing_ratio)) + rng.gauss(
            0, human.onset_sigma_ms / 1000
        )
        end = true_map.seconds_at(_swung(event.start + event.length, swing_ratio))
        measure = true_map.measure_at(event.start)
        written = WrittenTime(measure.number, event.start - measure.start_quarters, event.length)
        notes += [(note, written) for note in _strike(event.pitches, onset, end, human, rng)]
    notes.sort(key=lambda pair: pair[0].onset_seconds)
    return Performance(tuple(n for n, _ in notes), tuple(w for _, w in notes), heard_map)


def _swung(quarters: Fraction, ratio: float) -> float:
    return float(quarters - Fraction(1, 2)) + ratio if quarters % 1 == Fraction(1, 2) else float(quarters)


def _felt_beats(signatures: Sequence[TimeSignature]) -> list[Beat]:
    places: list[Beat] = []
    start = Fraction(0)
    for number, signature in enumerate(signatures, 1):
        places += [
            Beat(0.0, number, beat + 1, start + beat * signature.beat_quarters)
            for beat in range(signature.beats_per_measure)
        ]
        start += signature.measure_quarters
    return [*places, Beat(0.0, len(signatures) + 1, 1, start)]


def _beat_seconds(quarters: Sequence[Fraction], tempo_bpm: float, human: Human, rng: Random) -> list[float]:
    """The tempo wanders and is drawn back to where it was."""
    seconds, factor = [1.0], 1.0
    for before, after in pairwise(quarters):
        seconds.append(seconds[-1] + factor * 60 / tempo_bpm * float(after - before))
        factor = 1 + 0.9 * (factor * math.exp(rng.gauss(0, human.drift)) - 1)
    return seconds


def _retimed(beats: Sequence[Beat], seconds: Sequence[float]) -> tuple[Beat, ...]:
    return tuple(
        Beat(time, beat.measure, beat.beat, beat.quarters) for beat, time in zip(beats, seconds, strict=True)
    )


def _measures(
    signatures: Sequence[TimeSignature], seconds: Sequence[float], beats: Sequence[Beat]
) -> tuple[Measure, ...]:
    onsets = [(beat.quarters, time) for beat, time in zip(beats, seconds, strict=True) if beat.beat == 1]
    measures = []
    for number, signature in enumerate(signatures):
        (start, onset), (end, next_onset) = onsets[number], onsets[number + 1]
        bpm = 60 * float(end - start) / (next_onset - onset)
        measures.append(Measure(number + 1, onset, signature, bpm, start, end - start))
    return tuple(measures)


def _strike(pitches: tuple[int, ...], onset: float, end: float, human: Human, rng: Random) -> list[Note]:
    """A chord is strummed up or down; its notes stop a little early or late."""
    gaps = max(len(pitches) - 1, 1)
    spread = rng.uniform(0, human.strum_ms / 1000) * (len(pitches) - 1) / 5
    order = pitches if rng.random() < 0.7 else pitches[::-1]
    notes = []
    for index, pitch in enumerate(order):
        start = max(onset + spread * (index / gaps - 1 / 3), 0.0)
        notes.append(Note(start, max(rng.uniform(*human.held) * (end - start), 0.03), pitch))
    return notes
