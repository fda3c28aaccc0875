"""Read one note's pitch contour: bend (with its height and shape), vibrato, glides in and out.

Bends and slides are told from vibrato by what stays once a vibrato period is averaged away; vibrato by how
much of the detrended contour one sinusoid of 4 to 8 Hz explains in a half-second window. After Su, Chen, Su
and Yang, "TENT: Technique-Embedded Note Tracking for Real-World Guitar Solo Recordings", TISMIR 2(1), 2019,
who learn such shapes with a network; deviation: closed-form fits, since contours come already extracted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import exp

import numpy as np

from genesis_music.score import Note
from genesis_music.tablature.note_columns import FloatColumn

GRID_SECONDS = 0.01
LEVEL_POINTS = 9
"""Median window that removes a detector's jumps between neighbouring contour bins (90 ms)."""
EDGE_POINTS = 5
"""Start and end levels are medians over this many points (50 ms)."""
VIBRATO_POINTS = 50
VIBRATO_HOP_POINTS = 10
VIBRATO_HZ = np.arange(4.0, 8.01, 0.5)
VIBRATO_PERIOD_POINTS = 19
"""An averaging window of about one period at the usual 5.3 Hz."""
SLOWEST_PERIOD_POINTS = 25
"""A median over the slowest period keeps the steps of bends and slides and levels out vibrato."""
STEADY_SEMITONES = 0.3
"""A contour that never moves further than this cannot hold any technique: not looked at."""
SMALLEST_BEND_SEMITONES = 0.7
LARGEST_BEND_SEMITONES = 4.5


class BendShape(StrEnum):
    """How a bent note is played."""

    BEND = "bend"
    BEND_RELEASE = "bend-release"
    PRE_BEND_RELEASE = "pre-bend-release"


@dataclass(frozen=True, slots=True)
class ContourReading:
    """What one contour shows; confidences 0..1, levels in semitones from the note's pitch.

    ``start_semitones`` and ``end_semitones`` tell glides from and to a neighbour. ``vibrato_semitones`` is
    the amplitude (half of peak to peak).
    """

    bend_confidence: float = 0.0
    bend_semitones: float = 0.0
    bend_shape: BendShape | None = None
    vibrato_confidence: float = 0.0
    vibrato_semitones: float = 0.0
    start_semitones: float = 0.0
    end_semitones: float = 0.0


STEADY = ContourReading()


def read_contour(note: Note) -> ContourReading:
    """Read a note's contour; :data:`STEADY` for one without movement or shorter than 70 ms."""
    semitones = [point.semitones for point in note.bend]
    if len(semitones) < 2 or max(semitones) - min(semitones) < STEADY_SEMITONES:
        return STEADY
    contour = _on_grid(note)
    if len(contour) < LEVEL_POINTS - 2:
        return STEADY
    vibrato_confidence, vibrato_semitones = _vibrato(contour)
    level = _level(contour, with_vibrato=vibrato_confidence >= 0.5)
    return _with_bend(contour, level, vibrato_confidence, vibrato_semitones)


def _on_grid(note: Note) -> FloatColumn:
    times = np.arange(0.0, note.duration_seconds, GRID_SECONDS)
    offsets = [point.offset_seconds for point in note.bend]
    contour: FloatColumn = np.interp(times, offsets, [point.semitones for point in note.bend])
    return contour


def _level(contour: FloatColumn, *, with_vibrato: bool) -> FloatColumn:
    """Slow movement: a running median, and a running mean over a vibrato period where there is one."""
    level = _running_median(contour, LEVEL_POINTS)
    if with_vibrato:
        half = VIBRATO_PERIOD_POINTS // 2
        padded = np.pad(level, half, mode="edge")
        level = np.convolve(padded, np.full(VIBRATO_PERIOD_POINTS, 1 / VIBRATO_PERIOD_POINTS), "valid")
    return level


def _running_median(values: FloatColumn, points: int) -> FloatColumn:
    padded = np.pad(values, points // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, points)
    # A partition of nine columns is several times faster than np.median's general path.
    median: FloatColumn = np.partition(windows, points // 2, axis=1)[:, points // 2]
    return median


def _with_bend(
    contour: FloatColumn, level: FloatColumn, vibrato_confidence: float, vibrato_semitones: float
) -> ContourReading:
    start, end = float(np.median(level[:EDGE_POINTS])), float(np.median(level[-EDGE_POINTS:]))
    peak_index = int(np.argmax(level))
    peak = float(level[peak_index])
    rise, fall = peak - start, peak - end
    height = peak if max(rise, fall) >= SMALLEST_BEND_SEMITONES else 0.0
    noise = float(np.mean(np.abs(contour - level)))
    confidence = 0.0
    if SMALLEST_BEND_SEMITONES <= height <= LARGEST_BEND_SEMITONES and min(start, end) > -0.5:
        held_points = int(np.count_nonzero(level > 0.8 * height))
        confidence = _logistic(6.0 * (height - 0.75) - 4.0 * max(noise - 0.1, 0.0)) * min(
            1.0, held_points / 8
        )
    return ContourReading(
        bend_confidence=confidence,
        bend_semitones=max(0.5, round(height * 2) / 2) if confidence else 0.0,
        bend_shape=_shape(rise, fall, height) if confidence else None,
        vibrato_confidence=vibrato_confidence,
        vibrato_semitones=vibrato_semitones,
        start_semitones=start,
        end_semitones=end,
    )


def _shape(rise: float, fall: float, height: float) -> BendShape:
    if rise < 0.4 * height:
        return BendShape.PRE_BEND_RELEASE
    return BendShape.BEND_RELEASE if fall >= 0.5 * height else BendShape.BEND


def _vibrato(contour: FloatColumn) -> tuple[float, float]:
    """Confidence and amplitude (semitones) of the clearest half second."""
    if len(contour) < VIBRATO_POINTS:
        return 0.0, 0.0
    swing = contour - _running_median(contour, SLOWEST_PERIOD_POINTS)
    windows = np.lib.stride_tricks.sliding_window_view(swing, VIBRATO_POINTS)[::VIBRATO_HOP_POINTS]
    trend, waves = _vibrato_basis()
    residual = windows - (windows @ trend) @ trend.T
    energy = np.sum(np.square(np.einsum("wp,fpk->wfk", residual, waves)), axis=2).max(axis=1)
    total = np.sum(np.square(residual), axis=1) + 1e-9
    amplitude = np.sqrt(2 * energy / VIBRATO_POINTS)
    score = 12.0 * (energy / total - 0.5) + 12.0 * (np.minimum(amplitude, 0.35) - 0.15)
    score[amplitude > 1.3] = -10.0
    best = int(np.argmax(score))
    return _logistic(float(score[best])), float(amplitude[best])


@cache
def _vibrato_basis() -> tuple[FloatColumn, FloatColumn]:
    """Orthonormal linear trend ``[points, 2]``; free of it, a sine pair per rate ``[rates, points, 2]``."""
    x = np.linspace(-1, 1, VIBRATO_POINTS)
    trend = np.linalg.qr(np.stack([x**k for k in range(2)], axis=1))[0]
    phases = 2 * np.pi * np.outer(VIBRATO_HZ, np.arange(VIBRATO_POINTS) * GRID_SECONDS)
    pairs = np.stack([np.cos(phases), np.sin(phases)], axis=2)
    pairs = pairs - trend @ (trend.T @ pairs)
    return trend, np.stack([np.linalg.qr(pair)[0] for pair in pairs])


def _logistic(score: float) -> float:
    return 1.0 / (1.0 + exp(-score))
