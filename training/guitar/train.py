r"""Train the guitar model on rendered examples.

    python -m training.guitar.train --libraries DIR --annotations ../shared/eval/guitarset/annotation \\
        --soundfont /usr/share/sounds/sf2/FluidR3_GM.sf2 --out build/guitar

The same command goes on where a killed one stopped; with more ``--steps`` or a longer ``--time-limit``, a finished
run goes on as well, with the learning rate that the longer run has there. ``--out`` holds ``checkpoint.pt`` (replaced
as a whole, never half written), ``log.jsonl`` and ``progress.svg``. With CUDA, batches are larger and precision is
mixed; on processors that calculate in bfloat16, precision is mixed as well.
"""

from __future__ import annotations

import argparse
import ctypes.util
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.guitar.batches import Batch, Rendered, Source, batches
from training.guitar.example import Example
from training.guitar.network import Design, GuitarNetwork, parameters
from training.guitar.progress import Report, forget_after, mean_report, plot, write_report
from training.guitar.score import score
from training.guitar.targets import LossWeights, losses, total_loss

LARGEST_GRADIENT = 1.0
WEIGHT_DECAY = 0.01
AVERAGING = 0.998
VALIDATION_SEED = 2**31 - 1
"""Seeds of training batches come from a hash, so that this one does not come up."""
GLIBC_TRIM_THRESHOLD, GLIBC_MMAP_MAX = -1, -4
LAPTOP_EXAMPLES, GPU_EXAMPLES = 8, 64


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a run's result depends on besides the examples.

    ``time_limit_seconds`` of training (without interruptions) may end a run before its ``steps``; the learning rate
    falls to nothing by whichever comes first.
    """

    design: Design = field(default_factory=Design)
    weights: LossWeights = field(default_factory=LossWeights)
    steps: int = 40000
    examples_per_batch: int = LAPTOP_EXAMPLES
    learning_rate: float = 3e-3
    warm_up_steps: int = 100
    seed: int = 0
    time_limit_seconds: float = math.inf
    mixed_precision: bool = False

    def progress(self, step: int, seconds: float) -> float:
        """How much of the run is done, 0..1."""
        return max(step / self.steps, seconds / self.time_limit_seconds)

    def rate(self, step: int, seconds: float) -> float:
        """Rise in a line, then fall along a cosine."""
        falling = 0.5 + 0.5 * math.cos(math.pi * min(1.0, self.progress(step, seconds)))
        return self.learning_rate * min(1.0, (step + 1) / self.warm_up_steps) * falling


@dataclass(frozen=True, slots=True)
class Intervals:
    """How many steps lie between reports, validations and checkpoints."""

    report: int = 25
    validate: int = 250
    save: int = 100


class Training:
    """A network in the making: what a checkpoint holds."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.device = device
        self.network = GuitarNetwork(recipe.design).to(device)
        self.averaged = GuitarNetwork(recipe.design).to(device)
        self.averaged.load_state_dict(self.network.state_dict())
        self.network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=recipe.learning_rate, weight_decay=WEIGHT_DECAY
        )
        self.step = 0
        self.seconds = 0.0

    def advance(self, batch: Batch) -> Report:
        """One step; the losses before it."""
        started = time.monotonic()
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate(self.step, self.seconds)
        stacked = self.network.stacked(batch.audio)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.mixed_precision):
            parts = losses(self.network.heard(stacked), batch.targets)
        loss = total_loss(parts, self.recipe.weights)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        self.step += 1
        self._average()
        report = {"loss": float(loss.detach())}
        report |= {f"{name}_loss": float(value.detach()) for name, value in parts.items()}
        self.seconds += time.monotonic() - started
        return report

    @torch.no_grad()
    def _average(self) -> None:
        """Let the averaged weights follow: faster at first, while all still moves."""
        share = 1 - min(AVERAGING, (1 + self.step) / (10 + self.step))
        pairs = zip(self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True)
        for average, value in pairs:
            if average.is_floating_point():
                average.lerp_(value, share)
            else:
                average.copy_(value)

    def save(self, path: Path) -> None:
        """Write the checkpoint so that there is always a whole one, whatever happens meanwhile."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "step": self.step,
            "seconds": self.seconds,
            "design": asdict(self.recipe.design),
        }
        partial_path = path.with_suffix(".partial")
        with partial_path.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial_path.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of the same design."""
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
        self.step, self.seconds = state["step"], state["seconds"]

    def start_from(self, path: Path) -> None:
        """Take only what another run learned; schedule and steps begin anew."""
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["averaged"])
        self.averaged.load_state_dict(state["averaged"])


