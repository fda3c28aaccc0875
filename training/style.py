"""Learn the style rows that GuitarSet (CC BY 4.0) can teach; keep the textbook's for the others.

    python -m training.style --annotations ../shared/eval/guitarset/annotation

rewrites ``src/genesis_music/style/weights.json``. ``--leave-out player`` (or ``sheet``) prints the held-back accuracy
among GuitarSet's five styles and among all ten.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from genesis_music.evaluation.guitarset import Excerpt
from genesis_music.evaluation.harmony import annotated_tempo_map
from genesis_music.harmony import analyse_harmony
from genesis_music.score import TabNote, Track, Tuning, WrittenTime
from genesis_music.style import detection
from genesis_music.style.detection import FEATURES, STYLES
from genesis_music.style.features import style_features
from training.harmony import groups, training_excerpts

WEIGHTS_PATH = Path(detection.__file__).with_name("weights.json")
TAUGHT = {"Rock": "rock", "Jazz": "jazz", "BN": "bossa nova", "Funk": "funk", "SS": "fingerstyle folk"}
PULL = 0.1
STEPS = 250

TEXTBOOK: dict[str, dict[str, float]] = {
    "blues": {"swing": 1.5, "blues_form": 3.5, "bends": 2.0, "sevenths": 1.0, "slides": 0.7, "extensions": -1.0},
    "rock": {"power_chords": 1.0, "bends": 1.5, "sevenths": -1.0, "chordal": 0.5, "swing": -0.5, "borrowed": 1.0},
    "metal": {
        "power_chords": 5.0, "palm_mutes": 4.0, "low_register": 1.0, "minor": 0.7, "density": 1.5, "sevenths": -2.0,
        "swing": -1.0,
    },
    "jazz": {"swing": 2.0, "sevenths": 2.0, "extensions": 1.5, "tempo": 1.0, "power_chords": -2.0, "bends": -0.5},
    "bossa nova": {"swing": -1.0, "sevenths": 1.0, "extensions": 1.5, "off_beat": 1.5, "bends": -1.5},
    "funk": {"sixteenths": 3.0, "staccato": 2.0, "off_beat": 1.0, "sevenths": 1.0, "ringing": -1.0},
    "fingerstyle folk": {"ringing": 2.0, "single_line": 0.5, "sevenths": -0.5, "tempo": -1.0, "slurs": 0.5},
    "classical": {
        "ringing": 1.5, "single_line": 1.0, "minor": 0.5, "sevenths": -0.5, "swing": -2.0, "bends": -2.0,
        "off_beat": -1.5, "palm_mutes": -2.0, "chordal": -1.0,
    },
    "pop": {"chordal": 2.0, "sevenths": -1.5, "minor": -0.5, "off_beat": 0.3, "bends": -1.0, "blues_form": -2.0},
    "country": {
        "swing": 0.5, "slides": 1.0, "slurs": 1.5, "minor": -1.5, "sevenths": -0.7, "bends": 0.7, "tempo": 1.0,
        "single_line": 0.5, "low_register": 0.7,
    },
}  # fmt: skip
TEXTBOOK_BIAS = {"metal": -0.5, "classical": -1.0, "country": -1.5, "blues": -1.0, "pop": -0.5}


def track_of(excerpt: Excerpt) -> Track:
    nowhere = WrittenTime(1, Fraction(0), Fraction(1))
    notes = tuple(
        TabNote(str(index), labelled.note, nowhere, labelled.string, labelled.fret)
        for index, labelled in enumerate(excerpt.notes)
    )
    return Track("guitar", "guitar", Tuning("standard", (64, 59, 55, 50, 45, 40)), 0, notes)


def measure(excerpt: Excerpt) -> list[float]:
    tempo_map = annotated_tempo_map(excerpt)
    harmony = analyse_harmony([labelled.note for labelled in excerpt.notes], tempo_map)
    return list(astuple(style_features([track_of(excerpt)], tempo_map, harmony)))


def style_of(excerpt: Excerpt) -> int:
    sheet = excerpt.name.split("_")[1].split("-")[0]
    return STYLES.index(TAUGHT[sheet.rstrip("0123456789")])


def textbook() -> tuple[torch.Tensor, torch.Tensor]:
    rows = [[TEXTBOOK[style].get(feature, 0.0) for feature in FEATURES] for style in STYLES]
    return torch.tensor(rows), torch.tensor([TEXTBOOK_BIAS.get(style, 0.0) for style in STYLES])


def learn(features: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights ``[styles, features]`` and bias; only the taught rows move."""
    rows, bias = textbook()
    taught = torch.tensor([style in TAUGHT.values() for style in STYLES])
    shift = torch.zeros(rows.shape[0], rows.shape[1] + 1, requires_grad=True)
    optimiser = torch.optim.Adam([shift], lr=0.05)
    for _ in range(STEPS):
        moved = shift * taught[:, None]
        scores = features @ (rows + moved[:, :-1]).T + bias + moved[:, -1]
        loss = torch.nn.functional.cross_entropy(scores, labels) + PULL * (moved**2).sum() / 10
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    moved = (shift * taught[:, None]).detach()
    return rows + moved[:, :-1], bias + moved[:, -1]


def cross_validate(
    excerpts: Sequence[Excerpt], features: torch.Tensor, labels: torch.Tensor, by: str
) -> None:
    group = groups(by)
    names = [group(excerpt) for excerpt in excerpts]
    taught = [STYLES.index(style) for style in TAUGHT.values()]
    among_five, among_ten = [], []
    for name in sorted(set(names)):
        inside = torch.tensor([n != name for n in names])
        rows, bias = learn(features[inside], labels[inside])
        scores = features[~inside] @ rows.T + bias
        among_ten += (scores.argmax(dim=1) == labels[~inside]).tolist()
        best = torch.tensor(taught)[scores[:, taught].argmax(dim=1)]
        among_five += (best == labels[~inside]).tolist()
    print(f"leaving one {by} out: {np.mean(among_five):.3f} of five, {np.mean(among_ten):.3f} of ten styles")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--leave-out", choices=("player", "sheet"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    excerpts = training_excerpts(options.annotations)
    raw = torch.tensor([measure(excerpt) for excerpt in excerpts], dtype=torch.float32)
    labels = torch.tensor([style_of(excerpt) for excerpt in excerpts])
    usual = raw.mean(dim=0)
    features = raw - usual
    if options.leave_out:
        cross_validate(excerpts, features, labels, options.leave_out)
        return
    rows, bias = learn(features, labels)
    stored = {
        "usual": {f: round(float(usual[j]), 3) for j, f in enumerate(FEATURES)},
        "bias": {s: round(float(bias[i]), 3) for i, s in enumerate(STYLES)},
        "weights": {
            s: {f: round(float(rows[i, j]), 3) for j, f in enumerate(FEATURES)} for i, s in enumerate(STYLES)
        },
    }
    WEIGHTS_PATH.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
