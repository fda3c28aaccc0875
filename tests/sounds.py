"""Small sounds made on the spot, and files of them, for tests of every module."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def sine(
    frequency_hz: float, seconds: float, *, sample_rate_hz: int = 22050, amplitude: float = 0.5
) -> Samples:
    time = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)


def plucked(
    pitch_midi: float, seconds: float, *, sample_rate_hz: int = 22050, amplitude: float = 0.5
) -> Samples:
    """A plucked string: ten partials, plucked at a fifth of its length, high ones dying away faster."""
    frequency_hz = 440 * 2 ** ((pitch_midi - 69) / 12)
    time = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    sound = np.zeros(len(time))
    for partial in range(1, 11):
        if partial * frequency_hz < sample_rate_hz / 2:
            decay = (np.sin(np.pi * partial / 5) / partial**2 + 0.1 / partial) * np.exp(-(1 + partial) * time)
            sound += decay * np.sin(2 * np.pi * partial * frequency_hz * time)
    return (amplitude * sound / np.abs(sound).max()).astype(np.float32)


def melody(
    notes: list[tuple[float, float, float]], seconds: float, *, sample_rate_hz: int = 22050
) -> Samples:
    """Plucked notes given as ``(onset_seconds, duration_seconds, pitch_midi)``, mixed."""
    mix = np.zeros(round(seconds * sample_rate_hz), np.float32)
    for onset, duration, pitch in notes:
        start = round(onset * sample_rate_hz)
        note = plucked(pitch, duration, sample_rate_hz=sample_rate_hz)[: len(mix) - start]
        mix[start : start + len(note)] += note
    return mix


def white_noise(
    seconds: float, *, sample_rate_hz: int = 22050, amplitude: float = 0.01, seed: int = 0
) -> Samples:
    """Gaussian noise whose standard deviation is ``amplitude``."""
    generator = np.random.default_rng(seed)
    return (amplitude * generator.standard_normal(round(seconds * sample_rate_hz))).astype(np.float32)


def write_sound(
    path: Path,
    samples: NDArray[np.float32],
    *,
    sample_rate_hz: int = 44100,
    codec: str = "pcm_s16le",
    layout: str | None = None,
    title: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode float32 ``[n]`` or ``[channels, n]``; the container follows from the file's name."""
    import av

    planes = np.atleast_2d(samples)
    layout = layout or ("mono" if len(planes) == 1 else "stereo")
    with av.open(str(path), "w", options=options or {}) as container:
        if title is not None:
            container.metadata["title"] = title
        stream = container.add_stream(codec, rate=sample_rate_hz)
        stream.layout = layout
        stream.bit_rate = 128_000
        for start in range(0, planes.shape[1], 4096):
            block = np.ascontiguousarray(planes[:, start : start + 4096])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate = sample_rate_hz
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
