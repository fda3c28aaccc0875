"""The training set, rendered on the fly: endless labelled guitar, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.random import Generator

from training.guitar.annotated import AnnotatedNotes, annotated_phrase, read_annotations
from training.guitar.articulation import articulate
from training.guitar.bank import Bank, Waveform
from training.guitar.banks import cache_folder, load_banks
from training.guitar.example import SAMPLE_RATE_HZ, Example
from training.guitar.generated import generated_phrase
from training.guitar.noises import RecordedNoises, read_noises
from training.guitar.others import Others, build_others, drums, melody, nothing_to_hear, read_others
from training.guitar.recording import carry, record, record_directly
from training.guitar.strays import random_hand, with_strays
from training.guitar.strokes import Phrase
from training.guitar.voices import play

ANNOTATED_SHARE = 0.7
NOTHING_SHARE = 0.05
BACKING_SHARE = 0.05
HEXAPHONIC_SHARE = 0.12
FAMILY_WEIGHTS: dict[str, float] = {"steel": 1.6, "nylon": 0.9, "electric": 0.9}
"""How often a bank is played, by its family: steel-string acoustics are heard most and recorded least."""


@dataclass(frozen=True, eq=False)
class Material:
    """What examples are made of, opened once per process."""

    banks: tuple[Bank, ...]
    annotations: AnnotatedNotes
    others: Others | None
    noises: RecordedNoises


@cache
def open_material(libraries: Path, annotations: Path, soundfont: Path | None = None) -> Material:
    """Open the banks and the parsed annotations, once in a process; builds what is missing.

    Raises:
        InputError: the SoundFont cannot be played, or there are no annotations.
    """
    cache = cache_folder(libraries)
    others = cache / "others.npz"
    if soundfont is not None and not others.exists():
        build_others(soundfont, others)
    return Material(
        load_banks(libraries, soundfont),
        read_annotations(annotations, cache),
        read_others(others) if soundfont is not None else None,
        read_noises(libraries, cache),
    )


def examples(
    seed: int, libraries: Path, annotations: Path, soundfont: Path | None = None, seconds: float = 4.0
) -> Iterator[Example]:
    """Endless examples of ``seconds``; each has its own seed, with which ``example`` makes it again.

    ``libraries`` holds the sample libraries (see the README) and, once built, the banks; ``annotations`` the
    GuitarSet JAMS files, of which held-out excerpts are never read; ``soundfont``, a General MIDI sound set, adds
    guitars, and drums and other instruments that are to be ignored.

    Raises:
        InputError: the SoundFont cannot be played, or there are no annotations.
    """
    material = open_material(libraries, annotations, soundfont)
    seeds = np.random.default_rng(seed)
    while True:
        yield example(int(seeds.integers(2**62)), material, seconds)


def example(seed: int, material: Material, seconds: float = 4.0) -> Example:
    """One example from its own seed."""
    random = np.random.default_rng(seed)
    phrase = _phrase(material, seconds, random)
    if random.random() < NOTHING_SHARE:
        sound = nothing_to_hear(round(seconds * SAMPLE_RATE_HZ), material.others, material.noises, random)
        return Example(carry(sound, random), (), phrase.open_pitches_midi, seed)
    bank = _bank(material.banks, random)
    hexaphonic = random.random() < HEXAPHONIC_SHARE
    performed = with_strays(articulate(phrase, random), random_hand(random), random)
    played = play(performed, bank, _detuned(random), seconds, random, hexaphonic)
    if hexaphonic:
        return Example(record_directly(played.sound, random), played.notes, phrase.open_pitches_midi, seed)
    backing = _backing(len(played.sound), material.others, random)
    audio = record(played.sound, bank.family == "electric", backing, material.noises, random)
    return Example(audio, played.notes, phrase.open_pitches_midi, seed)


def _phrase(material: Material, seconds: float, random: Generator) -> Phrase:
    if random.random() < ANNOTATED_SHARE:
        return annotated_phrase(material.annotations, seconds, random)
    return generated_phrase(seconds, random)


def _bank(banks: tuple[Bank, ...], random: Generator) -> Bank:
    weights = np.array([FAMILY_WEIGHTS[bank.family] for bank in banks])
    return banks[random.choice(len(banks), p=weights / weights.sum())]


def _backing(count: int, others: Others | None, random: Generator) -> Waveform | None:
    """Now and then somebody else plays, too."""
    if others is None or random.random() > BACKING_SHARE:
        return None
    return (drums if random.random() < 0.7 else melody)(count, others, random)


def _detuned(random: Generator) -> tuple[float, ...]:
    """The whole guitar out by some 8 cents, rarely by 40; single strings by a few more."""
    whole = random.uniform(-0.4, 0.4) if random.random() < 0.08 else random.normal(0, 0.08)
    return tuple(whole + random.normal(0, 0.03, 6))
