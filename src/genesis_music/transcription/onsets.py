"""Where notes may begin: peaks of the onset activation, timed between frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genesis_music.transcription.engine import ActivationFormat, FloatArray
from genesis_music.transcription.segments import CONTEXT_FRAMES, Segment
from genesis_music.transcription.windows import IntArray

PEAK_RADIUS_SECONDS = 0.035
"""A candidate is the highest frame within this distance, which is shorter than any repeated note."""
SOUNDING_AFTER_SECONDS = 0.08


@dataclass(frozen=True, slots=True)
class Candidates:
    """Possible onsets in time order; all arrays ``[n]``.

    ``frame`` is a row of the segment's arrays, ``pitch`` an index into the pitches, ``offset_frames`` where
    between frames the peak lies (-0.5..0.5).
    """

    frame: IntArray
    pitch: IntArray
    offset_frames: FloatArray


def onset_candidates(segment: Segment, format: ActivationFormat) -> Candidates:
    """Find the peaks of the onset activation in the segment that some sounding follows."""
    onset = segment.onset
    inside = slice(CONTEXT_FRAMES, CONTEXT_FRAMES + segment.frames)
    is_peak = onset[inside] >= format.faintest_onset
    for distance in range(1, format.frames(PEAK_RADIUS_SECONDS) + 1):
        is_peak &= onset[inside] > onset[inside.start - distance : inside.stop - distance]
        is_peak &= onset[inside] >= onset[inside.start + distance : inside.stop + distance]
    frame, pitch = np.nonzero(is_peak)
    frame = frame + CONTEXT_FRAMES
    looked_at = range(format.frames(SOUNDING_AFTER_SECONDS))
    after = np.mean([segment.sounding[frame + t, pitch] for t in looked_at], axis=0)
    sounds = after >= format.faintest_sounding
    frame, pitch = frame[sounds], pitch[sounds]
    offset = _parabola_vertex(onset[frame - 1, pitch], onset[frame, pitch], onset[frame + 1, pitch])
    return Candidates(frame, pitch, offset)


def _parabola_vertex(before: FloatArray, at: FloatArray, after: FloatArray) -> FloatArray:
    """Where, in frames from the middle one, a parabola through three equally spaced values peaks."""
    curvature = before - 2 * at + after
    vertex: FloatArray = (0.5 * (before - after) / np.minimum(curvature, -1e-9)).astype(np.float32)
    return vertex
