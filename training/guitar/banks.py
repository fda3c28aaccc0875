r"""Build the banks of notes that examples are rendered from, once; workers then start at once.

    python -m training.guitar.banks --libraries DIR [--soundfont FILE]

``DIR`` holds the sample libraries under their repositories' names (see the README of this folder); those that
are absent are left out, the computed guitars need none. The banks go to a folder in ``DIR``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from training.guitar.bank import LONGEST_SECONDS, PRE_ONSET_SECONDS, Bank, BankNote, read_bank, write_bank
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.libraries import LIBRARIES, Sample, read_samples
from training.guitar.modal import pluck, random_body
from training.guitar.sampled import sampled_notes, soundfont_samples
from training.guitar.strings import HARMONICS, Family, random_guitar

HIGHEST_FRET = 22
VERSION = 4
"""Of what is in the banks; each lies in a folder of its own, so a running training keeps the one it began with."""
LAYERS = (0.25, 0.8)
SOUNDFONT_GUITARS: dict[str, tuple[int, Family]] = {
    "gm-nylon": (24, "nylon"),
    "gm-steel": (25, "steel"),
    "gm-jazz": (26, "electric"),
    "gm-clean": (27, "electric"),
}
COMPUTED: tuple[Family, ...] = ("steel", "electric", "nylon", "steel", "electric", "steel") * 3


def modal_notes(family: Family, seed: int) -> Iterator[BankNote]:
    """Compute every note of one random guitar."""
    random = np.random.default_rng(seed)
    guitar = random_guitar(family, random)
    body = random_body(family, random)
    silence = np.zeros(round(PRE_ONSET_SECONDS * SAMPLE_RATE_HZ), np.float32)
    for string in range(1, 7):
        for layer in LAYERS:
            for fret in range(HIGHEST_FRET + 1):
                tone = pluck(guitar, body, string, fret, layer, LONGEST_SECONDS, random)
                yield BankNote(string, fret, layer, np.concatenate([silence, tone]) * np.float32(0.3 + layer))
        for harmonic in HARMONICS:
            tone = pluck(guitar, body, string, 0, 0.6, LONGEST_SECONDS, random, harmonic)
            yield BankNote(string, 0, 0.6, np.concatenate([silence, tone]), harmonic)


def cache_folder(libraries: Path) -> Path:
    """Where everything built from the libraries lies."""
    return libraries / f"banks-{VERSION}"


@dataclass(frozen=True, eq=False)
class Recipe:
    """A bank and how to make its notes."""

    name: str
    family: Family
    notes: Callable[[], Iterator[BankNote]]


def recipes(libraries: Path, soundfont: Path | None) -> Iterator[Recipe]:
    """All banks that can be made of what is there; a recorded guitar also with other strings on it."""
    for index, family in enumerate(COMPUTED):
        yield Recipe(f"computed{index:02d}", family, partial(modal_notes, family, index))
    for library in LIBRARIES:
        if (libraries / library.folder).exists():
            samples = cache(partial(read_samples, libraries, library))
            yield _sampled(library.name, library.family, samples, restrung=False)
            yield _sampled(f"{library.name}-restrung", library.family, samples, restrung=True)
    if soundfont is not None:
        for name, (program, family) in SOUNDFONT_GUITARS.items():
            samples = partial(soundfont_samples, soundfont, program)
            yield _sampled(name, family, samples, restrung=False)


def _sampled(name: str, family: Family, samples: Callable[[], list[Sample]], restrung: bool) -> Recipe:
    return Recipe(name, family, lambda: sampled_notes(samples(), family, restrung))


def load_banks(libraries: Path, soundfont: Path | None = None) -> tuple[Bank, ...]:
    """All banks, built first where they are missing."""
    folder = cache_folder(libraries)
    names = []
    for recipe in recipes(libraries, soundfont):
        if not (folder / f"{recipe.name}.json").exists():
            write_bank(folder, recipe.name, recipe.family, recipe.notes())
        names.append(recipe.name)
    return tuple(read_bank(folder, name) for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--libraries", type=Path, required=True)
    parser.add_argument("--soundfont", type=Path)
    arguments = parser.parse_args()
    for bank in load_banks(arguments.libraries, arguments.soundfont):
        print(f"{bank.name:24} {bank.family:9} {len(bank.waveforms) / SAMPLE_RATE_HZ / 60:6.1f} min")


if __name__ == "__main__":
    main()
