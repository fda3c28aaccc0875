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


@dataclass(frozen=True)
class FormWeights:
    """The generative model of measures.

    ``profiles`` is ``[3, 12]`` (major, minor, blues; log share of each pitch class above the tonic), ``bonus`` and
    ``bass_bonus`` are ``[5]`` by role (root, third, fifth, seventh, other), ``temper`` and ``bass_temper`` weigh the
    two kinds of evidence, ``chords`` is ``[3, 36]`` (log prior of a free chord), ``form`` the log odds of a named
    progression.
    """

    profiles: FloatArray
    bonus: FloatArray
    bass_bonus: FloatArray
    temper: float
    bass_temper: float
    chords: FloatArray
    form: float


def chord_weights() -> ChordWeights:
    """Return the shipped weights of the chord model."""
    return ChordWeights(**_load("chords"))


def form_weights() -> FormWeights:
    """Return the shipped weights of the form model."""
    return FormWeights(**_load("forms"))


@lru_cache(maxsize=2)
def _load(section: str) -> dict[str, Any]:
    text = files(__package__).joinpath("weights.json").read_text("utf-8")
    stored: dict[str, Any] = json.loads(text)[section]
    return {name: np.array(value) if isinstance(value, list) else value for name, value in stored.items()}
