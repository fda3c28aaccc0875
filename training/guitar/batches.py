"""Batches of rendered examples with their targets, made in processes of their own ahead of the training.

What a batch holds follows from the seed of the run and the number of the step alone, never from how many processes
make it or where training was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from training.guitar.example import Example
from training.guitar.network import HOP_SAMPLES
from training.guitar.targets import Targets, targets

Source = Callable[[int], Iterator[Example]]
"""From a seed to examples of equal length without end."""
PREFETCHED_BATCHES = 6


@dataclass(frozen=True, eq=False)
class Batch:
    """Audio ``[batch, samples]`` and the targets of each, tensors with a batch axis in front."""

    audio: Tensor
    targets: Targets

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        moved = {f.name: getattr(self.targets, f.name).to(device, non_blocking=True) for f in fields(Targets)}
        return Batch(self.audio.to(device, non_blocking=True), Targets(**moved))


def collate(examples: Sequence[Example]) -> Batch:
    """Stack examples of equal length."""
    audio = torch.from_numpy(np.stack([example.audio for example in examples]))
    frames = -(-audio.shape[1] // HOP_SAMPLES)
    each = [targets(example.notes, frames) for example in examples]
    stacked = {
        f.name: torch.from_numpy(np.stack([getattr(t, f.name) for t in each])) for f in fields(Targets)
    }
    return Batch(audio, Targets(**stacked))


class Rendered(Dataset[Batch]):
    """The batch of every step, rendered when it is asked for."""

    def __init__(self, source: Source, seed: int, examples_per_batch: int) -> None:
        self._source = source
        self._seed = seed
        self._examples_per_batch = examples_per_batch

    def __getitem__(self, step: int) -> Batch:
        seed = int(np.random.SeedSequence((self._seed, step)).generate_state(1)[0])
        return collate(list(islice(self._source(seed), self._examples_per_batch)))


def batches(rendered: Rendered, steps: range, workers: int) -> Iterator[Batch]:
    """The batches of the steps, in order; ``workers`` 0 renders in this process."""
    ahead = PREFETCHED_BATCHES if workers else None
    return iter(
        DataLoader(
            rendered,
            batch_size=None,
            sampler=steps,
            num_workers=workers,
            prefetch_factor=ahead,
        )
    )
