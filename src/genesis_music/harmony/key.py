"""Notes to the key: pitch-class profiles over sounding time (Krumhansl, Kessler 1982; profiles learned here)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genesis_music.harmony.evidence import FloatArray
from genesis_music.harmony.scale import pitch_class_seconds
from genesis_music.score import Key, Note

PROFILES = {
    "major": np.array([0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081]),
    "minor": np.array([0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052]),
}
"""Share of sounding time of each pitch class above the tonic (Temperley's Kostka–Payne figures, as shares)."""
SHARPNESS = 12.0
"""How many independent notes' worth of evidence a whole piece is taken for when confidence is reported."""


def estimate_key(notes: Sequence[Note]) -> Key:
    """Name the key of the notes; C major with confidence 0 when there are none."""
    totals = pitch_class_seconds(notes)
    if totals.sum() <= 0.0:
        return Key(0, "major", 0.0)
    scores = profile_scores(totals)
    best = int(scores.argmax())
    chance = np.exp(SHARPNESS * (scores - scores.max()))
    return Key(best % 12, "major" if best < 12 else "minor", float(1.0 / chance.sum()))


def profile_scores(totals: FloatArray) -> FloatArray:
    """``[24]`` mean log-likelihood of the notes per key: 12 major keys by tonic, then 12 minor ones."""
    share = totals / totals.sum()
    return np.array(
        [share @ np.log(np.roll(PROFILES[mode], tonic)) for mode in ("major", "minor") for tonic in range(12)]
    )
