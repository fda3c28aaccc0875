"""What engines on onnxruntime share: loading a model, reading windows, listening block by block."""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from genesis_music.audio.recording import Audio, Samples
from genesis_music.errors import EngineError, SettingsError
from genesis_music.transcription.engine import ActivationFormat, Activations, FloatArray

MAXIMUM_THREADS = 4
"""The networks are too small to gain from more."""


class OnnxEngine(ABC):
    """An engine whose network runs on parts of the audio that depend on nothing but their number.

    ``runs_per_block`` of them, on ``threads`` beside each other, make a block of activations.
    """

    name: ClassVar[str]
    sample_rate_hz: ClassVar[int]
    hop_samples: ClassVar[int]
    frames_per_run: ClassVar[int]
    format: ClassVar[ActivationFormat]

    def __init__(self, model_path: Path, runs_per_block: int, threads: int | None) -> None:
        self._threads = checked_threads(runs_per_block, threads)
        self._model_path = model_path
        self._runs_per_block = runs_per_block

    @abstractmethod
    def _hear(self, session: Any, audio: Audio, run: int) -> Sequence[FloatArray]:
        """The outputs of one run, in the order of :class:`Activations`, as far as the audio reaches or further."""

    def activations(
        self, audio: Audio, on_fraction: Callable[[float], None] | None = None
    ) -> Iterator[Activations]:
        """Yield the activations of the whole audio, one frame per ``hop_samples`` begun, block by block.

        Raises:
            SettingsError: the audio is not at ``sample_rate_hz``.
            EngineError: the model file is missing or does not fit the installed onnxruntime.
        """
        if audio.sample_rate_hz != self.sample_rate_hz:
            raise SettingsError(
                f"The engine {self.name} listens at {self.sample_rate_hz} Hz, "
                f"not {audio.sample_rate_hz} Hz: resample first."
            )
        frames = math.ceil(audio.frames / self.hop_samples)
        runs = math.ceil(frames / self.frames_per_run)
        session = self._session if runs else None  # loaded here, once, and not by several threads
        first_frame = 0
        with ThreadPoolExecutor(self._threads, thread_name_prefix="listening") as executor:
            for first in range(0, runs, self._runs_per_block):
                last = min(first + self._runs_per_block, runs)
                parts = list(executor.map(lambda run: self._hear(session, audio, run), range(first, last)))
                arrays = (np.concatenate(run)[: frames - first_frame] for run in zip(*parts, strict=True))
                yield Activations(first_frame, *arrays)
                first_frame = min(last * self.frames_per_run, frames)
                if on_fraction is not None:
                    on_fraction(last / runs)

    @cached_property
    def _session(self) -> Any:
        return load_session(self._model_path)


def load_session(path: Path) -> Any:
    """Load a model for one thread per run.

    Runs take place beside each other instead: threads within one would wait for each other at every layer.

    Raises:
        EngineError: the file is missing or does not fit the installed onnxruntime.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base class of their own
        raise EngineError(
            f"The model {path.name} cannot be loaded; reinstall genesis-music. ({error})"
        ) from error


def checked_threads(runs_per_block: int, threads: int | None) -> int:
    """How many threads to use: by default one per core, at most ``MAXIMUM_THREADS``.

    Raises:
        SettingsError: ``runs_per_block`` or ``threads`` is below 1.
    """
    if runs_per_block < 1 or (threads is not None and threads < 1):
        raise SettingsError("The engine needs at least one batch per block and one thread.")
    return threads or min(os.cpu_count() or 1, MAXIMUM_THREADS)


def read_padded(audio: Audio, start: int, count: int, *, held: bool = False) -> Samples:
    """``count`` samples from ``start``, which may lie before the audio.

    Outside the audio there are zeros or, ``held``, its first and last sample: a constant voltage then makes no click.
    """
    missing_before = min(count, max(0, -start))
    samples = audio.read(start + missing_before, count - missing_before)
    missing = (missing_before, count - missing_before - len(samples))
    return np.pad(samples, missing, mode="edge" if held and len(samples) else "constant")
