"""How loud a recording is, and the same recording at another loudness.

Integrated loudness after EBU R128 / ITU-R BS.1770-4 (K-weighting, 400 ms blocks, absolute gate −70 LUFS,
relative gate −10 LU), measured by FFmpeg's ``ebur128`` filter.

Deviation: the mono mix is measured as it sounds from two speakers ("dual mono"), so that a mono file and a
stereo file with two equal channels measure the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genesis_music.audio.recording import Audio, Samples, blocks

SILENCE_LUFS = -70.0
"""The absolute gate of R128: what is reported for silence and for less than 400 ms of sound."""

TARGET_LUFS = -18.0
_HIGHEST_PEAK = 0.98
_GREATEST_GAIN = 10 ** (30 / 20)


class LoudnessMeter:
    """Measures mono samples as they pass: :meth:`add` them in order, then ask for :meth:`finish`."""

    def __init__(self, sample_rate_hz: int) -> None:
        from av.filter import Graph

        self._graph = Graph()
        source = self._graph.add_abuffer(sample_rate=sample_rate_hz, format="flt", layout="mono")
        meter = self._graph.add("ebur128", "metadata=1:dualmono=1")
        sink = self._graph.add("abuffersink")
        self._graph.link_nodes(source, meter, sink).configure()
        self._sample_rate_hz = sample_rate_hz
        self._frames = 0
        self._loudness_lufs = SILENCE_LUFS

    def add(self, samples: Samples) -> None:
        """Measure the next float32 ``[n]``."""
        from av import AudioFrame

        if len(samples) == 0:
            return
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(samples)[np.newaxis], format="flt", layout="mono"
        )
        frame.sample_rate = self._sample_rate_hz
        frame.pts = self._frames
        self._frames += len(samples)
        self._graph.push(frame)
        self._drain()

    def finish(self) -> float:
        """Integrated loudness in LUFS of all samples, ``SILENCE_LUFS`` at least."""
        if self._frames:
            self._graph.push(None)
            self._drain()
        return max(self._loudness_lufs, SILENCE_LUFS)

    def _drain(self) -> None:
        while True:
            try:
                measured = self._graph.pull().metadata
            except (BlockingIOError, EOFError):
                return
            self._loudness_lufs = float(measured.get("lavfi.r128.I", self._loudness_lufs))


@dataclass(frozen=True, slots=True)
class Level:
    """Loudness and highest absolute sample of a piece of audio."""

    loudness_lufs: float
    peak: float


def measure_level(audio: Audio, *, block_frames: int = 65536) -> Level:
    """Measure the whole audio in one pass."""
    meter = LoudnessMeter(audio.sample_rate_hz)
    peak = 0.0
    for block in blocks(audio, block_frames):
        meter.add(block)
        peak = max(peak, float(np.abs(block).max()))
    return Level(meter.finish(), peak)


def normalising_gain(level: Level, target_lufs: float = TARGET_LUFS) -> float:
    """The factor that brings audio of this level to ``target_lufs``.

    It never pushes the peak over 0.98 nor amplifies by more than 30 dB, and leaves silence as it is.
    """
    if level.loudness_lufs <= SILENCE_LUFS or level.peak <= 0:
        return 1.0
    wanted = 10 ** ((target_lufs - level.loudness_lufs) / 20)
    return float(min(wanted, _HIGHEST_PEAK / level.peak, _GREATEST_GAIN))


@dataclass(frozen=True, slots=True)
class _Gained:
    audio: Audio
    gain: float

    @property
    def sample_rate_hz(self) -> int:
        return self.audio.sample_rate_hz

    @property
    def frames(self) -> int:
        return self.audio.frames

    def read(self, start: int, count: int) -> Samples:
        return self.audio.read(start, count) * np.float32(self.gain)


def amplify(audio: Audio, gain: float) -> Audio:
    """A view of the audio with every sample multiplied by ``gain``."""
    return _Gained(audio, gain)


def normalise(audio: Audio, level: Level, *, target_lufs: float = TARGET_LUFS) -> Audio:
    """A view of the audio at ``target_lufs``, as far as its peak allows (see :func:`normalising_gain`)."""
    return amplify(audio, normalising_gain(level, target_lufs))
