"""Train the fret model: from GuitarSet's annotations and generated guitar idioms to ``fret_model.npz``.

    python -m training.fingering --annotations ../shared/eval/guitarset/annotation --out fret_model.npz

``--leave-out 03`` trains without one player, for cross-validation. The held-out excerpts never train. Needs
PyTorch; takes some minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from genesis_music.evaluation.guitarset import HELD_OUT, Excerpt, read_excerpt
from genesis_music.score import Note
from genesis_music.tablature.fret_model import FEATURES, FRETS, NotesInOrder, features
from genesis_music.tablature.simultaneous import group_simultaneous
from genesis_music.tablature.tunings import STANDARD
from training.guitar_idioms import generate_part

CHANNELS = 64
TAPS = 5
DILATIONS = (1, 1, 2, 4, 8, 16)
STEPS = 700
BATCH = 24
GENERATED_SHARE = 1 / 3
GENERATED_PARTS = 1500
WINDOW_NOTES = 192
SHORT_SHARE = 0.3
SHORT_NOTES = 40
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
DROPOUT = 0.25
AVERAGED_FROM = 1 / 3
AVERAGE_STEP = 0.02
STRINGS = 6
GENERATOR_SEED = 1
NETWORKS = 2


@dataclass(frozen=True)
class Part:
    """Notes in playing order with the frets they were played at (``[N]``)."""

    notes: NotesInOrder
    frets: np.ndarray

    @property
    def open_pitches(self) -> np.ndarray:
        """Open pitch of the string of each note."""
        return self.notes.pitches_midi - self.frets


def recorded_part(excerpt: Excerpt) -> Part:
    """Turn an annotated excerpt into a part."""
    return _part([n.note for n in excerpt.notes], [n.fret for n in excerpt.notes])


def generated_part(random: np.random.Generator) -> Part:
    """Generate a part at a random tempo, half of the time with a human's timing."""
    played = generate_part(random)
    seconds = 60.0 / random.uniform(60, 180)
    legato = random.uniform(0.6, 1.05)
    spread = 0.006 if random.random() < 0.5 else 0.0
    notes = [
        Note(
            max(0.0, n.onset * seconds + random.normal(0, spread)), n.length * seconds * legato, n.pitch_midi
        )
        for n in played
    ]
    return _part(notes, [n.fret for n in played])


def _part(notes: Sequence[Note], frets: Sequence[int]) -> Part:
    strokes = group_simultaneous(notes, STRINGS)
    order = [i for stroke in strokes for i in stroke]
    in_order = NotesInOrder(
        np.array([notes[i].pitch_midi for i in order]),
        np.array([notes[i].onset_seconds for i in order]),
        np.array([notes[i].duration_seconds for i in order]),
        np.repeat(np.arange(len(strokes)), [len(stroke) for stroke in strokes]),
    )
    return Part(in_order, np.array([frets[i] for i in order]))


def varied(part: Part, random: np.random.Generator) -> Part:
    """Vary tempo, articulation, position and completeness, none of which changes the fingering."""
    notes, frets = part.notes, part.frets
    shift = int(random.integers(-2, 3))
    if frets.min() > max(0, -shift) and random.random() < 0.5:
        frets = frets + shift
        notes = replace(notes, pitches_midi=notes.pitches_midi + shift)
    tempo = np.exp(random.normal(0, 0.2))
    notes = replace(
        notes,
        onsets_seconds=notes.onsets_seconds * tempo,
        durations_seconds=notes.durations_seconds * tempo * np.exp(random.normal(0, 0.15)),
    )
    heard = random.random(len(frets)) >= (random.uniform(0, 0.15) if random.random() < 0.5 else 0.0)
    return Part(_kept(notes, heard), frets[heard]) if heard.sum() > 10 else Part(notes, frets)


def _kept(notes: NotesInOrder, heard: np.ndarray) -> NotesInOrder:
    return NotesInOrder(
        notes.pitches_midi[heard],
        notes.onsets_seconds[heard],
        notes.durations_seconds[heard],
        np.unique(notes.stroke[heard], return_inverse=True)[1],
    )


