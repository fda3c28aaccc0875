"""When notes stop sounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis_music.transcription.features import Moments, SegmentWindows, end_features, string_probabilities
from genesis_music.transcription.network import Network
from genesis_music.transcription.windows import IntArray

FIRST_SECONDS = 0.035
"""No note ends sooner after its onset."""
STEP_FRAMES = 48
"""Notes are followed by this many frames at a time, so that little is computed past their ends."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note that may end in a segment.

    ``pitch`` is an index; ``onset``, ``start`` (where to begin looking) and ``limit`` (where to stop) are rows
    of the segment's arrays, and the onset may lie before them. ``string_evidence`` is that of its note.
    """

    pitch: int
    onset: float
    start: int
    limit: int
    string_evidence: tuple[float, ...] = ()


def find_ends(
    windows: SegmentWindows, notes: Sequence[Sounding], network: Network, end_log_odds: float
) -> IntArray:
    """The row at which each note has ended ``[notes]``; its ``limit`` where it still sounds there."""
    pitch = np.array([note.pitch for note in notes], dtype=np.intp)
    onset = np.array([note.onset for note in notes], dtype=np.float32)
    limit = np.array([note.limit for note in notes], dtype=np.intp)
    start = np.array([note.start for note in notes], dtype=np.intp)
    strings = string_probabilities([note.string_evidence for note in notes])
    ends = limit.copy()
    open_ = np.flatnonzero(start < limit)
    while len(open_):
        frame = np.minimum(start[open_, np.newaxis] + np.arange(STEP_FRAMES), limit[open_, np.newaxis] - 1)
        of = np.repeat(open_, STEP_FRAMES)
        moments = Moments(frame.ravel(), pitch[of], onset[of], strings[of])
        features = end_features(windows, moments)
        ended = network(features)[:, 0].reshape(frame.shape) >= end_log_odds
        has_ended = ended.any(axis=1)
        ends[open_[has_ended]] = frame[has_ended, ended[has_ended].argmax(axis=1)]
        start[open_] += STEP_FRAMES
        open_ = open_[~has_ended & (start[open_] < limit[open_])]
    return ends
