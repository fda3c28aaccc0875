"""Measures of written rhythm: how near to the performance, how right, how readable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from genesis_music.rhythm.notation import WrittenMeasure
from genesis_music.score import Note, TempoMap, WrittenTime


@dataclass(frozen=True, slots=True)
class WrittenAccuracy:
    """Shares (0..1) of notes whose written position, and position and length, are exactly the reference's."""

    position: float
    position_and_length: float


@dataclass(frozen=True, slots=True)
class Closeness:
    """Performed against written onsets.

    ``lateness_ms`` is the median (positive: played after the beat); ``mean_ms`` the mean distance from it and
    ``within_30_ms`` the share (0..1) at most 30 ms away from it.
    """

    lateness_ms: float
    mean_ms: float
    within_30_ms: float


@dataclass(frozen=True, slots=True)
class Readability:
    """Per measure, means: different note values, tied noteheads, beats (rests included)."""

    values: float
    ties: float
    beats: float


def written_accuracy(reference: Sequence[WrittenTime], estimated: Sequence[WrittenTime]) -> WrittenAccuracy:
    """Compare written times of the same notes in the same order; at least one note."""
    pairs = list(zip(reference, estimated, strict=True))
    placed = [_place(r) == _place(e) for r, e in pairs]
    exact = [
        same and r.length_quarters == e.length_quarters for same, (r, e) in zip(placed, pairs, strict=True)
    ]
    return WrittenAccuracy(fmean(placed), fmean(exact))


def closeness(notes: Sequence[Note], written: Sequence[WrittenTime], tempo_map: TempoMap) -> Closeness:
    """Measure how far written onsets lie from performed ones; at least one note."""
    starts = {measure.number: measure.start_quarters for measure in tempo_map.measures}
    delays_ms = [
        1000 * (note.onset_seconds - tempo_map.seconds_at(float(starts[w.measure] + w.position_quarters)))
        for note, w in zip(notes, written, strict=True)
    ]
    lateness_ms = median(delays_ms)
    uneven_ms = [abs(delay - lateness_ms) for delay in delays_ms]
    return Closeness(lateness_ms, fmean(uneven_ms), fmean(distance <= 30 for distance in uneven_ms))


def chords_kept(notes: Sequence[Note], written: Sequence[WrittenTime], window_seconds: float = 0.03) -> float:
    """Share (0..1) of neighbouring onsets within the window that share their written place; 1 if none."""
    order = sorted(range(len(notes)), key=lambda i: notes[i].onset_seconds)
    together = [
        _place(written[i]) == _place(written[j])
        for i, j in pairwise(order)
        if notes[j].onset_seconds - notes[i].onset_seconds <= window_seconds
    ]
    return fmean(together) if together else 1.0


def readability(measures: Sequence[WrittenMeasure]) -> Readability:
    """Measure how busy the printed page is; measures that are nothing but rests do not count."""
    busy = [measure.beats for measure in measures if not all(beat.is_rest for beat in measure.beats)]
    if not busy:
        return Readability(0.0, 0.0, 0.0)
    return Readability(
        fmean(len({beat.value for beat in beats}) for beats in busy),
        fmean(sum(note.tie_from for beat in beats for note in beat.notes) for beats in busy),
        fmean(len(beats) for beats in busy),
    )


def _place(written: WrittenTime) -> tuple[int, object]:
    return written.measure, written.position_quarters
