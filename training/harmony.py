"""Learn the chord model's weights from GuitarSet annotations (CC BY 4.0).

A conditional random field with the structure of ``genesis_music.harmony.chords``, trained by maximum marginal
likelihood: an instructed triad allows every quality that holds it. Augmented with missing, ghost and octave notes.

    python -m training.harmony --annotations ../shared/eval/guitarset/annotation

rewrites the section ``chords`` of ``src/genesis_music/harmony/weights.json``. ``--leave-out progression`` (or
``player``, ``sheet``) prints held-back figures instead.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch

from genesis_music.evaluation.guitarset import HELD_OUT, Excerpt, read_excerpt
from genesis_music.evaluation.harmony import (
    annotated_key,
    annotated_tempo_map,
    majmin_wcsr,
    pitch_class,
)
from genesis_music.harmony import chords as model
from genesis_music.harmony.evidence import beat_grid, gather_evidence
from genesis_music.harmony.qualities import QUALITIES
from genesis_music.harmony.weights import ChordWeights, FormWeights, chord_weights
from genesis_music.score import Key, Note

WEIGHTS_PATH = Path(model.__file__).with_name("weights.json")
STATES = 12 * len(QUALITIES)
STEPS = 160
BATCH = 48
PULL = 0.004
"""Strength of the pull towards the starting weights."""
TRIADS = {"maj": (4, 7), "7": (4, 7), "min": (3, 7), "hdim7": (3, 6)}
PERFORMED = {
    "maj": "major",
    "min": "minor",
    "7": "7",
    "maj7": "maj7",
    "min7": "m7",
    "hdim7": "m7b5",
    "9": "9",
}
PERFORMED |= {"maj6": "6", "maj9": "maj9", "maj(2)": "add9", "min6": "m6", "min9": "m9", "minmaj7": "m(maj7)"}


@dataclass(frozen=True)
class Example:
    """One excerpt as tensors: ``features [beats, 36]``, ``allowed [beats, STATES]``, ``kind [beats]``."""

    features: torch.Tensor
    allowed: torch.Tensor
    kind: torch.Tensor
    key: Key


def training_excerpts(folder: Path) -> list[Excerpt]:
    excerpts = (read_excerpt(path) for path in sorted(folder.glob("*.jams")))
    return [excerpt for excerpt in excerpts if excerpt.name not in HELD_OUT]


def augment(notes: Sequence[Note], rng: random.Random) -> list[Note]:
    """What a note detector does: misses, ghosts, octave errors, late and short notes, uneven velocities."""
    result = []
    loss, ghost = rng.uniform(0.0, 0.3), rng.uniform(0.0, 0.2)
    for note in notes:
        shaped = replace(
            note,
            onset_seconds=max(0.0, note.onset_seconds + rng.gauss(0.0, 0.015)),
            duration_seconds=note.duration_seconds * rng.uniform(0.4, 1.1),
            velocity=rng.uniform(0.3, 0.9),
        )
        if rng.random() > loss:
            result.append(shaped)
        if rng.random() < ghost:
            shift = rng.choice((-12, 12, 12, 19, 7, -1, 1))
            result.append(replace(shaped, pitch_midi=note.pitch_midi + shift, velocity=rng.uniform(0.2, 0.5)))
    return result


def example(excerpt: Excerpt, notes: Sequence[Note]) -> Example:
    grid = beat_grid(notes, annotated_tempo_map(excerpt))
    evidence = gather_evidence(notes, grid)
    parts = (evidence.energy, 1.0 - evidence.presence, evidence.bass)
    features = np.concatenate(parts, axis=1) * evidence.sounding[:, None]
    middles = (grid.edges_seconds[1:] + grid.edges_seconds[:-1]) / 2
    allowed = np.stack([allowed_states(excerpt, float(t)) for t in middles])
    return Example(
        torch.tensor(features, dtype=torch.float32),
        torch.tensor(allowed),
        torch.tensor(grid.kind),
        annotated_key(excerpt),
    )


def allowed_states(excerpt: Excerpt, seconds: float) -> np.ndarray:
    allowed = np.zeros((12, len(QUALITIES)), dtype=bool)
    label = _label_at(excerpt.instructed_chords, seconds)
    if label is None:
        return ~allowed.ravel()
    root, shorthand = pitch_class(label.split(":")[0]), label.split(":")[1]
    played = _label_at(excerpt.performed_chords, seconds) if excerpt.name.endswith("comp") else None
    if played and played.split(":")[1].split("/")[0] in {"(1,5)", "sus2", "sus4", "sus4(b7)"}:
        return ~allowed.ravel()
    for index, quality in enumerate(QUALITIES.values()):
        allowed[root, index] = (quality.third, quality.fifth) == TRIADS[shorthand]
    exact = _performed_state(played) if played else None
    if exact is not None and allowed.ravel()[exact]:
        allowed[:] = False
        allowed.ravel()[exact] = True
    return allowed.ravel()


def _performed_state(label: str) -> int | None:
    if ":" not in label:
        return None
    root, shorthand = label.split(":", 1)
    name = PERFORMED.get(shorthand.split("/")[0])
    return None if name is None else pitch_class(root) * len(QUALITIES) + list(QUALITIES).index(name)


def _label_at(chords: Sequence[object], seconds: float) -> str | None:
    return next(
        (c.label for c in chords if c.onset_seconds <= seconds < c.end_seconds and ":" in c.label), None
    )


class Field:
    """The random field: tensors named like :class:`ChordWeights`."""

    def __init__(self, start: ChordWeights) -> None:
        self.start = {
            f.name: torch.tensor(getattr(start, f.name), dtype=torch.float32) for f in fields(start)
        }
        self.now = {name: value.clone().requires_grad_() for name, value in self.start.items()}
        self.roles = {}
        self.foreign = {}
        for mode in ("major", "minor"):
            for tonic in range(12):
                self.roles[tonic, mode] = torch.tensor(model.chord_roles(tonic, mode))
                self.foreign[tonic, mode] = torch.tensor(
                    model.foreign_tones(tonic, mode), dtype=torch.float32
                )

    def emission(self, item: Example) -> torch.Tensor:
        """Score ``[beats, STATES]``: ``chords.emissions`` in differentiable form."""
        roles = self.roles[item.key.tonic, item.key.mode]
        w = self.now
        matrix = torch.cat((w["energy"][roles], w["missing"][roles], w["bass"][roles]), dim=1)
        return item.features @ matrix.T

    def prior(self, key: Key) -> torch.Tensor:
        """``chords.chord_prior`` in differentiable form."""
        degree = self.now["degree_major" if key.mode == "major" else "degree_minor"]
        by_root = degree[(torch.arange(12) - key.tonic) % 12]
        grid = by_root[:, None] + self.now["quality"][None, :]
        return grid.ravel() + self.now["foreign"] * self.foreign[key.tonic, key.mode]

    def log_likelihood(self, items: Sequence[Example]) -> torch.Tensor:
        """Mean per beat of log p(allowed states | notes)."""
        length = max(len(item.kind) for item in items)
        emission = torch.zeros(len(items), length, STATES)
        allowed = torch.ones(len(items), length, STATES, dtype=torch.bool)
        kind = torch.zeros(len(items), length, dtype=torch.long)
        for row, item in enumerate(items):
            emission[row, : len(item.kind)] = self.emission(item)
            allowed[row, : len(item.kind)] = item.allowed
            kind[row, : len(item.kind)] = item.kind
        prior = torch.stack([self.prior(item.key) for item in items])
        blocked = torch.where(allowed, 0.0, -1e4)
        free = self._partition(emission, kind, prior)
        return (self._partition(emission + blocked, kind, prior) - free).mean() / length

    def _partition(self, emission: torch.Tensor, kind: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
        steps = torch.arange(12)
        motion = self.now["motion"][(steps[None, :] - steps[:, None]) % 12]
        change = self.now["change"][kind]
        score = prior + emission[:, 0]
        for t in range(1, emission.shape[1]):
            by_root = score.view(-1, 12, len(QUALITIES)).logsumexp(dim=2)
            arrival = (by_root[:, :, None] + motion).logsumexp(dim=1) + change[:, t, None]
            enter = arrival.repeat_interleave(len(QUALITIES), dim=1) + prior
            score = torch.logaddexp(enter, score) + emission[:, t]
        return score.logsumexp(dim=1)

    def distance(self) -> torch.Tensor:
        """Squared distance from the starting weights."""
        return sum(((self.now[name] - self.start[name]) ** 2).sum() for name in self.start)

    def weights(self) -> ChordWeights:
        """Return what was learned."""
        arrays = {name: value.detach().numpy().astype(float) for name, value in self.now.items()}
        return ChordWeights(**{n: a if a.ndim else float(a) for n, a in arrays.items()})


def learn(items: Sequence[Example], start: ChordWeights, steps: int = STEPS) -> ChordWeights:
    field = Field(start)
    rng = random.Random(0)
    optimiser = torch.optim.Adam(list(field.now.values()), lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        loss = -field.log_likelihood(rng.sample(list(items), BATCH)) + PULL * field.distance()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 20 == 0:
            print(f"step {step:4d} loss {loss.item():.4f}", flush=True)
    return field.weights()


def groups(by: str) -> Callable[[Excerpt], str]:
    """Excerpt to the name of its fold: player, lead sheet, or the progression (the digit of the lead sheet)."""
    sheet = lambda e: e.name.split("_")[1]  # noqa: E731
    return {
        "player": lambda e: e.player,
        "sheet": sheet,
        "progression": lambda e: sheet(e).split("-")[0][-1],
    }[by]


def examples(excerpts: Sequence[Excerpt], copies: int) -> list[Example]:
    rng = random.Random(1)
    result = []
    for excerpt in excerpts:
        notes = [labelled.note for labelled in excerpt.notes]
        result.append(example(excerpt, notes))
        result += [example(excerpt, augment(notes, rng)) for _ in range(copies)]
    return result


def score(excerpt: Excerpt, weights: ChordWeights) -> float:
    notes = [labelled.note for labelled in excerpt.notes]
    found = model.recognise_chords(notes, annotated_tempo_map(excerpt), annotated_key(excerpt), weights)
    return majmin_wcsr(excerpt.instructed_chords, found)


def cross_validate(excerpts: Sequence[Excerpt], by: str, start: ChordWeights) -> None:
    group = groups(by)
    scores = {}
    for name in sorted({group(e) for e in excerpts}):
        inside = [e for e in excerpts if group(e) != name]
        weights = learn(examples(inside, 1), start)
        scores |= {e.name: score(e, weights) for e in excerpts if group(e) == name}
    for kind in ("comp", "solo"):
        print(kind, round(float(np.mean([s for n, s in scores.items() if n.endswith(kind)])), 3))


def save_section(name: str, weights: ChordWeights | FormWeights) -> None:
    """Write one section of the shipped weights, three digits each."""
    stored = json.loads(WEIGHTS_PATH.read_text("utf-8"))
    stored[name] = {f.name: np.round(getattr(weights, f.name), 3).tolist() for f in fields(weights)}
    WEIGHTS_PATH.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--leave-out", choices=("player", "sheet", "progression"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    excerpts = training_excerpts(options.annotations)
    if options.leave_out:
        cross_validate(excerpts, options.leave_out, chord_weights())
    else:
        save_section("chords", learn(examples(excerpts, 2), chord_weights()))


if __name__ == "__main__":
    main()
