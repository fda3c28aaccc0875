"""A decoded recording as every later stage sees it: mono float32 at one rate, readable in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class Audio(Protocol):
    """Mono audio of known length that need not be in memory.

    Implementations: files decoded to disk, arrays, and lazy views (gain, denoised) over another Audio.
    """

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second."""

    @property
    def frames(self) -> int:
        """Length in samples."""

    def read(self, start: int, count: int) -> Samples:
        """Return samples ``start .. start+count`` as float32 ``[n]``; shorter at the end, empty past it."""


def clipped_range(frames: int, start: int, count: int) -> tuple[int, int]:
    """``(start, end)`` of the part of ``start .. start+count`` that lies in ``0 .. frames``.

    Raises:
        ValueError: ``start`` or ``count`` is negative.
    """
    if start < 0 or count < 0:
        raise ValueError(f"cannot read {count} samples from {start}: both must be 0 or more")
    return min(start, frames), min(start + count, frames)


@dataclass(frozen=True, slots=True, eq=False)
class ArrayAudio:
    """Audio held in memory: ``samples`` is float32 ``[n]`` and must not be changed afterwards.

    Raises:
        ValueError: the samples are not one-dimensional float32, or the rate is not positive.
    """

    samples: Samples
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError(
                f"samples must be float32 [n], not {self.samples.dtype} {list(self.samples.shape)}"
            )
        if self.sample_rate_hz <= 0:
            raise ValueError(f"the sample rate must be positive, not {self.sample_rate_hz}")

    @property
    def frames(self) -> int:
        """Length in samples."""
        return len(self.samples)

    def read(self, start: int, count: int) -> Samples:
        """Return a view of ``start .. start+count``."""
        first, end = clipped_range(self.frames, start, count)
        return self.samples[first:end]


def duration_seconds(audio: Audio) -> float:
    """Length of the audio in seconds."""
    return audio.frames / audio.sample_rate_hz


def blocks(audio: Audio, size: int) -> Iterator[Samples]:
    """Yield the whole audio in consecutive blocks of ``size`` samples (the last one may be shorter)."""
    for start in range(0, audio.frames, size):
        yield audio.read(start, size)
