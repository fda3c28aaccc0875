"""Genesis' own note detector for guitar: a small network (``training/guitar``) on onnxruntime.

Windows overlap by more than the network's reach, so that nothing depends on where they lie.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from genesis_music.audio.recording import Audio
from genesis_music.errors import SettingsError
from genesis_music.transcription.engine import ActivationFormat, Activations, FloatArray
from genesis_music.transcription.inference import checked_threads, in_blocks, load_session, read_padded

SAMPLE_RATE_HZ = 22050
HOP_SAMPLES = 441
LOWEST_PITCH_MIDI = 33
PITCHES = 56
BINS_PER_SEMITONE = 3
STRINGS = 6

ADVANCE_FRAMES = 750
"""Measured: twice as long is a tenth faster (0.0121 against 0.0138 x real time), for half as much memory again."""
EDGE_FRAMES = 100
"""On either side of a window: the network looks less than 2 s around."""
WINDOWS_PER_BLOCK = 2
"""A block is 30 s long."""

MODEL_PATH = Path(__file__).parent / "models" / "guitar.onnx"
INPUT = "audio"
OUTPUTS = ("onset", "sounding", "contour", "string", "offset", "velocity")


class GuitarEngine:
    """Turns audio at 22,050 Hz into activations of 56 pitches (A1 to E6) at 50 frames per second.

    String evidence is ``[frames, 6, pitches]``: the log-probability that a pitch which sounds was played on each
    string of a six-string guitar, highest string first. It comes from the colour of the sound and from what else
    sounds, learned in many tunings; it knows neither the tuning nor the capo of the recording. It means something
    where a pitch begins and for a quarter of a second after.

    Args:
        model_path: the ONNX file; the one that comes with this package by default.
        windows_per_block: how many windows of 15 s make a block of activations.
        threads: windows that are heard beside each other; by default one per core, at most 4.

    Raises:
        SettingsError: ``windows_per_block`` or ``threads`` is below 1.
    """

    name = "genesis"
    sample_rate_hz = SAMPLE_RATE_HZ
    format = ActivationFormat(
        frame_seconds=HOP_SAMPLES / SAMPLE_RATE_HZ,
        lowest_pitch_midi=LOWEST_PITCH_MIDI,
        pitches=PITCHES,
        bins_per_semitone=BINS_PER_SEMITONE,
        contour_lowest_midi=LOWEST_PITCH_MIDI - 1 / BINS_PER_SEMITONE,
        decoder_weights="guitar_decoder",
        faintest_onset=0.05,
        faintest_sounding=0.05,
    )

    def __init__(
        self,
        model_path: Path = MODEL_PATH,
        windows_per_block: int = WINDOWS_PER_BLOCK,
        threads: int | None = None,
    ) -> None:
        self._threads = checked_threads(windows_per_block, threads)
        self._model_path = model_path
        self._windows_per_block = windows_per_block

    def activations(
        self, audio: Audio, on_fraction: Callable[[float], None] | None = None
    ) -> Iterator[Activations]:
        """Yield the activations of the whole audio, ``ceil(samples / 441)`` frames, block by block.

        Raises:
            SettingsError: the audio is not at 22,050 Hz.
            EngineError: the model file is missing or does not fit the installed onnxruntime.
        """
        if audio.sample_rate_hz != SAMPLE_RATE_HZ:
            raise SettingsError(
                f"The guitar model listens at {SAMPLE_RATE_HZ} Hz, not {audio.sample_rate_hz} Hz: resample first."
            )
        frames = math.ceil(audio.frames / HOP_SAMPLES)
        windows = math.ceil(frames / ADVANCE_FRAMES)
        session = self._session if windows else None  # loaded here, once, and not by several threads
        first_frame = 0
        for arrays in in_blocks(
            lambda window: _hear(session, audio, window, frames),
            windows,
            self._windows_per_block,
            self._threads,
            on_fraction,
        ):
            yield Activations(first_frame, *arrays)
            first_frame += len(arrays[0])

    @cached_property
    def _session(self) -> Any:
        return load_session(self._model_path)


def _hear(session: Any, audio: Audio, window: int, frames: int) -> list[FloatArray]:
    """All outputs for the frames of one window, ``frames`` of the recording in all."""
    first = window * ADVANCE_FRAMES
    count = min(ADVANCE_FRAMES, frames - first)
    start, length = first - EDGE_FRAMES, count + 2 * EDGE_FRAMES
    samples = read_padded(audio, start * HOP_SAMPLES, length * HOP_SAMPLES, held=True)
    outputs: list[FloatArray] = session.run(OUTPUTS, {INPUT: samples[None]})
    return [output[0, EDGE_FRAMES : EDGE_FRAMES + count] for output in outputs]
