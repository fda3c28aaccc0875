"""The learned part of the decoder, one file for each engine's kind of activations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from genesis_music.errors import EngineError
from genesis_music.transcription.network import Network

FOLDER = Path(__file__).parent / "models"


@dataclass(frozen=True, eq=False)
class DecoderWeights:
    """What ``training/decoder.py`` learned.

    ``onset`` turns candidate features into (log-odds of being a note, frames the peak is late, velocity);
    ``end`` turns the features of a moment in a note into the log-odds of its having ended.
    """

    onset: Network
    end: Network


@cache
def load_weights(name: str) -> DecoderWeights:
    """Load ``models/<name>.npz``.

    Raises:
        EngineError: the file is missing or damaged.
    """
    path = FOLDER / f"{name}.npz"
    try:
        with np.load(path) as arrays:
            networks = {part: _network(arrays, part) for part in ("onset", "end")}
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"The weights {path.name} cannot be read; reinstall genesis-music.") from error
    return DecoderWeights(**networks)


def save_weights(path: Path, weights: DecoderWeights) -> None:
    """Write what :func:`load_weights` reads."""
    arrays = {
        f"{part}_{kind}_{index}": array.astype(np.float32)
        for part in ("onset", "end")
        for index, layer in enumerate(getattr(weights, part).layers)
        for kind, array in zip(("weights", "bias"), layer, strict=True)
    }
    np.savez(path, **arrays)


def _network(arrays: np.lib.npyio.NpzFile, part: str) -> Network:
    count = sum(name.startswith(f"{part}_weights_") for name in arrays.files)
    return Network(tuple((arrays[f"{part}_weights_{i}"], arrays[f"{part}_bias_{i}"]) for i in range(count)))
