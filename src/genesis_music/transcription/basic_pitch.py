"""The Basic Pitch note detector on onnxruntime, without TensorFlow.

Bittner, Bosch, Rubinstein, Meseguer-Brocal, Ewert: "A Lightweight Instrument-Agnostic Model for Polyphonic
Note Transcription and Multipitch Estimation", ICASSP 2022. The network is Spotify's (``models/README.md``).

Deviations from the inference of the ``basic-pitch`` package:

1. Windows advance by a whole number of frames (142 frames = 36,352 samples, not 36,164 samples), so all
   frames lie on one even grid and need no later correction of their times.
2. Windows run in small batches, and audio is read as it is needed: memory does not grow with length.
3. The places of windows and batches depend only on their numbers, so blocks of any size give bit by bit the
   same activations.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from genesis_music.audio.recording import Audio
from genesis_music.transcription.engine import ActivationFormat, FloatArray
from genesis_music.transcription.inference import OnnxEngine, read_padded

SAMPLE_RATE_HZ = 22050
HOP_SAMPLES = 256
WINDOW_SAMPLES = 2 * SAMPLE_RATE_HZ - HOP_SAMPLES
WINDOW_FRAMES = 172
EDGE_FRAMES = 15
"""Frames dropped on either side of a window, where the network sees too little context."""
ADVANCE_FRAMES = WINDOW_FRAMES - 2 * EDGE_FRAMES
LOWEST_PITCH_MIDI = 21
PITCHES = 88

WINDOWS_PER_BATCH = 3
"""Measured on 2 cores: 2 to 4 are fastest (0.0083 x real time; 1 window 0.0097, 18 windows 0.0086)."""
BATCHES_PER_BLOCK = 6
"""A block is 29.7 s long."""

LOWEST_PEAK = 2e-4
"""A window whose samples all stay below this (-74 dBFS, six steps of 16 bits) holds no music. The network evens out
levels, so that it would hear notes even in the noise of a converter."""

MODEL_PATH = Path(__file__).parent / "models" / "basic_pitch_icassp_2022.onnx"
_INPUT = "serving_default_input_2:0"
_OUTPUTS = ("StatefulPartitionedCall:2", "StatefulPartitionedCall:1", "StatefulPartitionedCall:0")
"""Onset, note (sounding) and contour, in this order."""


class BasicPitchEngine(OnnxEngine):
    """Turns audio at 22,050 Hz into onset, sounding and contour activations at 86.13 frames per second.

    Args:
        model_path: the ONNX file; the one that comes with this package by default.
        batches_per_block: how many batches of 4.95 s make a block of activations.
        threads: batches that run beside each other; by default one per core, at most 4.

    Raises:
        SettingsError: ``batches_per_block`` or ``threads`` is below 1.
    """

    name = "basic-pitch"
    sample_rate_hz = SAMPLE_RATE_HZ
    hop_samples = HOP_SAMPLES
    frames_per_run = WINDOWS_PER_BATCH * ADVANCE_FRAMES
    format = ActivationFormat(
        frame_seconds=HOP_SAMPLES / SAMPLE_RATE_HZ,
        lowest_pitch_midi=LOWEST_PITCH_MIDI,
        pitches=PITCHES,
        bins_per_semitone=3,
        contour_lowest_midi=LOWEST_PITCH_MIDI,
    )

    def __init__(
        self,
        model_path: Path = MODEL_PATH,
        batches_per_block: int = BATCHES_PER_BLOCK,
        threads: int | None = None,
    ) -> None:
        super().__init__(model_path, batches_per_block, threads)

    def _hear(self, session: Any, audio: Audio, run: int) -> list[FloatArray]:
        """All outputs for the frames of one batch of windows; the last may reach beyond the audio."""
        windows = math.ceil(audio.frames / (ADVANCE_FRAMES * HOP_SAMPLES))
        first = run * WINDOWS_PER_BATCH
        return _run(session, _windows(audio, first, min(first + WINDOWS_PER_BATCH, windows)))


def _run(session: Any, windows: FloatArray) -> list[FloatArray]:
    """Arrays ``[windows * ADVANCE_FRAMES, pitches or bins]`` from ``[windows, WINDOW_SAMPLES, 1]``."""
    outputs: list[FloatArray] = session.run(_OUTPUTS, {_INPUT: windows})
    is_heard = np.abs(windows).max(axis=1, keepdims=True) >= LOWEST_PEAK
    return [
        (output * is_heard)[:, EDGE_FRAMES : EDGE_FRAMES + ADVANCE_FRAMES].reshape(-1, output.shape[-1])
        for output in outputs
    ]


def _windows(audio: Audio, first: int, last: int) -> FloatArray:
    """Windows ``first .. last`` as ``[last - first, WINDOW_SAMPLES, 1]``, zeros outside the audio."""
    advance = ADVANCE_FRAMES * HOP_SAMPLES
    start = first * advance - EDGE_FRAMES * HOP_SAMPLES
    samples = read_padded(audio, start, (last - first - 1) * advance + WINDOW_SAMPLES)
    views = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::advance]
    return np.ascontiguousarray(views)[:, :, np.newaxis]
