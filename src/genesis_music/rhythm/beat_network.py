"""Note frames → how likely each frame is a beat, a downbeat, in compound time.

A small network of residual dilated convolutions (after Davies & Böck, "Temporal convolutional networks for
musical audio beat tracking", EUSIPCO 2019). Deviations: it sees notes, not a spectrogram; its
frames follow the pulse; a third output says whether the metre is compound. It is evaluated with a few matrix
products, which is faster than loading a runtime for so little work.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from genesis_music.errors import EngineError
from genesis_music.rhythm.note_frames import FloatArray


@dataclass(frozen=True)
class BeatActivations:
    """Log-odds per frame, each of shape ``[frames]``."""

    beat: FloatArray
    downbeat: FloatArray
    compound: FloatArray


@dataclass(frozen=True)
class _Convolution:
    """``weight[tap, in, out]`` applied at taps ``dilation`` frames apart, centred."""

    weight: FloatArray
    bias: FloatArray
    dilation: int

    def __call__(self, frames: FloatArray) -> FloatArray:
        taps = len(self.weight)
        reach = self.dilation * (taps // 2)
        padded = np.pad(frames, ((reach, reach), (0, 0)))
        out = np.broadcast_to(self.bias, (len(frames), len(self.bias))).copy()
        for tap in range(taps):
            start = tap * self.dilation
            out += padded[start : start + len(frames)] @ self.weight[tap]
        return out


@dataclass(frozen=True)
class BeatNetwork:
    """The layers in order; see ``training/beats.py`` for the same network as it was trained."""

    stem: _Convolution
    blocks: tuple[tuple[_Convolution, _Convolution], ...]
    head: _Convolution

    def __call__(self, features: FloatArray) -> BeatActivations:
        """Evaluate on ``[frames, FEATURES]``; cost and memory are linear in the number of frames."""
        hidden = self.stem(features)
        for spread, mix in self.blocks:
            hidden += mix(np.maximum(spread(hidden), 0))
        logits = self.head(np.maximum(hidden, 0))
        return BeatActivations(*logits.T)


@cache
def load_beat_network() -> BeatNetwork:
    """Read the shipped weights, once per process.

    Raises:
        EngineError: the weights are missing or damaged.
    """
    return read_beat_network(Path(__file__).parent / "models" / "beat_network.npz")


def read_beat_network(path: Path) -> BeatNetwork:
    """Read weights that ``training/beats.py`` wrote.

    Raises:
        EngineError: the weights are missing or damaged.
    """
    try:
        with np.load(path) as arrays:
            return _parsed({name: np.asarray(arrays[name]) for name in arrays.files})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise EngineError(f"the beat network {path.name} cannot be read; reinstall genesis-music") from error


def _parsed(arrays: dict[str, np.ndarray]) -> BeatNetwork:

    def convolution(name: str, dilation: int = 1) -> _Convolution:
        weight, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
        return _Convolution(weight.astype(np.float32), bias.astype(np.float32), dilation)

    blocks = tuple(
        (convolution(f"spread.{index}", int(dilation)), convolution(f"mix.{index}"))
        for index, dilation in enumerate(arrays["dilations"])
    )
    return BeatNetwork(convolution("stem"), blocks, convolution("head"))
