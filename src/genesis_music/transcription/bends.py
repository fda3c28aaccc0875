"""The pitch of a note over time: bends and vibrato, from the contour activation.

A note's path starts at its pitch and moves by at most one contour bin (a third of a semitone) per frame to
the strongest neighbour. A string that is bent is followed so, past the frame at which its first pitch fades; a
hammer-on or a slide from fret to fret is not, because it jumps over the bins between.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from genesis_music.score import BendPoint, Note
from genesis_music.transcription.engine import ActivationFormat, FloatArray
from genesis_music.transcription.windows import IntArray

LARGEST_BEND_SEMITONES = 3
SMALLEST_BEND_SEMITONES = 0.35
"""A contour that stays within this range is a steady note; a quarter-tone bend is more."""
LOST_CONTOUR = 0.15
LOST_SECONDS = 0.035
"""A path ends when its contour stays below ``LOST_CONTOUR`` for this long; until then it stays where it is."""
SMOOTHING_FRAMES = 3
"""Paths are smoothed by the median of three frames."""
ABSORBED_BEFORE_SECONDS, ABSORBED_AFTER_SECONDS = 0.12, 0.06
"""A note that seems to begin while a bend passes its pitch, within this time, is that bend."""


def away_from_pitch(contour: FloatArray, format: ActivationFormat) -> tuple[FloatArray, FloatArray]:
    """Whether the contour is stronger beside a pitch than at it, ``[frames, pitches]`` of 0 and 1, twice.

    First by one bin or more, then by two bins, i.e. more than half a semitone with three bins to one.
    """
    first = round((format.lowest_pitch_midi - format.contour_lowest_midi) * format.bins_per_semitone)
    padded = np.pad(contour, ((0, 0), (2, 2)))
    last = first + (format.pitches - 1) * format.bins_per_semitone
    at = [padded[:, first + bin_ : last + bin_ + 1 : format.bins_per_semitone] for bin_ in range(5)]
    one, two = np.maximum(at[1], at[3]), np.maximum(at[0], at[4])
    by_one = np.maximum(one, two) > np.maximum(at[2], LOST_CONTOUR)
    by_two = two > np.maximum(np.maximum(one, at[2]), LOST_CONTOUR)
    return by_one.astype(np.float32), by_two.astype(np.float32)


def follow(around: FloatArray, format: ActivationFormat) -> FloatArray:
    """Semitones from the pitch, frame by frame, until the path is lost ``[<= frames]``.

    ``around`` is the contour ``[frames, bins]`` within ``LARGEST_BEND_SEMITONES``, the pitch in the middle.
    """
    rows = around.tolist()
    longest_gap = format.frames(LOST_SECONDS)
    last_bin = len(rows[0]) - 2
    middle = len(rows[0]) // 2
    position, lost = middle, 0
    positions: list[int] = []
    for row in rows:
        here, low, high = row[position], row[position - 1], row[position + 1]
        if max(low, high) > max(here, LOST_CONTOUR):
            position = min(max(position + (1 if high > low else -1), 1), last_bin)
        lost = lost + 1 if row[position] < LOST_CONTOUR else 0
        if lost >= longest_gap:
            break
        positions.append(position)
    found = np.array(positions[: len(positions) - lost], dtype=np.intp)
    between = _vertices(around, found)
    return ((found - middle + between) / format.bins_per_semitone).astype(np.float32)


def _vertices(around: FloatArray, position: IntArray) -> FloatArray:
    """Where between bins, frame by frame, a parabola through three of them peaks, -0.5..0.5; 0 where none does."""
    frame = np.arange(len(position))
    before, at, after = (around[frame, position + bin_] for bin_ in (-1, 0, 1))
    curvature = before - 2 * at + after
    vertex = (0.5 * (before - after) / np.minimum(curvature, -1e-9)).clip(-0.5, 0.5)
    vertices: FloatArray = np.where(curvature < 0, vertex, 0)
    return vertices


def bend_points(path: FloatArray, frame_seconds: float, first_offset_seconds: float) -> tuple[BendPoint, ...]:
    """Points of a path, every second frame, or none when it is steady."""
    if len(path) < SMOOTHING_FRAMES or path.max() - path.min() < SMALLEST_BEND_SEMITONES:
        return ()
    smooth = _median_of_three(np.concatenate([path[:1], path, path[-1:]]))
    if smooth.max() - smooth.min() < SMALLEST_BEND_SEMITONES:
        return ()
    return tuple(
        BendPoint(round(first_offset_seconds + index * frame_seconds, 4), round(float(smooth[index]), 3))
        for index in range(0, len(smooth), 2)
    )


def _median_of_three(values: FloatArray) -> FloatArray:
    """Of every three neighbours the middle value ``[n - 2]``."""
    one, two, three = values[:-2], values[1:-1], values[2:]
    return np.maximum(np.minimum(one, two), np.minimum(np.maximum(one, two), three))


def absorb_bent(notes: Sequence[Note]) -> list[Note]:
    """Leave out notes that are only another note's bend passing their pitch; ``notes`` are in time order."""
    onsets = [note.onset_seconds for note in notes]
    absorbed: set[int] = set()
    for index, note in enumerate(notes):
        if index in absorbed or not note.bend:
            continue
        first = bisect_right(onsets, note.onset_seconds)
        for other in range(first, bisect_left(onsets, note.end_seconds)):
            if _passes(note, notes[other]):
                absorbed.add(other)
    return [note for index, note in enumerate(notes) if index not in absorbed]


def _passes(bent: Note, other: Note) -> bool:
    """Whether the bend arrives at the other note's pitch just as that note seems to begin."""
    distance = other.pitch_midi - bent.pitch_midi
    if not 1 <= abs(distance) <= LARGEST_BEND_SEMITONES:
        return False
    offsets = [point.offset_seconds for point in bent.bend]
    heights = [point.semitones for point in bent.bend]
    at = other.onset_seconds - bent.onset_seconds
    before, after = np.interp((at - ABSORBED_BEFORE_SECONDS, at + ABSORBED_AFTER_SECONDS), offsets, heights)
    return bool(abs(after - distance) < 0.6 and abs(after - before) > 0.4)