def load_trained(path: Path) -> GuitarNetwork:
    """The averaged network of a checkpoint, ready to listen."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    dilations = tuple(tuple(pair) for pair in state["design"].pop("dilations"))
    network = GuitarNetwork(Design(**state["design"], dilations=dilations))
    network.load_state_dict(state["averaged"])
    return network.eval()


def train(
    training: Training,
    source: Source,
    validation: Sequence[Example],
    out: Path,
    intervals: Intervals,
    workers: int,
) -> None:
    """Go on to the end of the recipe, from the checkpoint in ``out`` if there is one."""
    checkpoint, log = out / "checkpoint.pt", out / "log.jsonl"
    recipe = training.recipe
    if checkpoint.exists():
        training.load(checkpoint)
    if recipe.progress(training.step, training.seconds) >= 1:
        return
    forget_after(log, training.step)
    rendered = Rendered(source, recipe.seed, recipe.examples_per_batch)
    reports: list[Report] = []
    waited = time.monotonic()
    for batch in batches(rendered, range(training.step, recipe.steps), workers):
        training.seconds += time.monotonic() - waited
        reports.append(training.advance(batch.to(training.device)))
        step, done = training.step, recipe.progress(training.step, training.seconds) >= 1
        if step % intervals.report == 0:
            write_report(log, {"step": step, "seconds": training.seconds, **mean_report(reports)})
            reports.clear()
        if step % intervals.validate == 0 or done:
            _validate(training, validation, log)
        if step % intervals.save == 0 or done:
            training.save(checkpoint)
        if done:
            break
        waited = time.monotonic()


def _validate(training: Training, validation: Sequence[Example], log: Path) -> None:
    found = asdict(score(training.averaged, validation))
    write_report(log, {"step": training.step, "seconds": training.seconds, **found})
    print(f"step {training.step}: " + ", ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)
    plot(log, log.with_name("progress.svg"))


def is_bfloat16_fast() -> bool:
    """Whether this machine multiplies in bfloat16 itself."""
    return torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()  # type: ignore[attr-defined]


def keep_freed_memory() -> None:
    """Let the C library keep what is freed: every step asks for the same large blocks again.

    Getting them from the system each time would cost more than all the arithmetic. Only glibc needs to be told.
    """
    library = ctypes.util.find_library("c")
    if sys.platform == "linux" and library is not None:
        for option, value in ((GLIBC_TRIM_THRESHOLD, 2**31 - 1), (GLIBC_MMAP_MAX, 0)):
            ctypes.CDLL(library).mallopt(option, value)


def main() -> None:
    usual = Recipe()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--libraries", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--soundfont", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start-from", type=Path, help="checkpoint of another run to learn on from")
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--time-limit", type=float, default=math.inf, help="minutes of training")
    parser.add_argument(
        "--batch", type=int, default=GPU_EXAMPLES if torch.cuda.is_available() else LAPTOP_EXAMPLES
    )
    parser.add_argument("--learning-rate", type=float, default=usual.learning_rate)
    parser.add_argument("--width", type=int, default=usual.design.width)
    parser.add_argument("--hidden", type=int, default=usual.design.hidden)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="render processes"
    )
    parser.add_argument("--threads", type=int, default=1, help="of the training itself")
    parser.add_argument("--validation", type=int, default=128, help="how many examples are kept aside")
    options = parser.parse_args()
    run(options)


def run(options: argparse.Namespace) -> None:
    from training.guitar.examples import examples

    keep_freed_memory()
    torch.set_num_threads(options.threads)
    recipe = Recipe(
        design=Design(options.width, options.hidden),
        steps=options.steps,
        examples_per_batch=options.batch,
        learning_rate=options.learning_rate,
        seed=options.seed,
        time_limit_seconds=60 * options.time_limit,
        mixed_precision=is_bfloat16_fast(),
    )
    training = Training(recipe, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    print(f"{parameters(training.network)} parameters", flush=True)
    source = partial(
        examples,
        libraries=options.libraries,
        annotations=options.annotations,
        soundfont=options.soundfont,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    if options.start_from and not (options.out / "checkpoint.pt").exists():
        training.start_from(options.start_from)
    validation = list(islice(source(VALIDATION_SEED), options.validation))
    train(training, source, validation, options.out, Intervals(), options.workers)


if __name__ == "__main__":
    main()
