"""Read pitch contours: bends (with height and shape), vibrato, glides in and out.

Bends and slides are told from vibrato by what stays once a vibrato period is averaged away; vibrato by how
much of the remaining swing one sinusoid of 4 to 8 Hz explains in half a second. After Su, Chen, Su and Yang,
"TENT: Technique-Embedded Note Tracking for Real-World Guitar Solo Recordings", TISMIR 2(1), 2019, who learn
such shapes with a network; deviation: closed-form fits, since contours come already extracted.

Many notes are read at once: their contours lie one behind the other on a tape, each with its edge values
repeated on both sides so that running windows never mix two notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

import numpy as np

from genesis_music.score import Note
from genesis_music.tablature.note_columns import FloatColumn, IntColumn

GRID_SECONDS = 0.01
LEVEL_POINTS = 9
"""Median window that removes a detector's jumps between neighbouring contour bins (90 ms)."""
VIBRATO_POINTS = 50
VIBRATO_HOP_POINTS = 10
VIBRATO_HZ = np.arange(4.0, 8.01, 0.5)
VIBRATO_PERIOD_POINTS = 19
"""An averaging window of about one period at the usual 5.3 Hz."""
SLOWEST_PERIOD_POINTS = 25
"""A median over the slowest period keeps the steps of bends and slides and levels out vibrato."""
EDGE_POINTS = SLOWEST_PERIOD_POINTS // 2
NOTES_AT_ONCE = 256
"""Bounds the memory of the running medians."""
GLIDE_POINTS = 25
SHORTEST_SECONDS = 0.07
STEADY_SEMITONES = 0.3
"""A contour that never moves further than this cannot hold any technique: not looked at."""
SMALLEST_BEND_SEMITONES = 0.7
LARGEST_BEND_SEMITONES = 4.5
LARGEST_VIBRATO_SEMITONES = 1.3
STEEPEST_SHARE = 0.75
"""Of a bend's height, the most that 20 ms can bring."""
LARGEST_MISTUNING_SEMITONES = 0.5
JUMP_SEMITONES = 0.9
"""A single step this large from one point to the next is no finger: the detector heard another note there."""

VIBRATO_WEIGHTS = (3.676, 6.659, 3.804, -0.650)
"""Bias and weights of :func:`vibrato_features`, fitted by ``python -m training.techniques``."""


class BendShape(StrEnum):
    """How a bent note is played."""

    BEND = "bend"
    BEND_RELEASE = "bend-release"
    PRE_BEND_RELEASE = "pre-bend-release"


@dataclass(frozen=True, slots=True)
class ContourReading:
    """What one contour shows; confidences 0..1, levels in semitones from the note's pitch.

    ``start_semitones`` and ``end_semitones`` are where it begins and ends; ``arriving_semitones`` and
    ``leaving_semitones`` how much of that is a glide in the first or last quarter second.
    ``vibrato_semitones`` is the amplitude (half of peak to peak).
    """

    bend_confidence: float = 0.0
    bend_semitones: float = 0.0
    bend_shape: BendShape | None = None
    vibrato_confidence: float = 0.0
    vibrato_semitones: float = 0.0
    start_semitones: float = 0.0
    end_semitones: float = 0.0
    arriving_semitones: float = 0.0
    leaving_semitones: float = 0.0


STEADY = ContourReading()


