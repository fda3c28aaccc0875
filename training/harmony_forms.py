"""Learn the form model's weights (which key, which progression) from GuitarSet annotations (CC BY 4.0).

Conditional likelihood of the true key and progression among all of them; and, so that free chords win where no
progression fits, of the true key with free chords when the true progression is struck from the list.

    python -m training.harmony_forms --annotations ../shared/eval/guitarset/annotation

rewrites the section ``forms`` of ``src/genesis_music/harmony/weights.json``. ``--leave-out player`` (or ``sheet``,
``progression``) prints held-back figures instead.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from genesis_music.evaluation.guitarset import Excerpt
from genesis_music.evaluation.harmony import annotated_key, annotated_tempo_map, same_key
from genesis_music.harmony import forms
from genesis_music.harmony.evidence import beat_grid, gather_evidence
from genesis_music.harmony.progression import PROGRESSIONS
from genesis_music.harmony.weights import FormWeights, form_weights
from genesis_music.score import Key, Note
from training.harmony import augment, groups, save_section, training_excerpts

STEPS = 200
BATCH = 32
PULL = 0.01
"""Strength of the pull towards the starting weights, which are textbook key profiles."""
FIXED = ("chords", "form")
TRUE_FORMS = {"1": "12-bar blues", "2": "circle of fifths", "3": "Pachelbel's canon"}


@dataclass(frozen=True)
class Example:
    """One excerpt: ``measures [bars, 24]``, its key, the name of its progression."""

    measures: torch.Tensor
    key: Key
    form: str


def example(excerpt: Excerpt, notes: Sequence[Note]) -> Example:
    grid = beat_grid(notes, annotated_tempo_map(excerpt))
    measures = forms.sum_measures(gather_evidence(notes, grid), grid.measure_beats, 0)
    digit = excerpt.name.split("_")[1].split("-")[0][-1]
    return Example(torch.tensor(measures, dtype=torch.float32), annotated_key(excerpt), TRUE_FORMS[digit])


class FormModel:
    """The generative model of ``genesis_music.harmony.forms`` in differentiable form, bar lines given."""

    def __init__(self, start: FormWeights) -> None:
        self.start = {
            f.name: torch.tensor(getattr(start, f.name), dtype=torch.float32) for f in fields(start)
        }
        self.now = {n: v.clone().requires_grad_(n not in FIXED) for n, v in self.start.items()}
        self.roles = torch.tensor(forms.tone_roles())
        turn = (torch.arange(12)[None, :] + torch.arange(12)[:, None]) % 12
        self.columns = torch.cat((turn, turn + 12), dim=1)

    def hypotheses(self, item: Example) -> list[tuple[str | None, str, torch.Tensor]]:
        """Form name, mode and log-likelihood ``[12, entries]`` of every hypothesis."""
        w = self.now
        bass = w["bass_temper"] * torch.log_softmax(w["bass_bonus"][self.roles], dim=1)
        result: list[tuple[str | None, str, torch.Tensor]] = []
        for index, colour in enumerate(forms.COLOURS):
            mode = "minor" if colour == "minor" else "major"
            melody = w["temper"] * torch.log_softmax(w["profiles"][index] + w["bonus"][self.roles], dim=1)
            likelihood = item.measures[:, self.columns].movedim(1, 0) @ torch.cat((melody, bass), dim=1).T
            prior = torch.log_softmax(w["chords"][index], dim=0)
            result.append((None, mode, (likelihood + prior).logsumexp(dim=2).sum(dim=1, keepdim=True)))
            for known in PROGRESSIONS:
                if known.colour == colour and len(known.numerals) <= likelihood.shape[1]:
                    scores = self._entries(likelihood, torch.tensor(forms.class_sequence(known)))
                    result.append((known.name, mode, scores + w["form"] - np.log(len(PROGRESSIONS))))
        return result

    @staticmethod
    def _entries(likelihood: torch.Tensor, sequence: torch.Tensor) -> torch.Tensor:
        length, place = len(sequence), torch.arange(len(sequence))
        folded = torch.zeros(12, length, forms.CLASSES)
        folded = folded.index_add(1, torch.arange(likelihood.shape[1]) % length, likelihood)
        turned = sequence[(place[None, :] + place[:, None]) % length]
        late = torch.full((length,), forms.LATE_START_LOG_PRIOR - float(np.log(length)))
        late[0] = 0.0
        return folded[:, place[None, :], turned].sum(dim=2) + late

    def loss(self, item: Example) -> torch.Tensor:
        """Negative log-probability of the truth, with and without its progression in the list."""
        known = self.hypotheses(item)
        right = torch.cat(
            [s[item.key.tonic, :1] for f, m, s in known if f == item.form and m == item.key.mode]
        )
        every = torch.cat([scores.ravel() for _, _, scores in known])
        loss = every.logsumexp(dim=0) - right.logsumexp(dim=0)
        others = torch.cat([scores.ravel() for form, _, scores in known if form != item.form])
        free = torch.cat([s[item.key.tonic] for f, m, s in known if f is None and m == item.key.mode])
        return loss + others.logsumexp(dim=0) - free.logsumexp(dim=0)

    def distance(self) -> torch.Tensor:
        """Squared distance from the starting weights."""
        return sum(((self.now[n] - self.start[n]) ** 2).sum() for n in self.start)

    def weights(self) -> FormWeights:
        """Return what was learned."""
        arrays = {name: value.detach().numpy().astype(float) for name, value in self.now.items()}
        return FormWeights(**{n: a if a.ndim else float(a) for n, a in arrays.items()})


def learn(items: Sequence[Example], start: FormWeights) -> FormWeights:
    model, rng = FormModel(start), random.Random(0)
    optimiser = torch.optim.Adam([v for n, v in model.now.items() if n not in FIXED], lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for step in range(STEPS):
        losses = torch.stack([model.loss(item) for item in rng.sample(list(items), BATCH)])
        loss = losses.mean() + PULL * model.distance()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            print(f"step {step:4d} loss {loss.item():.4f}", flush=True)
    return model.weights()


def examples(excerpts: Sequence[Excerpt]) -> list[Example]:
    rng = random.Random(1)
    notes = [[labelled.note for labelled in excerpt.notes] for excerpt in excerpts]
    plain = [example(excerpt, own) for excerpt, own in zip(excerpts, notes, strict=True)]
    noisy = [example(excerpt, augment(own, rng)) for excerpt, own in zip(excerpts, notes, strict=True)]
    return plain + noisy


def key_is_right(excerpt: Excerpt, weights: FormWeights) -> bool:
    notes = [labelled.note for labelled in excerpt.notes]
    grid = beat_grid(notes, annotated_tempo_map(excerpt))
    return same_key(forms.fit_form(gather_evidence(notes, grid), grid, weights).key, annotated_key(excerpt))


def cross_validate(excerpts: Sequence[Excerpt], by: str) -> None:
    group, right = groups(by), {}
    for name in sorted({group(excerpt) for excerpt in excerpts}):
        weights = learn(examples([e for e in excerpts if group(e) != name]), form_weights())
        right |= {e.name: key_is_right(e, weights) for e in excerpts if group(e) == name}
    for kind in ("comp", "solo"):
        print("key", kind, round(float(np.mean([r for n, r in right.items() if n.endswith(kind)])), 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--leave-out", choices=("player", "sheet", "progression"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    excerpts = training_excerpts(options.annotations)
    if options.leave_out:
        cross_validate(excerpts, options.leave_out)
    else:
        save_section("forms", learn(examples(excerpts), form_weights()))


if __name__ == "__main__":
    main()
