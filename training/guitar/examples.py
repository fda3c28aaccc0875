"""The training set, rendered on the fly: endless labelled guitar, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from training.guitar.annotated import AnnotatedNotes, annotated_phrase, read_annotations
from training.guitar.bank import Bank
from training.guitar.banks import cache_folder, load_banks
from training.guitar.effects import record
from training.guitar.example import Example
from training.guitar.generated import generated_phrase
from training.guitar.strokes import Phrase
from training.guitar.voices import play

ANNOTATED_SHARE = 0.7


@dataclass(frozen=True, eq=False)
class Material:
    """What examples are made of, opened once per process."""

    banks: tuple[Bank, ...]
    annotations: AnnotatedNotes


def open_material(libraries: Path, annotations: Path, soundfont: Path | None = None) -> Material:
    """Open the banks and the parsed annotations; builds what is missing."""
    return Material(
        load_banks(libraries), read_annotations(annotations, cache_folder(libraries) / "annotations.npz")
    )


def examples(
    seed: int, libraries: Path, annotations: Path, soundfont: Path | None = None, seconds: float = 4.0
) -> Iterator[Example]:
    """Endless examples of ``seconds``; each has its own seed, with which ``example`` makes it again.

    ``libraries`` holds the sample libraries (see the README) and, once built, the banks; ``annotations`` the
    GuitarSet JAMS files, of which held-out excerpts are never read; ``soundfont`` adds a General MIDI sound set.
    """
    material = open_material(libraries, annotations, soundfont)
    seeds = np.random.default_rng(seed)
    while True:
        yield example(int(seeds.integers(2**62)), material, seconds)


def example(seed: int, material: Material, seconds: float = 4.0) -> Example:
    """One example from its own seed."""
    random = np.random.default_rng(seed)
    phrase = _phrase(material, seconds, random)
    bank = material.banks[random.integers(len(material.banks))]
    dry, notes = play(phrase, bank, _detuned(random), seconds, random)
    return Example(record(dry, random), tuple(notes), phrase.open_pitches_midi, seed)


def _phrase(material: Material, seconds: float, random: Generator) -> Phrase:
    if random.random() < ANNOTATED_SHARE:
        return annotated_phrase(material.annotations, seconds, random)
    return generated_phrase(seconds, random)


def _detuned(random: Generator) -> tuple[float, ...]:
    """The whole guitar out by some 8 cents, rarely by 40; single strings by a few more."""
    whole = random.uniform(-0.4, 0.4) if random.random() < 0.08 else random.normal(0, 0.08)
    return tuple(whole + random.normal(0, 0.03, 6))
