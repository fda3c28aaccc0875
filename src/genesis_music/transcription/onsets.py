"""Where notes may begin: peaks of the onset activation, timed between frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.transcription.engine import FloatArray
from genesis_music.transcription.segments import CONTEXT_FRAMES, Segment

IntArray = NDArray[np.intp]

PEAK_RADIUS_FRAMES = 3
"""A candidate is the highest frame within this distance: 35 ms, shorter than any repeated note."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Possible onsets in time order; all arrays ``[n]``.

    ``frame`` counts from the first row of the segment's arrays; ``pitch`` is an index into the pitches;
    ``offset_frames`` is where between frames the peak lies (-0.5..0.5); ``height`` its activation.
    """

    frame: IntArray
    pitch: IntArray
    offset_frames: FloatArray
    height: FloatArray


def onset_candidates(segment: Segment, threshold: float) -> Candidates:
    """Find the peaks of the onset activation at or above ``threshold`` that belong to the segment."""
    onset = segment.onset
    inside = slice(CONTEXT_FRAMES, CONTEXT_FRAMES + segment.frames)
    is_peak = onset[inside] >= threshold
    for distance in range(1, PEAK_RADIUS_FRAMES + 1):
        is_peak &= onset[inside] > onset[inside.start - distance : inside.stop - distance]
        is_peak &= onset[inside] >= onset[inside.start + distance : inside.stop + distance]
    frame, pitch = np.nonzero(is_peak)
    frame = frame + CONTEXT_FRAMES
    height = onset[frame, pitch]
    offset = _parabola_vertex(onset[frame - 1, pitch], height, onset[frame + 1, pitch])
    return Candidates(frame, pitch, offset, height)


def _parabola_vertex(before: FloatArray, at: FloatArray, after: FloatArray) -> FloatArray:
    """Where, in frames from the middle one, a parabola through three equally spaced values peaks."""
    curvature = before - 2 * at + after
    vertex: FloatArray = (0.5 * (before - after) / np.minimum(curvature, -1e-9)).astype(np.float32)
    return vertex
