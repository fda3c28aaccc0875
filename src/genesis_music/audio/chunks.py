"""Long audio in chunks that overlap: what is kept of each chunk tiles the audio exactly.

A network that sees only ``overlap`` samples around a point gives the same result there in a chunk as in
the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from genesis_music.audio.recording import Audio, Samples

CHUNK_SECONDS = 30.0
OVERLAP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ChunkRange:
    """Read ``read_start .. read_end``, keep ``core_start .. core_end`` of the result (in samples)."""

    core_start: int
    core_end: int
    read_start: int
    read_end: int


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """The samples of ``range.read_start .. range.read_end``."""

    range: ChunkRange
    samples: Samples


def chunk_ranges(frames: int, chunk_frames: int, overlap_frames: int) -> Iterator[ChunkRange]:
    """Cut ``frames`` samples into cores of ``chunk_frames``, read with ``overlap_frames`` on either side.

    Cores follow each other without gap or overlap; only the last may be shorter. At the ends of the audio the
    read range ends with the audio.

    Raises:
        ValueError: ``chunk_frames`` is not positive, or another argument is negative.
    """
    if chunk_frames <= 0 or overlap_frames < 0 or frames < 0:
        raise ValueError(
            f"cannot cut {frames} samples into chunks of {chunk_frames} with {overlap_frames} overlap"
        )
    for start in range(0, frames, chunk_frames):
        end = min(start + chunk_frames, frames)
        yield ChunkRange(start, end, max(start - overlap_frames, 0), min(end + overlap_frames, frames))


def chunks(
    audio: Audio, *, chunk_seconds: float = CHUNK_SECONDS, overlap_seconds: float = OVERLAP_SECONDS
) -> Iterator[Chunk]:
    """Read the audio in chunks, one in memory at a time."""
    rate = audio.sample_rate_hz
    for cut in chunk_ranges(audio.frames, round(chunk_seconds * rate), round(overlap_seconds * rate)):
        yield Chunk(cut, audio.read(cut.read_start, cut.read_end - cut.read_start))
