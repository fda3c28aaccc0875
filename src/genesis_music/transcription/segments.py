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

    The arrays are ``[frames + 2 * CONTEXT_FRAMES, pitches or bins]``: row ``CONTEXT_FRAMES`` is
    ``first_frame``. Outside the recording they are zero.
    """

    first_frame: int
    frames: int
    onset: FloatArray
    sounding: FloatArray
    contour: FloatArray | None


def segments(blocks: Iterable[Activations]) -> Iterator[Segment]:
    """Yield the segments of a recording in order; none when it has no frames."""
    pending: list[tuple[FloatArray, ...]] = []
    buffered, first_frame = 0, 0
    for block in blocks:
        arrays = _arrays(block)
        if not pending:
            pending.append(tuple(_silence(CONTEXT_FRAMES, array) for array in arrays))
            buffered = CONTEXT_FRAMES
        pending.append(arrays)
        buffered += len(block.onset)
        while buffered >= SEGMENT_FRAMES + 2 * CONTEXT_FRAMES:
            joined = _join(pending)
            yield _segment(first_frame, SEGMENT_FRAMES, joined)
            pending = [tuple(array[SEGMENT_FRAMES:] for array in joined)]
            buffered -= SEGMENT_FRAMES
            first_frame += SEGMENT_FRAMES
    remaining = buffered - CONTEXT_FRAMES
    if remaining > 0:
        pending.append(tuple(_silence(CONTEXT_FRAMES + SEGMENT_FRAMES, array) for array in pending[0]))
        yield from _last_segments(first_frame, remaining, _join(pending))


def _last_segments(first_frame: int, remaining: int, joined: tuple[FloatArray, ...]) -> Iterator[Segment]:
    """At the end up to one segment and its context are left, which may be two segments."""
    for start in range(0, remaining, SEGMENT_FRAMES):
        frames = min(SEGMENT_FRAMES, remaining - start)
        yield _segment(first_frame + start, frames, tuple(array[start:] for array in joined))


def _segment(first_frame: int, frames: int, arrays: tuple[FloatArray, ...]) -> Segment:
    cut = tuple(array[: frames + 2 * CONTEXT_FRAMES] for array in arrays)
    return Segment(first_frame, frames, cut[0], cut[1], cut[2] if len(cut) > 2 else None)


def _arrays(block: Activations) -> tuple[FloatArray, ...]:
    arrays = (block.onset, block.sounding)
    return arrays if block.contour is None else (*arrays, block.contour)


def _silence(frames: int, like: FloatArray) -> FloatArray:
    return np.zeros((frames, like.shape[1]), dtype=np.float32)


def _join(parts: list[tuple[FloatArray, ...]]) -> tuple[FloatArray, ...]:
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))
