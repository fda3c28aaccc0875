"""Re-cuts activations of any block size into segments on one fixed grid, each with context on both sides.

What is decided inside a segment can then never depend on how the engine cut its blocks, and memory stays
bounded by one segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from genesis_music.transcription.engine import Activations, FloatArray

SEGMENT_FRAMES = 2048
CONTEXT_FRAMES = 64


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames ``first_frame .. first_frame + frames`` and ``CONTEXT_FRAMES`` more before and after them.

    The arrays are ``[frames + 2 * CONTEXT_FRAMES, …]``, as in ``Activations``: row ``CONTEXT_FRAMES`` is
    ``first_frame``. Outside the recording they are zero.
    """

    first_frame: int
    frames: int
    onset: FloatArray
    sounding: FloatArray
    contour: FloatArray | None = None
    string_evidence: FloatArray | None = None
    offset: FloatArray | None = None
    velocity: FloatArray | None = None


_ARRAYS = ("onset", "sounding", "contour", "string_evidence", "offset", "velocity")
"""The arrays of activations; engines leave some of them out, the same ones in every block."""

Arrays = dict[str, FloatArray]


def segments(blocks: Iterable[Activations]) -> Iterator[Segment]:
    """Yield the segments of a recording in order; none when it has no frames."""
    pending: list[Arrays] = []
    buffered, first_frame = 0, 0
    for block in blocks:
        arrays = _arrays(block)
        if not pending:
            pending.append(_silence(CONTEXT_FRAMES, arrays))
            buffered = CONTEXT_FRAMES
        pending.append(arrays)
        buffered += len(block.onset)
        while buffered >= SEGMENT_FRAMES + 2 * CONTEXT_FRAMES:
            joined = _join(pending)
            yield _segment(first_frame, SEGMENT_FRAMES, joined)
            pending = [_cut(joined, SEGMENT_FRAMES, None)]
            buffered -= SEGMENT_FRAMES
            first_frame += SEGMENT_FRAMES
    remaining = buffered - CONTEXT_FRAMES
    if remaining > 0:
        pending.append(_silence(CONTEXT_FRAMES + SEGMENT_FRAMES, pending[0]))
        yield from _last_segments(first_frame, remaining, _join(pending))


def _last_segments(first_frame: int, remaining: int, joined: Arrays) -> Iterator[Segment]:
    """At the end up to one segment and its context are left, which may be two segments."""
    for start in range(0, remaining, SEGMENT_FRAMES):
        frames = min(SEGMENT_FRAMES, remaining - start)
        yield _segment(first_frame + start, frames, _cut(joined, start, None))


def _segment(first_frame: int, frames: int, arrays: Arrays) -> Segment:
    return Segment(first_frame, frames, **_cut(arrays, 0, frames + 2 * CONTEXT_FRAMES))


def _arrays(block: Activations) -> Arrays:
    arrays = {name: getattr(block, name) for name in _ARRAYS}
    return {name: array for name, array in arrays.items() if array is not None}


def _silence(frames: int, like: Arrays) -> Arrays:
    return {name: np.zeros((frames, *array.shape[1:]), dtype=np.float32) for name, array in like.items()}


def _cut(arrays: Arrays, start: int, end: int | None) -> Arrays:
    return {name: array[start:end] for name, array in arrays.items()}


def _join(parts: list[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
