"""Train the beat network and write its weights.

    python -m training.beats --annotations ../shared/eval/guitarset/annotation --out WEIGHTS.npz

``--pool FOLDER`` keeps the rendered examples for the next run. ``--without-player 02`` leaves a player out
(to measure on), ``--without-sheet Jazz2`` the lead sheets whose name holds the text. The excerpts that have
audio to measure on are never learned from.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn

from genesis_music.rhythm.note_frames import FEATURES, note_frames
from genesis_music.rhythm.pulse import FRAMES_PER_PULSE, find_pulse
from training.beats_corpus import Piece, augmented, draw, guitarset_pieces, overlaid, register_only
from training.beats_generator import generated_piece
from training.beats_sources import jazz_pieces, pop_pieces

SECONDS = 36.0
FRAMES, CROP_FRAMES = 48 * FRAMES_PER_PULSE, 48 * FRAMES_PER_PULSE
LEARNING_RATE = 4e-3
CHANNELS = 32
DILATIONS = (1, 2, 3, 6, 12, 24, 48, 96)
KERNEL = 5
TARGET_WIDTH_FRAMES = 2.0
OVERLAID_SHARE, REGISTER_SHARE = 0.25, 0.1
FEATURE_DROPOUT = 0.05
GUITARSET_SHARE, SHARE_AMONG_OTHERS, JAZZ_SHARE, POP_SHARE = 0.6, 0.35, 0.25, 0.2
"""How much of the examples is GuitarSet, alone or beside others, jazz solos and pop songs; the rest is generated."""


class BeatNetwork(nn.Module):
    """Residual dilated convolutions: ``[batch, features, frames]`` → 3 logits per frame."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(FEATURES, CHANNELS, 1)
        self.spread = nn.ModuleList(
            nn.Conv1d(CHANNELS, CHANNELS, KERNEL, padding="same", dilation=d) for d in DILATIONS
        )
        self.mix = nn.ModuleList(nn.Conv1d(CHANNELS, CHANNELS, 1) for _ in DILATIONS)
        self.norm = nn.ModuleList(nn.BatchNorm1d(CHANNELS) for _ in DILATIONS)
        self.head = nn.Conv1d(CHANNELS, 3, 1)
        self.dropout = nn.Dropout1d(0.1)

    def forward(self, features: Tensor) -> Tensor:
        """Beat, downbeat, compound: ``[batch, 3, frames]``."""
        hidden = self.stem(features)
        for spread, norm, mix in zip(self.spread, self.norm, self.mix, strict=True):
            hidden = hidden + mix(self.dropout(torch.relu(norm(spread(hidden)))))
        logits: Tensor = self.head(torch.relu(hidden))
        return logits


@dataclass(frozen=True)
class Pool:
    """Rendered examples: features, targets (beat, downbeat, compound), frames that count, whose they are."""

    features: np.ndarray
    targets: np.ndarray
    counted: np.ndarray
    names: np.ndarray

    def without(self, player: str, sheet: str) -> Pool:
        """Leave out a player (``"02"``) or lead sheets (``"Jazz2"``); an empty text leaves out none."""
        kept = [
            not (player and name.startswith(player)) and not (sheet and sheet in name) for name in self.names
        ]
        return Pool(*(column[kept] for column in (self.features, self.targets, self.counted, self.names)))


def render(piece: Piece) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, targets and the frames that count, cut or padded to :data:`FRAMES`."""
    clock = find_pulse(piece.onsets, piece.pitches.astype(float), float(piece.ends.max()))
    beats = clock.frames_at(piece.beats)
    rows = min(FRAMES, len(clock.seconds))
    features = np.zeros((FEATURES, FRAMES), np.float32)
    features[:, :rows] = note_frames(piece.notes(), clock)[:rows].T
    period = np.median(np.diff(beats))
    frames = np.arange(FRAMES)
    counted = (frames > beats[0] - period) & (frames < min(beats[-1] + period, rows))
    compound = np.full(FRAMES, float(piece.compound), np.float32)
    targets = np.stack([_peaks(beats), _peaks(beats[piece.beat_numbers == 1]), compound])
    return features, targets, counted


def _peaks(beat_frames: np.ndarray) -> np.ndarray:
    """Triangles around the beats, so that a frame says how near it lies."""
    distance = np.abs(np.arange(FRAMES)[:, None] - beat_frames[None])
    return np.maximum(0, 1 - distance / TARGET_WIDTH_FRAMES).max(axis=1, initial=0).astype(np.float32)


def example(sources: Sequence[Sequence[Piece]], shares: Sequence[float], rng: Generator) -> Piece:
    """One augmented piece of a source drawn by its share; what is left of the shares is generated."""
    chosen = int(np.searchsorted(np.cumsum(shares), rng.random(), "right"))
    if chosen == len(shares):
        return augmented(generated_piece(rng, 60), SECONDS, rng)
    pieces = sources[chosen]
    piece = draw(pieces, rng)
    kind = rng.random()
    if kind < OVERLAID_SHARE:
        own = [other for other in pieces if other.name[:2] == piece.name[:2]]
        piece = overlaid(piece, own, rng)
    elif kind < OVERLAID_SHARE + REGISTER_SHARE:
        piece = register_only(piece, rng)
    return augmented(piece, SECONDS, rng)


def make_pool(
    sources: Sequence[Sequence[Piece]], shares: Sequence[float], examples: int, seed: tuple[int, int]
) -> Pool:
    rng = np.random.default_rng(seed)
    features = np.empty((examples, FEATURES, FRAMES), np.float16)
    targets = np.empty((examples, 3, FRAMES), np.float16)
    counted = np.empty((examples, FRAMES), bool)
    names = []
    for index in range(examples):
        piece = example(sources, shares, rng)
        features[index], targets[index], counted[index] = render(piece)
        names.append(piece.name)
    return Pool(features, targets, counted, np.array(names))


def train(data: Pool, steps: int, batch: int, seed: int) -> BeatNetwork:
    """One cycle of the learning rate over ``steps``."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = BeatNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
    shares = torch.tensor([1.0, 1.0, 0.1])[None, :, None]
    boosts = torch.tensor([2.0, 4.0, 1.0])[None, :, None]
    running = 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * _rate(step / steps)
        features, targets, counted = _batch(data, batch, rng)
        logits = network(features * (torch.rand(batch, FEATURES, 1) > FEATURE_DROPOUT))
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits, targets, reduction="none", pos_weight=boosts
        )
        weight = counted[:, None] * shares
        loss = (loss * weight).sum() / weight.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        running = loss.item() if step == 0 else 0.98 * running + 0.02 * loss.item()
        if step % 100 == 99:
            print(f"step {step + 1} of {steps} loss {running:.4f}", flush=True)
    return network.eval()


