"""Fit the logistic models of technique detection on labelled synthetic performances.

    python -m training.techniques

prints the weights that stand in ``legato.py``, ``contour.py`` and ``texture.py``. Performances with seeds
below ``TRAINING_SEEDS`` are fitted; ``benchmarks.accuracy.techniques`` measures on others.
"""

from __future__ import annotations

import numpy as np

from genesis_music.score import TechniqueKind
from genesis_music.tablature.contour import vibrato_features
from genesis_music.tablature.legato import string_moves
from genesis_music.tablature.note_columns import note_columns
from genesis_music.tablature.texture import palm_mute_features
from training.technique_performances import STANDARD, Performance, perform

TRAINING_SEEDS = 1200
RIDGE = 1.0
SLURS = frozenset({TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF, TechniqueKind.SLIDE})


def fit_logistic(features: np.ndarray, labels: np.ndarray, steps: int = 50) -> np.ndarray:
    """Bias and weights of a ridge logistic regression, by Newton's method."""
    inputs = np.hstack([np.ones((len(features), 1)), features])
    weights = np.zeros(inputs.shape[1])
    ridge = RIDGE * np.eye(len(weights))
    for _ in range(steps):
        probability = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (labels - probability) - ridge @ weights
        curvature = (inputs * (probability * (1 - probability))[:, None]).T @ inputs + ridge
        weights += np.linalg.solve(curvature, gradient)
    return weights


def legato_examples(performance: Performance) -> tuple[np.ndarray, np.ndarray]:
    columns = note_columns(performance.notes, performance.tempo_map)
    moves = string_moves(columns)
    slurred = np.zeros(len(columns.onset))
    slurred[columns.row_of] = [bool(kinds & SLURS) for kinds in performance.truth]
    return moves.features, slurred[moves.target]


def vibrato_examples(performance: Performance) -> tuple[np.ndarray, np.ndarray]:
    bent = [(tab.note, kinds) for tab, kinds in zip(performance.notes, performance.truth, strict=True)]
    moving = [(note, kinds) for note, kinds in bent if note.bend]
    if not moving:
        return np.empty((0, 3)), np.empty(0)
    features = vibrato_features([note for note, _ in moving])
    labels = np.array([TechniqueKind.VIBRATO in kinds for _, kinds in moving], dtype=float)
    long_enough = features[:, 0] > 0
    return features[long_enough], labels[long_enough]


def palm_mute_examples(performance: Performance) -> tuple[np.ndarray, np.ndarray]:
    columns = note_columns(performance.notes, performance.tempo_map)
    candidate, features = palm_mute_features(columns, STANDARD)
    muted = np.zeros(len(columns.onset))
    muted[columns.row_of] = [TechniqueKind.PALM_MUTE in kinds for kinds in performance.truth]
    return features[candidate], muted[candidate]


MODELS = (
    ("LEGATO_WEIGHTS", legato_examples),
    ("VIBRATO_WEIGHTS", vibrato_examples),
    ("PALM_MUTE_WEIGHTS", palm_mute_examples),
)


def main() -> None:
    performances = [perform(seed) for seed in range(TRAINING_SEEDS)]
    for name, examples in MODELS:
        features, labels = (np.concatenate(part) for part in zip(*map(examples, performances), strict=True))
        weights = fit_logistic(features, labels)
        print(f"{name} = ({', '.join(f'{w:.3f}' for w in weights)})  # {len(labels)} examples")


if __name__ == "__main__":
    main()
