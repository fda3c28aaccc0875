"""What engines on onnxruntime share: loading a model, reading windows, running them beside each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from genesis_music.audio.recording import Audio, Samples
from genesis_music.errors import EngineError, SettingsError
from genesis_music.transcription.engine import FloatArray

MAXIMUM_THREADS = 4
"""The networks are too small to gain from more."""


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


def in_blocks(
    run: Callable[[int], Sequence[FloatArray]],
    runs: int,
    runs_per_block: int,
    threads: int,
    on_fraction: Callable[[float], None] | None = None,
) -> Iterator[tuple[FloatArray, ...]]:
    """Call ``run`` with 0 … ``runs`` - 1 and yield its arrays, joined along their first axis block by block."""
    with ThreadPoolExecutor(threads, thread_name_prefix="listening") as executor:
        for first in range(0, runs, runs_per_block):
            last = min(first + runs_per_block, runs)
            parts = list(executor.map(run, range(first, last)))
            yield tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            if on_fraction is not None:
                on_fraction(last / runs)


def read_padded(audio: Audio, start: int, count: int, *, held: bool = False) -> Samples:
    """``count`` samples from ``start``, which may lie before the audio.

    Outside the audio there are zeros or, ``held``, its first and last sample: a constant voltage then makes no click.
    """
    missing_before = min(count, max(0, -start))
    samples = audio.read(start + missing_before, count - missing_before)
    missing = (missing_before, count - missing_before - len(samples))
    return np.pad(samples, missing, mode="edge" if held and len(samples) else "constant")
