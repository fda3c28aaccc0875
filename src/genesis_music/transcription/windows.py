"""Activations around many places at once: single frames, and means and maxima over windows of frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_music.transcription.engine import FloatArray

IntArray = NDArray[np.intp]


SUMMED_FRAMES = 64


def _running_sums(values: FloatArray) -> FloatArray:
    """Sums of the first 0, 1, 2 … frames, as ``cumsum`` gives them; in stretches, which is four times as fast."""
    stretches = -(-len(values) // SUMMED_FRAMES)
    sums = np.zeros((1 + stretches * SUMMED_FRAMES, values.shape[1]), dtype=np.float32)
    sums[1 : 1 + len(values)] = values
    parts = sums[1:].reshape(stretches, SUMMED_FRAMES, -1)
    for frame in range(1, SUMMED_FRAMES):
        parts[:, frame] += parts[:, frame - 1]
    parts[1:] += np.cumsum(parts[:-1, -1], axis=0)[:, np.newaxis]
    return sums


class Windows:
    """Windows into ``values`` ``[frames, columns]``; zeros left and right of its columns.

    Every window must lie inside the frames. ``frame`` and ``column`` broadcast against each other.
    """

    def __init__(self, values: FloatArray, margin: int = 0) -> None:
        self._margin = margin
        self._values = np.pad(values, ((0, 0), (margin, margin))) if margin else values
        self._sums = _running_sums(self._values)

    def at(self, frame: IntArray, column: IntArray) -> FloatArray:
        """The values themselves."""
        values: FloatArray = self._values.take(self._places(frame, column))
        return values

    def _places(self, frame: IntArray, column: IntArray) -> IntArray:
        """Where values and sums lie in memory: one index is looked up twice as fast as two."""
        places: IntArray = frame * self._values.shape[1] + (column + self._margin)
        return places

    def patch(self, start: int, end: int, column: int, reach: int) -> FloatArray:
        """Frames ``start .. end`` of the columns within ``reach`` of ``column``; ``reach`` up to the margin."""
        first = column + self._margin - reach
        patch: FloatArray = self._values[start:end, first : first + 2 * reach + 1]
        return patch

    def count(self, start: int, end: int, column: int) -> int:
        """Sum over frames ``start .. end`` of a column of zeros and ones."""
        column += self._margin
        return round(float(self._sums[end, column] - self._sums[start, column]))

    def between(self, start: IntArray, end: IntArray, column: IntArray) -> FloatArray:
        """Sum over frames ``start .. end``, the end excluded."""
        sums: FloatArray = self._sums.take(self._places(end, column)) - self._sums.take(
            self._places(start, column)
        )
        return sums

    def mean(self, frame: IntArray, column: IntArray, first: int, end: int) -> FloatArray:
        """Mean over frames ``frame + first .. frame + end``, the end excluded."""
        return self.means(frame, column, (first, end))[0]

    def means(self, frame: IntArray, column: IntArray, edges: Sequence[int]) -> list[FloatArray]:
        """Means over the windows between consecutive ``edges``, in frames from ``frame``."""
        places, step = self._places(frame, column), self._values.shape[1]
        sums = [self._sums.take(places + edge * step) for edge in edges]
        return [
            (after - before) / np.float32(end - first)
            for before, after, first, end in zip(sums, sums[1:], edges, edges[1:], strict=False)
        ]

    def maximum(self, frame: IntArray, column: IntArray, first: int, end: int) -> FloatArray:
        """Maximum over frames ``frame + first .. frame + end``, the end excluded."""
        places, step = self._places(frame, column), self._values.shape[1]
        result: FloatArray = self._values.take(places + first * step)
        for distance in range(first + 1, end):
            np.maximum(result, self._values.take(places + distance * step), out=result)
        return result