@dataclass(frozen=True)
class _Tape:
    """Contours one behind the other; note i lies at ``start[i]:stop[i]``, its edge values repeated around."""

    semitones: FloatColumn
    start: IntColumn
    stop: IntColumn

    @property
    def room(self) -> IntColumn:
        """Points that each note takes up, edges included."""
        return self.stop - self.start + 2 * EDGE_POINTS

    def running_median(self, points: int) -> FloatColumn:
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(self.semitones, points // 2), points)
        # A partition is several times faster than np.median's general path.
        median: FloatColumn = np.partition(windows, points // 2, axis=1)[:, points // 2]
        return median

    def per_note(self, reduce: np.ufunc, values: FloatColumn) -> FloatColumn:
        """Reduce the values of each note, edges left out."""
        borders = np.stack([self.start, self.stop], axis=1).ravel()
        reduced: FloatColumn = reduce.reduceat(values, borders)[::2]
        return reduced


def read_contours(notes: Sequence[Note]) -> dict[int, ContourReading]:
    """Read the contours of all notes that have any movement, by index into ``notes``."""
    moving = [i for i, note in enumerate(notes) if note.bend and _moves(note)]
    readings: dict[int, ContourReading] = {}
    for first in range(0, len(moving), NOTES_AT_ONCE):
        block = moving[first : first + NOTES_AT_ONCE]
        readings.update(zip(block, _read(_tape([notes[i] for i in block])), strict=True))
    return readings


def _moves(note: Note) -> bool:
    semitones = [point.semitones for point in note.bend]
    return note.duration_seconds >= SHORTEST_SECONDS and max(semitones) - min(semitones) >= STEADY_SEMITONES


def _tape(notes: Sequence[Note]) -> _Tape:
    padded, starts, stops, at = [], [], [], 0
    for note in notes:
        times = np.arange(0.0, note.duration_seconds, GRID_SECONDS)
        offsets = [point.offset_seconds for point in note.bend]
        contour = np.interp(times, offsets, _without_jumps([point.semitones for point in note.bend]))
        padded += [np.full(EDGE_POINTS, contour[0]), contour, np.full(EDGE_POINTS, contour[-1])]
        starts.append(at + EDGE_POINTS)
        stops.append(at + EDGE_POINTS + len(contour))
        at = stops[-1] + EDGE_POINTS
    return _Tape(np.concatenate(padded), np.array(starts), np.array(stops))


def _without_jumps(semitones: Sequence[float]) -> FloatColumn:
    """Close up lone steps between two points, the longer part staying; a fast glide takes several steps."""
    contour = np.array(semitones)
    steps = np.diff(contour)
    if not len(steps) or np.abs(steps).max() < JUMP_SEMITONES:
        return contour
    around = np.abs(np.pad(steps, 1))
    lone = (np.abs(steps) >= JUMP_SEMITONES) & (np.maximum(around[:-2], around[2:]) < np.abs(steps) / 2)
    closed = contour - np.concatenate([[0.0], np.cumsum(np.where(lone, steps, 0.0))])
    shifted: FloatColumn = closed + (np.median(contour) - np.median(closed))
    return shifted


def _read(tape: _Tape) -> list[ContourReading]:
    vibrato_confidence, vibrato_semitones = _vibrato(tape)
    level = tape.running_median(LEVEL_POINTS)
    slow = np.convolve(level, np.full(VIBRATO_PERIOD_POINTS, 1 / VIBRATO_PERIOD_POINTS), "same")
    bends, bends_under_vibrato = _bends(tape, level), _bends(tape, slow)
    columns = (vibrato_confidence, vibrato_semitones, *_glides(tape, level))
    return [
        replace(
            bends_under_vibrato[i] if confidence >= 0.5 else bends[i],
            vibrato_confidence=confidence,
            vibrato_semitones=semitones,
            arriving_semitones=arriving,
            leaving_semitones=leaving,
        )
        for i, (confidence, semitones, arriving, leaving) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]


def _glides(tape: _Tape, level: FloatColumn) -> tuple[FloatColumn, FloatColumn]:
    """How far the first and the last quarter second of each note lie from what is next to them."""
    edge = tape.running_median(3)
    middle = (tape.start + tape.stop) // 2
    arriving = edge[tape.start + 1] - level[np.minimum(middle, tape.start + GLIDE_POINTS)]
    leaving = edge[tape.stop - 2] - level[np.maximum(middle, tape.stop - GLIDE_POINTS)]
    return arriving, leaving


def _bends(tape: _Tape, slow_movement: FloatColumn) -> list[ContourReading]:
    """Bend of each note, from its slow movement."""
    level = slow_movement
    start, end = level[tape.start + 2], level[tape.stop - 3]
    # A string tuned sharp or flat lies off its pitch all the time: bends are measured from where it starts.
    base = np.where(np.abs(start) <= LARGEST_MISTUNING_SEMITONES, start, 0.0)
    level, start, end = level - np.repeat(base, tape.room), start - base, end - base
    height = tape.per_note(np.maximum, level)
    length = tape.stop - tape.start
    noise = tape.per_note(np.add, np.abs(tape.semitones - slow_movement)) / length
    owner = np.repeat(np.arange(len(length)), length)
    inside = np.concatenate([np.arange(a, b) for a, b in zip(tape.start, tape.stop, strict=True)])
    held = np.bincount(owner, weights=level[inside] > 0.8 * height[owner], minlength=len(length))
    bent = (
        (height >= SMALLEST_BEND_SEMITONES)
        & (height - np.minimum(start, end) >= SMALLEST_BEND_SEMITONES)
        & (height <= LARGEST_BEND_SEMITONES)
        & (np.minimum(start, end) > -STEADY_SEMITONES)
        & (_steepest(tape) <= STEEPEST_SHARE * height)
    )
    score = 6.0 * (height - 0.75) - 4.0 * np.maximum(noise - 0.1, 0.0)
    confidence = np.where(bent, _logistic(score) * np.minimum(1.0, held / 8), 0.0)
    columns = (confidence, height, start, end, base)
    return [_bend_reading(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _steepest(tape: _Tape) -> FloatColumn:
    """Largest change within 20 ms in each note: a finger needs longer for a whole bend."""
    edge = tape.running_median(3)
    change = np.abs(edge[2:] - edge[:-2])
    return tape.per_note(np.maximum, np.pad(change, 1))


def _bend_reading(confidence: float, height: float, start: float, end: float, base: float) -> ContourReading:
    return ContourReading(
        bend_confidence=confidence,
        bend_semitones=max(0.5, round(height * 2) / 2) if confidence else 0.0,
        bend_shape=_shape(height, start, end) if confidence else None,
        start_semitones=start + base,
        end_semitones=end + base,
    )


def _shape(height: float, start: float, end: float) -> BendShape:
    if start > 0.6 * height:
        return BendShape.PRE_BEND_RELEASE
    return BendShape.BEND_RELEASE if end <= 0.5 * height else BendShape.BEND


def _vibrato(tape: _Tape) -> tuple[FloatColumn, FloatColumn]:
    """Confidence and amplitude (semitones) of each note's vibrato."""
    features = _vibrato_features(tape)
    confidence = _logistic(VIBRATO_WEIGHTS[0] + features @ np.array(VIBRATO_WEIGHTS[1:]))
    amplitude = 2.0 ** features[:, 1]
    plausible = (features[:, 0] > 0.0) & (amplitude <= LARGEST_VIBRATO_SEMITONES)
    return np.where(plausible, confidence, 0.0), np.where(plausible, amplitude, 0.0)


def vibrato_features(notes: Sequence[Note]) -> FloatColumn:
    """Three cues per note, ``[notes, 3]``, from its clearest half second (zeros where it is shorter).

    Share of the swing that one sinusoid explains (0..1), log2 of its amplitude in semitones, and log2 of the
    number of half seconds that were looked at: among many, one looks like vibrato by chance.
    """
    return _vibrato_features(_tape(notes))


def _vibrato_features(tape: _Tape) -> FloatColumn:
    features = np.zeros((len(tape.start), 3))
    firsts = [
        np.arange(a, b - VIBRATO_POINTS + 1, VIBRATO_HOP_POINTS)
        for a, b in zip(tape.start.tolist(), tape.stop.tolist(), strict=True)
    ]
    count = np.array([len(first) for first in firsts])
    owner = np.repeat(np.arange(len(firsts)), count)
    if not len(owner):
        return features
    swing = tape.semitones - tape.running_median(SLOWEST_PERIOD_POINTS)
    windows = np.lib.stride_tricks.sliding_window_view(swing, VIBRATO_POINTS)[np.concatenate(firsts)]
    share, amplitude = _best_sinusoid(windows)
    rising = np.argsort(share * np.minimum(amplitude, 0.4), kind="stable")
    clearest = np.stack([share, np.log2(amplitude + 1e-3), np.log2(count[owner])], axis=1)
    features[owner[rising]] = clearest[rising]
    return features


def _best_sinusoid(windows: FloatColumn) -> tuple[FloatColumn, FloatColumn]:
    """Share explained (0..1) and amplitude of the best sinusoid in each row of ``[windows, points]``."""
    trend, waves = _vibrato_basis()
    residual = windows - (windows @ trend) @ trend.T
    projected = (residual @ waves).reshape(len(windows), len(VIBRATO_HZ), 2)
    energy = np.sum(np.square(projected), axis=2).max(axis=1)
    total = np.sum(np.square(residual), axis=1) + 1e-9
    amplitude = np.sqrt(2 * energy / VIBRATO_POINTS)
    return energy / total, amplitude


@cache
def _vibrato_basis() -> tuple[FloatColumn, FloatColumn]:
    """Orthonormal linear trend ``[points, 2]``; free of it, a sine pair per rate ``[points, 2 · rates]``."""
    x = np.linspace(-1, 1, VIBRATO_POINTS)
    trend = np.linalg.qr(np.stack([np.ones_like(x), x], axis=1))[0]
    phases = 2 * np.pi * np.outer(VIBRATO_HZ, np.arange(VIBRATO_POINTS) * GRID_SECONDS)
    pairs = np.stack([np.cos(phases), np.sin(phases)], axis=2)
    pairs = pairs - trend @ (trend.T @ pairs)
    return trend, np.concatenate([np.linalg.qr(pair)[0] for pair in pairs], axis=1)


def _logistic(score: FloatColumn) -> FloatColumn:
    probability: FloatColumn = 1.0 / (1.0 + np.exp(-score))
    return probability
