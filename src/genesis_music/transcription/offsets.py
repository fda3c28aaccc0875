"""When notes stop sounding."""

from __future__ import annotations

import numpy as np

from genesis_music.transcription.engine import FloatArray
from genesis_music.transcription.onsets import IntArray

LOOKAHEAD_FRAMES = 8
"""A dip of the sounding activation shorter than about this (93 ms) does not end a note."""


def next_end(sounding: FloatArray, threshold: float) -> IntArray:
    """For every frame and pitch, the first frame from there on at which a note there has ended.

    A note has ended when the sounding activation, averaged over the next frames, is below the threshold. The
    result is ``[frames, pitches]``; ``len(sounding)`` where no end is in sight.
    """
    padded = np.pad(sounding, ((1, LOOKAHEAD_FRAMES), (0, 0))).cumsum(axis=0, dtype=np.float64)
    ahead = (padded[LOOKAHEAD_FRAMES:] - padded[:-LOOKAHEAD_FRAMES])[: len(sounding)] / LOOKAHEAD_FRAMES
    frames = np.arange(len(sounding))[:, np.newaxis]
    ended = np.where(ahead < threshold, frames, len(sounding))
    ends: IntArray = np.minimum.accumulate(ended[::-1], axis=0)[::-1]
    return ends
