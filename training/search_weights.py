"""Find the weights of the fingering search: coordinate search on GuitarSet players the model has not seen.

    python -m training.search_weights --annotations ../shared/eval/guitarset/annotation --folds FOLDER

``FOLDER`` holds one fret model per player, ``<player>.npz``, made by ``training.fingering --leave-out``. Each
player counts the same. Prints the weights to put into ``SearchWeights``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean

from genesis_music.evaluation.guitarset import HELD_OUT, read_excerpt
from genesis_music.evaluation.tablature import LabelledTrack, from_excerpt, string_agreement, total
from genesis_music.tablature.fingering import FingeringSettings
from genesis_music.tablature.fret_model import FretModel, read_fret_model
from genesis_music.tablature.hand_search import SearchWeights

FACTORS = (0.6, 1.6)
WORTH_A_CHANGE = 2e-4
MOST_CUT_COST = 3.0
"""GuitarSet's note ends are exact, so a higher cost would pay there; ends from audio are not."""
Players = Mapping[str, tuple[FretModel, Sequence[LabelledTrack]]]


def search(players: Players, weights: SearchWeights) -> SearchWeights:
    """Scale one weight at a time for as long as the agreement grows."""
    best, improved = _agreement(players, weights), True
    while improved:
        improved = False
        for name, value in asdict(weights).items():
            for factor in FACTORS:
                tried = replace(weights, **{name: value * factor})
                agreement = _agreement(players, tried) if tried.cut <= MOST_CUT_COST else 0.0
                if agreement > best + WORTH_A_CHANGE:
                    best, weights, improved = agreement, tried, True
                    print(f"{best:.4f} {weights}", flush=True)
    return weights


def _agreement(players: Players, weights: SearchWeights) -> float:
    settings = FingeringSettings(weights=weights)
    return fmean(
        total([string_agreement(track, model, settings) for track in tracks]).ratio
        for model, tracks in players.values()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotations", type=Path, required=True, help="folder of GuitarSet's JAMS files")
    parser.add_argument("--folds", type=Path, required=True)
    arguments = parser.parse_args()
    excerpts = [read_excerpt(path) for path in sorted(arguments.annotations.glob("*.jams"))]
    players = {}
    for player in sorted({excerpt.player for excerpt in excerpts}):
        with (arguments.folds / f"{player}.npz").open("rb") as file:
            model = read_fret_model(file)
        known = [e for e in excerpts if e.player == player and e.name not in HELD_OUT]
        players[player] = (model, [from_excerpt(excerpt) for excerpt in known])
    search(players, SearchWeights())


if __name__ == "__main__":
    main()