def _rate(progress: float) -> float:
    """Warm up over the first tenth, then fall along a cosine."""
    return min(1.0, 0.05 + progress / 0.1) * (0.5 + 0.5 * np.cos(np.pi * progress))


def _batch(data: Pool, batch: int, rng: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Random examples, each cut to :data:`CROP_FRAMES` at a random place."""
    chosen = rng.integers(len(data.names), size=batch)
    starts = rng.integers(FRAMES - CROP_FRAMES + 1, size=batch)
    features, targets, counted = (
        np.stack([column[i, ..., s : s + CROP_FRAMES] for i, s in zip(chosen, starts, strict=True)])
        for column in (data.features, data.targets, data.counted)
    )
    return tuple(torch.from_numpy(part.astype(np.float32)) for part in (features, targets, counted))


def _fold_norms(network: BeatNetwork) -> None:
    """Put each normalisation's scale and shift into the convolution before it."""
    for spread, norm in zip(network.spread, network.norm, strict=True):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        spread.bias.data = (spread.bias - norm.running_mean) * scale + norm.bias
        spread.weight.data = spread.weight * scale[:, None, None]


def export(network: BeatNetwork, path: Path) -> None:
    """Weights as plain arrays, in the layout that the run-time matrix products want: [tap, in, out]."""
    _fold_norms(network)
    arrays = {}
    for name, conv in network.named_modules():
        if isinstance(conv, nn.Conv1d):
            arrays[f"{name}.weight"] = conv.weight.detach().permute(2, 1, 0).numpy().astype(np.float16)
            arrays[f"{name}.bias"] = conv.bias.detach().numpy().astype(np.float16)
    np.savez_compressed(path, dilations=np.array(DILATIONS), **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--jazz", type=Path, help="Weimar Jazz Database, see beats_sources.py")
    parser.add_argument("--pop", type=Path, help="POP909, see beats_sources.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pool", type=Path, help="folder that keeps the rendered examples between runs")
    parser.add_argument("--without-player", default="")
    parser.add_argument("--without-sheet", default="")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--examples", type=int, default=16000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int, default=4, help="processes that render examples")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = kept_pool(options).without(options.without_player, options.without_sheet)
    export(train(data, options.steps, options.batch, options.seed), options.out)


def sources_of(options: argparse.Namespace) -> tuple[list[list[Piece]], list[float]]:
    """The pieces there are, source by source, and the share of each in the examples."""
    sources, shares = [guitarset_pieces(options.annotations)], [GUITARSET_SHARE]
    if options.jazz:
        sources.append(jazz_pieces(options.jazz))
        shares.append(JAZZ_SHARE)
    if options.pop:
        sources.append(pop_pieces(options.pop))
        shares.append(POP_SHARE)
    shares[0] = SHARE_AMONG_OTHERS if len(shares) > 1 else GUITARSET_SHARE
    return sources, shares


def kept_pool(options: argparse.Namespace) -> Pool:
    columns = ("features", "targets", "counted", "names")
    if options.pool and (options.pool / "names.npy").exists():
        return Pool(*(np.load(options.pool / f"{name}.npy", mmap_mode="r") for name in columns))
    sources, shares = sources_of(options)
    work = partial(make_pool, sources, shares, options.examples // options.workers)
    with ProcessPoolExecutor(options.workers) as workers:
        parts = list(workers.map(work, [(options.seed, worker) for worker in range(options.workers)]))
    data = Pool(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))
    if options.pool:
        options.pool.mkdir(parents=True, exist_ok=True)
        for name in columns:
            np.save(options.pool / f"{name}.npy", getattr(data, name))
    return data


if __name__ == "__main__":
    main()