class Network(nn.Module):
    """The network of :class:`~genesis_music.tablature.fret_model.FretModel`, with what training adds."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs = nn.Linear(FEATURES, CHANNELS)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(CHANNELS, CHANNELS, TAPS, padding=d * (TAPS // 2), dilation=d) for d in DILATIONS
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(CHANNELS) for _ in DILATIONS)
        self.dropout = nn.Dropout(DROPOUT)
        self.outputs = nn.Linear(CHANNELS, FRETS)

    def forward(self, described: torch.Tensor) -> torch.Tensor:
        """Score frets: ``[B, L, FEATURES]`` to ``[B, L, FRETS]``."""
        hidden = self.inputs(described).transpose(1, 2)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            hidden = hidden + self.dropout(functional.relu(norm(convolution(hidden))))
        return self.outputs(hidden.transpose(1, 2))


def _batch(parts: Sequence[Part], count: int, random: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Draw windows: features, frets (-1 beyond the end) and which frets can sound each note."""
    described = np.zeros((count, WINDOW_NOTES, FEATURES), np.float32)
    target = np.full((count, WINDOW_NOTES), -1)
    possible = np.zeros((count, WINDOW_NOTES, FRETS), bool)
    for row in range(count):
        part = varied(parts[random.integers(len(parts))], random)
        part = _window(part, random)
        length = len(part.frets)
        described[row, :length] = features(part.notes)
        target[row, :length] = part.frets
        frets = part.notes.pitches_midi[:, None] - np.array(STANDARD.pitches_midi)
        note, string = np.nonzero((frets >= 0) & (frets < FRETS))
        possible[row, note, frets[note, string]] = True
    return torch.from_numpy(described), torch.from_numpy(target), torch.from_numpy(possible)


def _window(part: Part, random: np.random.Generator) -> Part:
    """Cut a stretch out of a part; some are only a chord or a lick, as users try such things too."""
    longest = WINDOW_NOTES if random.random() > SHORT_SHARE else int(random.integers(1, SHORT_NOTES))
    start = int(random.integers(max(1, len(part.frets) - longest + 1)))
    inside = np.arange(len(part.frets)) - start
    wanted = (inside >= 0) & (inside < longest)
    return Part(_kept(part.notes, wanted), part.frets[wanted])


def train(recorded: Sequence[Part], generated: Sequence[Part], seed: int) -> Network:
    """Fit the network by the likelihood of the frets played; returns the average of its later weights."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = Network()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, STEPS)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(1 - AVERAGE_STEP), use_buffers=True
    )
    from_generated = round(BATCH * GENERATED_SHARE)
    for step in range(STEPS):
        drawn = (
            _batch(recorded, BATCH - from_generated, random),
            _batch(generated, from_generated, random),
        )
        described, target, possible = (torch.cat(pair) for pair in zip(*drawn, strict=True))
        scores = network(described).masked_fill(~possible, -1e9)
        loss = functional.cross_entropy(scores.transpose(1, 2), target, ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step >= STEPS * AVERAGED_FROM:
            average.update_parameters(network)
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    averaged: Network = average.module
    return averaged.eval()


def save(networks: Sequence[Network], path: Path) -> None:
    """Write the weights as ``FretModel`` reads them, in half precision."""
    folded = [_folded(network) for network in networks]
    stacked = {name: torch.stack([weights[name] for weights in folded]) for name in folded[0]}
    halves = {name: tensor.detach().numpy().astype(np.float16) for name, tensor in stacked.items()}
    np.savez_compressed(path, dilations=np.array(DILATIONS), **halves)


def _folded(network: Network) -> dict[str, torch.Tensor]:
    """The weights of one network, the normalisation folded into the convolutions."""
    convolutions, biases = [], []
    for convolution, norm in zip(network.convolutions, network.norms, strict=True):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        convolutions.append((convolution.weight * scale[:, None, None]).permute(2, 1, 0))
        biases.append((convolution.bias - norm.running_mean) * scale + norm.bias)
    return {
        "inputs": _with_bias(network.inputs),
        "convolutions": torch.stack(convolutions),
        "biases": torch.stack(biases),
        "outputs": _with_bias(network.outputs),
    }


def _with_bias(layer: nn.Linear) -> torch.Tensor:
    return torch.cat([layer.weight.T, layer.bias[None]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotations", type=Path, required=True, help="folder of GuitarSet's JAMS files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--leave-out", default="", help="a player, such as 03")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    excerpts = [read_excerpt(path) for path in sorted(arguments.annotations.glob("*.jams"))]
    recorded = [
        recorded_part(excerpt)
        for excerpt in excerpts
        if excerpt.name not in HELD_OUT and excerpt.player != arguments.leave_out
    ]
    random = np.random.default_rng(GENERATOR_SEED)
    generated = [generated_part(random) for _ in range(GENERATED_PARTS)]
    generated = [part for part in generated if len(part.frets) > 20]
    save([train(recorded, generated, seed) for seed in range(NETWORKS)], arguments.out)


if __name__ == "__main__":
    main()
