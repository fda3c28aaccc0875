"""The finished tab to a style of music and the reasons for calling it that.

A softmax over ten styles, linear in the features of :mod:`.features`. The rows of rock, jazz, bossa nova, funk and
fingerstyle folk were learned from GuitarSet by ``training/style.py``, starting from the textbook's weights; the
other rows are the textbook's. A reason is a feature that speaks for the winner against the other styles.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from importlib.resources import files

import numpy as np

from genesis_music.score import Harmony, Reasoned, TempoMap, Track
from genesis_music.style.features import FloatArray, StyleFeatures, style_features

STYLES = (
    "blues",
    "rock",
    "metal",
    "jazz",
    "bossa nova",
    "funk",
    "fingerstyle folk",
    "classical",
    "pop",
    "country",
)
FEATURES = tuple(field.name for field in fields(StyleFeatures))
MOST_REASONS = 4
LEAST_SUPPORT = 0.05
"""Log-odds a feature must add over the average style to be given as a reason."""

PHRASES: dict[str, tuple[str, str]] = {
    "swing": ("swung off-beats", "straight, even off-beats"),
    "off_beat": ("many notes off the beat", "notes mostly on the beat"),
    "sixteenths": ("a lot of sixteenth notes", "few sixteenth notes"),
    "density": ("many notes per second", "sparse notes"),
    "tempo": ("a fast tempo", "a slow tempo"),
    "chordal": ("full chords struck together", "few full chords"),
    "single_line": ("mostly single notes", "hardly any single notes"),
    "ringing": ("notes left ringing into each other", "notes stopped before the next"),
    "staccato": ("short, choked notes", "notes held to their full length"),
    "low_register": ("a part that lives on the low strings", "a part that stays off the low strings"),
    "sevenths": ("seventh chords", "plain triads without sevenths"),
    "extensions": ("sixths, ninths and major sevenths", "no sixths, ninths or major sevenths"),
    "power_chords": ("power chords", "no power chords"),
    "blues_form": ("a blues progression or scale", "no blues progression"),
    "minor": ("a minor key", "a major key"),
    "borrowed": ("borrowed flat chords such as bVII", "no borrowed chords"),
    "bends": ("bends and vibrato", "no bends"),
    "slides": ("slides", "no slides"),
    "palm_mutes": ("palm muting", "no palm muting"),
    "slurs": ("hammer-ons and pull-offs", "no hammer-ons or pull-offs"),
}
"""What a high and a low value of each feature sounds like."""


@dataclass(frozen=True)
class StyleWeights:
    """``weights [styles, features]``, ``bias [styles]``, and the ``usual [features]`` values of guitar music."""

    weights: FloatArray
    bias: FloatArray
    usual: FloatArray


def detect_style(tracks: Sequence[Track], tempo_map: TempoMap, harmony: Harmony) -> Reasoned:
    """Say which of :data:`STYLES` the piece is in, how sure that is (0..1), and why, best reason first.

    ``"unknown"`` with confidence 0 when there are no notes.
    """
    if not any(track.notes for track in tracks):
        return Reasoned("unknown", 0.0, ("there are no notes",))
    return judge(style_features(tracks, tempo_map, harmony), style_weights())


def judge(features: StyleFeatures, weights: StyleWeights) -> Reasoned:
    """Weigh measured features; see :func:`detect_style`."""
    unusual = np.array(astuple(features)) - weights.usual
    scores = weights.weights @ unusual + weights.bias
    chance = np.exp(scores - scores.max())
    chance /= chance.sum()
    best = int(chance.argmax())
    others = np.delete(weights.weights, best, axis=0).mean(axis=0)
    support = (weights.weights[best] - others) * unusual
    return Reasoned(STYLES[best], float(chance[best]), _reasons(support, unusual))


def _reasons(support: FloatArray, unusual: FloatArray) -> tuple[str, ...]:
    order = [int(i) for i in np.argsort(-support) if support[i] > LEAST_SUPPORT][:MOST_REASONS]
    return tuple(PHRASES[FEATURES[i]][0 if unusual[i] > 0 else 1] for i in order)


@lru_cache(maxsize=1)
def style_weights() -> StyleWeights:
    """Return the shipped weights."""
    stored = json.loads(files(__package__).joinpath("weights.json").read_text("utf-8"))
    rows = [[stored["weights"][style][feature] for feature in FEATURES] for style in STYLES]
    bias = [stored["bias"][style] for style in STYLES]
    usual = [stored["usual"][feature] for feature in FEATURES]
    return StyleWeights(np.array(rows), np.array(bias), np.array(usual))
