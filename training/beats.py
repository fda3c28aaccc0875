"""Train the beat network and write its weights.

    python -m training.beats --annotations ../shared/eval/guitarset/annotation --out WEIGHTS.npz

``--without-player 02`` leaves a player out (to measure on), ``--without-sheet Jazz2`` the lead sheets
whose name holds the text. The excerpts that have audio to measure on are never learned from.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn

from genesis_music.rhythm.note_frames import FEATURES, FRAMES_PER_SECOND, note_frames
from training.beats_corpus import Piece, augmented, draw, guitarset_pieces
from training.beats_generator import generated_piece

SECONDS = 28.0
FRAMES = int(SECONDS * FRAMES_PER_SECOND) + 1
CHANNELS = 32
DILATIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
KERNEL = 5
TARGET_WIDTH_FRAMES = 1.5


class BeatNetwork(nn.Module):
    """Residual dilated convolutions over note features: ``[batch, features, frames]`` → 3 logits per frame."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(FEATURES, CHANNELS, 1)
        self.spread = nn.ModuleList(
            nn.Conv1d(CHANNELS, CHANNELS, KERNEL, padding="same", dilation=d) for d in DILATIONS
        )
        self.mix = nn.ModuleList(nn.Conv1d(CHANNELS, CHANNELS, 1) for _ in DILATIONS)
        self.head = nn.Conv1d(CHANNELS, 3, 1)
        self.dropout = nn.Dropout1d(0.1)

    def forward(self, features: Tensor) -> Tensor:
        hidden = self.stem(features)
        for spread, mix in zip(self.spread, self.mix, strict=True):
            hidden = hidden + mix(self.dropout(torch.relu(spread(hidden))))
        logits: Tensor = self.head(torch.relu(hidden))
        return logits


@dataclass(frozen=True)
class Pool:
    """Rendered examples: features, targets (beat, downbeat, compound) and the frames that count."""

    features: Tensor
    targets: Tensor
    counted: Tensor


def render(piece: Piece) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    features = note_frames(piece.notes(), SECONDS)
    beats = _peaks(piece.beats)
    downbeats = _peaks(piece.beats[piece.beat_numbers == 1])
    compound = np.full(FRAMES, float(piece.compound), np.float32)
    seconds = np.arange(FRAMES) / FRAMES_PER_SECOND
    period = np.median(np.diff(piece.beats))
    counted = (seconds > piece.beats[0] - period) & (seconds < piece.beats[-1] + period)
    return features[:FRAMES].T, np.stack([beats, downbeats, compound]), counted


def _peaks(times: np.ndarray) -> np.ndarray:
    """Triangles around ``times``, so that a frame says how near it lies."""
    frames = np.arange(FRAMES)[:, None]
    distance = np.abs(frames - times[None] * FRAMES_PER_SECOND)
    return np.maximum(0, 1 - distance / TARGET_WIDTH_FRAMES).max(axis=1, initial=0).astype(np.float32)


def pool(source: Callable[[Generator], Piece], examples: int, rng: Generator) -> Pool:
    features = np.empty((examples, FEATURES, FRAMES), np.float16)
    targets = np.empty((examples, 3, FRAMES), np.float16)
    counted = np.empty((examples, FRAMES), bool)
    for index in range(examples):
        features[index], targets[index], counted[index] = render(augmented(source(rng), SECONDS, rng))
    return Pool(torch.from_numpy(features), torch.from_numpy(targets), torch.from_numpy(counted))


def train(data: Pool, minutes: float, batch: int, seed: int) -> BeatNetwork:
    torch.manual_seed(seed)
    network = BeatNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3, weight_decay=0.02)
    start, step, running = time.process_time(), 0, 0.0
    shares = torch.tensor([1.0, 1.0, 0.1])[None, :, None]
    boosts = torch.tensor([2.0, 4.0, 1.0])[None, :, None]
    network.train()
    while (progress := (time.process_time() - start) / 60 / minutes) < 1:
        rate = min(1.0, (step + 1) / 50) * 0.5 * (1 + np.cos(np.pi * progress))
        for group in optimizer.param_groups:
            group["lr"] = 4e-3 * rate + 1e-5
        chosen = torch.randint(len(data.features), (batch,))
        logits = network(data.features[chosen].float())
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits, data.targets[chosen].float(), reduction="none", pos_weight=boosts
        )
        weight = data.counted[chosen][:, None].float() * shares
        loss = (loss * weight).sum() / weight.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
        running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"step {step} progress {progress:.2f} loss {running:.4f}", flush=True)
    return network.eval()


def export(network: BeatNetwork, path: Path) -> None:
    """Weights as plain arrays, in the layout that the run-time matrix products want: [tap, in, out]."""
    arrays = {}
    for name, conv in network.named_modules():
        if isinstance(conv, nn.Conv1d):
            arrays[f"{name}.weight"] = conv.weight.detach().permute(2, 1, 0).numpy().astype(np.float16)
            arrays[f"{name}.bias"] = conv.bias.detach().numpy().astype(np.float16)
    np.savez_compressed(path, dilations=np.array(DILATIONS), **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without-player", default="")
    parser.add_argument("--without-sheet", default="")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--examples", type=int, default=6000)
    parser.add_argument("--generated-share", type=float, default=0.4)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    pieces = [
        piece
        for piece in guitarset_pieces(options.annotations)
        if not (options.without_player and piece.name.startswith(options.without_player))
        and not (options.without_sheet and options.without_sheet in piece.name)
    ]

    def source(rng: Generator) -> Piece:
        return generated_piece(rng, 60) if rng.random() < options.generated_share else draw(pieces, rng)

    started = time.time()
    data = pool(source, options.examples, rng)
    print(f"{len(pieces)} pieces, {options.examples} examples in {time.time() - started:.0f} s", flush=True)
    export(train(data, options.minutes, options.batch, options.seed), options.out)


if __name__ == "__main__":
    main()
