"""Samples to a sound file, block by block."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from genesis_music.audio.recording import Samples
from genesis_music.errors import OutputError


class WavWriter:
    """Writes a mono 32-bit float WAV file: samples come back exactly, and every player opens it.

    Raises:
        OutputError: the file cannot be written (disk full, no permission).
    """

    def __init__(self, path: Path, sample_rate_hz: int, *, title: str = "") -> None:
        import av

        self._path = path
        self._sample_rate_hz = sample_rate_hz
        self._frames = 0
        try:
            self._container = av.open(f"file:{path}", "w", format="wav")
        except OSError as error:
            raise _cannot_write(path, error) from error
        self._container.metadata["title"] = title
        self._stream = self._container.add_stream("pcm_f32le", rate=sample_rate_hz, layout="mono")

    def append(self, samples: Samples) -> None:
        """Write the next float32 ``[n]``."""
        from av import AudioFrame

        if len(samples) == 0:
            return
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(samples)[np.newaxis], format="flt", layout="mono"
        )
        frame.sample_rate = self._sample_rate_hz
        frame.pts = self._frames
        self._frames += len(samples)
        try:
            self._container.mux(self._stream.encode(frame))
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def close(self) -> None:
        """Complete the file."""
        try:
            self._container.close()
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written ({error.strerror}): free disk space or choose another folder."
    )
