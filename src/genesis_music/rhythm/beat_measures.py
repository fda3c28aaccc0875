"""Decoded beats → a tempo map: steady beat times, measures, time signatures, a pickup."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Beat, Measure, TempoMap, TimeSignature

Times = NDArray[np.float64]

_SMOOTHING_BEATS = 4
"""Beats to either side that a beat's time is fitted to."""
_TREND_BEATS = 4
"""Beats at either end that say how fast the piece goes on beyond it."""


@dataclass(frozen=True)
class BarredBeats:
    """Felt beats in seconds, each with its number in the bar (from 1) and that bar's signature."""

    seconds: Times
    numbers: NDArray[np.int64]
    signatures: tuple[TimeSignature, ...]


def smooth_beat_times(seconds: Times) -> Times:
    """Fit each beat to a parabola through its neighbours (Savitzky & Golay 1964), so that an even pulse comes
    out even and a steady accelerando stays one; fewer neighbours at the ends.
    """
    smooth = np.empty_like(seconds)
    count = len(seconds)
    for reach, inside in _windows(count):
        weights = _centre_weights(reach)
        fitted = np.convolve(seconds, weights[::-1], mode="valid")
        smooth[inside] = fitted[inside - reach]
    return smooth


def _windows(count: int) -> list[tuple[int, NDArray[np.int64]]]:
    """Half widths, each with the indices that have just that many neighbours (up to the most)."""
    index = np.arange(count)
    reach = np.minimum(np.minimum(index, count - 1 - index), _SMOOTHING_BEATS)
    return [(int(r), np.flatnonzero(reach == r)) for r in np.unique(reach)]


def _centre_weights(reach: int) -> Times:
    """Weights of the least-squares parabola over ``-reach..reach``, evaluated in the middle."""
    if reach < 2:
        return np.asarray(np.eye(2 * reach + 1)[reach], np.float64)
    offsets = np.arange(-reach, reach + 1)
    return np.asarray(np.linalg.pinv(np.vander(offsets, 3))[2], np.float64)


def extend_beats(beats: BarredBeats, first_onset_seconds: float, end_seconds: float) -> BarredBeats:
    """Fit beats to the notes: from the one at or before the first onset to the end of the bar that holds
    ``end_seconds``, carrying the pulse on where needed. Without any downbeat in between, the first beat is one.
    """
    seconds, numbers, signatures = list(beats.seconds), list(beats.numbers), list(beats.signatures)
    before, after = _end_periods(beats.seconds)
    while seconds[0] > first_onset_seconds:
        seconds.insert(0, seconds[0] - before)
        numbers.insert(0, numbers[0] - 1 if numbers[0] > 1 else signatures[0].beats_per_measure)
        signatures.insert(0, signatures[0])
    start = max(0, int(np.searchsorted(seconds, first_onset_seconds, side="right")) - 1)
    stop = max(start + 2, int(np.searchsorted(seconds, end_seconds)))
    seconds, numbers, signatures = seconds[start:stop], numbers[start:stop], signatures[start:stop]
    if 1 not in numbers:
        numbers = [number - numbers[0] + 1 for number in numbers]
    # A tempo map goes on after its last beat as fast as before it, which may be faster than usual.
    last = min([after, *np.diff(seconds[-2:])])
    while seconds[-1] + last < end_seconds or numbers[-1] < signatures[-1].beats_per_measure:
        seconds.append(seconds[-1] + after)
        last = after
        numbers.append(numbers[-1] % signatures[-1].beats_per_measure + 1)
        signatures.append(signatures[-1])
    return BarredBeats(np.array(seconds), np.array(numbers), tuple(signatures))


def _end_periods(seconds: Times) -> tuple[float, float]:
    """Median beat lengths at the start and at the end."""
    lengths = np.diff(seconds)
    return float(np.median(lengths[:_TREND_BEATS])), float(np.median(lengths[-_TREND_BEATS:]))


def build_tempo_map(beats: BarredBeats, confidence: float) -> TempoMap:
    """Number the measures (0 for a pickup) and give each its tempo.

    Args:
        beats: at least two, the last bar complete; beat numbers count up and wrap at the bar's length.
        confidence: 0..1.

    Returns:
        A map whose pickup beats keep the numbers that a musician counts (the last is the bar's last), so
        beat 1 is always a downbeat.
    """
    starts = np.flatnonzero(beats.numbers == 1)
    if starts[0] != 0:
        starts = np.concatenate([[0], starts])
    first_number = 1 if beats.numbers[0] == 1 else 0
    closing = beats.seconds[-1] + _end_periods(beats.seconds)[1]
    edges = np.append(beats.seconds, closing)
    stops = np.append(starts[1:], len(beats.seconds))
    found: list[Beat] = []
    measures: list[Measure] = []
    quarters = Fraction(0)
    for number, (start, stop) in enumerate(zip(starts, stops, strict=True), first_number):
        signature = beats.signatures[start]
        length = (int(stop) - int(start)) * signature.beat_quarters
        seconds = float(edges[stop] - edges[start])
        tempo = 60 * float(length) / seconds
        measures.append(Measure(number, float(edges[start]), signature, tempo, quarters, length))
        for index in range(start, stop):
            position = quarters + (index - int(start)) * signature.beat_quarters
            found.append(Beat(float(edges[index]), number, int(beats.numbers[index]), position))
        quarters += length
    return TempoMap(tuple(found), tuple(measures), confidence)
