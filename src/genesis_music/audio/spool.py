"""Samples that stay in memory while they are few and move to a temporary file when they are many."""

from __future__ import annotations

import tempfile
from pathlib import Path
from threading import Lock

import numpy as np

from genesis_music.audio.recording import Samples, clipped_range
from genesis_music.errors import OutputError

_BYTES_PER_SAMPLE = 4


class Spool:
    """Append once, then read any range, as :class:`~genesis_music.audio.recording.Audio`.

    The temporary file has no name where the system allows it, so that it disappears with the process; it is
    read with plain reads, so that its pages do not count as this process's memory.
    """

    def __init__(self, sample_rate_hz: int, *, memory_bytes: int, folder: Path | None = None) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.frames = 0
        self._lock = Lock()
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed by close()
            max_size=memory_bytes, dir=None if folder is None else str(folder), prefix="genesis-"
        )

    def append(self, samples: Samples) -> None:
        """Add float32 ``[n]`` at the end.

        Raises:
            OutputError: the temporary folder is full or not writable; nothing is left there.
        """
        try:
            self._file.write(np.ascontiguousarray(samples, np.float32).data)
            self._file.flush()
        except OSError as error:
            self.close()
            raise OutputError(
                f"No room for temporary audio ({error.strerror}): free disk space or point TMPDIR elsewhere."
            ) from error
        self.frames += len(samples)

    def read(self, start: int, count: int) -> Samples:
        """Return samples ``start .. start+count`` as a new array; shorter at the end."""
        first, end = clipped_range(self.frames, start, count)
        samples = np.empty(end - first, np.float32)
        with self._lock:
            self._file.seek(first * _BYTES_PER_SAMPLE)
            self._file.readinto(samples.view(np.uint8).data)
        return samples

    def close(self) -> None:
        """Delete the samples."""
        self._file.close()
