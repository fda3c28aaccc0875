"""Tiny real Demucs models with random weights, saved as published models are."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

FOUR = ["drums", "bass", "other", "vocals"]
SIX = [*FOUR, "guitar", "piano"]


def save_model(folder: Path, sources: list[str], seed: int = 0) -> Path:
    """A hybrid transformer Demucs."""
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(seed)
    size = {"channels": 8, "depth": 4, "bottom_channels": 16, "t_layers": 1, "t_heads": 2, "segment": 2}
    return save(folder, f"tiny{len(sources)}s{seed}", HTDemucs(sources, **size), (sources,), size)


def save(folder: Path, name: str, model: object, args: tuple[object, ...], kwargs: dict[str, object]) -> Path:
    import torch

    state = model.state_dict()  # type: ignore[attr-defined]
    package = {"klass": type(model), "args": args, "kwargs": kwargs, "state": state, "training_args": {}}
    buffer = io.BytesIO()
    torch.save(package, buffer)
    path = folder / f"{name}-{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}.th"
    path.write_bytes(buffer.getvalue())
    return path
