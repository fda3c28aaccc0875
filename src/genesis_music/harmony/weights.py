"""The weights of the chord and key models, learned by ``training/harmony.py``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from genesis_music.harmony.evidence import FloatArray


@dataclass(frozen=True)
class ChordWeights:
    """Log-linear weights.

    ``energy``, ``missing`` and ``bass`` are ``[6]`` by role; ``quality`` is ``[qualities]``; ``degree_major`` and
    ``degree_minor`` are ``[12]`` by semitones of the root above the tonic; ``foreign`` is per chord tone outside
    the key; ``change`` is ``[3]`` by kind of beat; ``motion`` is ``[12]`` by semitones from root to root.
    """

    energy: FloatArray
    missing: FloatArray
    bass: FloatArray
    quality: FloatArray
    degree_major: FloatArray
    degree_minor: FloatArray
    foreign: float
    change: FloatArray
    motion: FloatArray


@lru_cache(maxsize=1)
def chord_weights() -> ChordWeights:
    """Return the shipped weights."""
    stored: dict[str, Any] = json.loads(files(__package__).joinpath("weights.json").read_text("utf-8"))
    foreign = float(stored.pop("foreign"))
    return ChordWeights(foreign=foreign, **{name: np.array(value) for name, value in stored.items()})
