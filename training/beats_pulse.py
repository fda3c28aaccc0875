"""Fit the weights that choose the pulse (``genesis_music.rhythm.pulse``), and print them.

    python -m training.beats_pulse --annotations ../shared/eval/guitarset/annotation

A linear score over the evidence for every period, trained so that the beat, or an octave of it, is the most
likely: 28 numbers from the GuitarSet excerpts that may train, and generated music.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genesis_music.rhythm.pulse import MULTIPLES, period_candidates, period_evidence
from training.beats_corpus import Piece, augmented, guitarset_pieces
from training.beats_generator import generated_piece

SECONDS = 36.0
OCTAVES = (0.25, 0.5, 1, 2, 4)
TOLERANCE = 0.025
STEPS, BATCH = 400, 1024


def windows(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Evidence and right answers of the windows where there is one."""
    periods = period_candidates()
    evidence = period_evidence(
        piece.onsets, piece.pitches.astype(float), float(piece.ends.max()) + 0.5, periods
    )
    hops = np.arange(len(evidence), dtype=float)
    middles = (piece.beats[1:] + piece.beats[:-1]) / 2
    beat = np.interp(hops, middles, np.diff(piece.beats))
    away = np.abs(np.log(periods / (beat[:, None, None] * np.array(OCTAVES)[:, None])))
    right = (away < TOLERANCE).any(axis=1)
    right[(hops < piece.beats[0]) | (hops > piece.beats[-1])] = False
    counted = right.any(axis=1)
    return evidence[counted], right[counted]


def fit(evidence: Tensor, right: Tensor) -> Tensor:
    weights = torch.zeros(evidence.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.1)
    for step in range(STEPS):
        chosen = torch.randint(len(evidence), (BATCH,))
        score = torch.einsum("nfp,f->np", evidence[chosen], weights)
        likely = torch.logsumexp(score.masked_fill(~right[chosen], -1e9), 1) - torch.logsumexp(score, 1)
        loss = 1e-4 * weights.pow(2).sum() - likely.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step == STEPS * 2 // 3:
            optimizer.param_groups[0]["lr"] = 0.02
    print(f"loss {loss.item():.3f}")
    return weights.detach()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotations", type=Path, required=True)
    options = parser.parse_args()
    torch.manual_seed(0)
    rng = np.random.default_rng(11)
    pieces = [augmented(piece, SECONDS, rng) for piece in 2 * guitarset_pieces(options.annotations)]
    pieces += [augmented(generated_piece(rng, 60), SECONDS, rng) for _ in range(260)]
    columns = zip(*(windows(piece) for piece in pieces), strict=True)
    evidence, right = (torch.from_numpy(np.concatenate(column)) for column in columns)
    weights = fit(evidence.float(), right).numpy().round(1)
    print("all onsets", *weights[: len(MULTIPLES)])
    print("low onsets", *weights[len(MULTIPLES) : 2 * len(MULTIPLES)])
    print("octaves", *weights[2 * len(MULTIPLES) :])


if __name__ == "__main__":
    main()
