r"""Build the banks of notes that examples are rendered from, once; workers then start at once.

    python -m training.guitar.banks --libraries DIR [--soundfont FILE]

``DIR`` holds the sample libraries under their repositories' names (see the README of this folder); those that
are absent are left out, the computed guitars need none. The banks go to a folder in ``DIR``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.guitar.bank import LONGEST_SECONDS, PRE_ONSET_SECONDS, Bank, BankNote, read_bank, write_bank
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.modal import pluck, random_body
from training.guitar.sampled import LIBRARIES, sampled_notes
from training.guitar.strings import Family, random_guitar

HIGHEST_FRET = 22
VERSION = 2
"""Of what is in the banks; each lies in a folder of its own, so a running training keeps the one it began with."""
HARMONICS = (2, 3, 4)
LAYERS = (0.25, 0.8)
COMPUTED: tuple[Family, ...] = ("steel", "electric", "nylon", "steel", "electric", "steel") * 3


def modal_notes(family: Family, seed: int) -> Iterator[BankNote]:
    """Compute every note of one random guitar."""
    random = np.random.default_rng(seed)
    guitar = random_guitar(family, random)
    body = random_body(guitar, random)
    silence = np.zeros(round(PRE_ONSET_SECONDS * SAMPLE_RATE_HZ), np.float32)
    for string in range(1, 7):
        for layer in LAYERS:
            for fret in range(HIGHEST_FRET + 1):
                tone = pluck(guitar, body, string, fret, layer, LONGEST_SECONDS, random)
                yield BankNote(string, fret, layer, np.concatenate([silence, tone]) * (0.3 + layer))
        for harmonic in HARMONICS:
            tone = pluck(guitar, body, string, 0, 0.6, LONGEST_SECONDS, random, harmonic)
            yield BankNote(string, 0, 0.6, np.concatenate([silence, tone]), harmonic)


def cache_folder(libraries: Path) -> Path:
    """Where everything built from the libraries lies."""
    return libraries / f"banks-{VERSION}"


def load_banks(libraries: Path) -> tuple[Bank, ...]:
    """All banks, built first where they are missing."""
    folder = cache_folder(libraries)
    for index, family in enumerate(COMPUTED):
        name = f"computed{index:02d}"
        if not (folder / f"{name}.json").exists():
            write_bank(folder, name, family, modal_notes(family, index))
    for library in LIBRARIES:
        if (libraries / library.folder).exists() and not (folder / f"{library.name}.json").exists():
            write_bank(folder, library.name, library.family, sampled_notes(libraries, library))
    return tuple(read_bank(folder, path.stem) for path in sorted(folder.glob("*.json")))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--libraries", type=Path, required=True)
    for bank in load_banks(parser.parse_args().libraries):
        print(f"{bank.name:12} {bank.family:9} {len(bank.waveforms) / SAMPLE_RATE_HZ / 60:6.1f} min")


if __name__ == "__main__":
    main()
