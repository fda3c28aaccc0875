"""A bank of notes on disk: every string and fret of one guitar, loud and soft, ready to be added up.

The waveforms lie one after the other in an int16 file that workers map into memory together.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.guitar.example import SAMPLE_RATE_HZ

PRE_ONSET_SECONDS = 0.001
LONGEST_SECONDS = 5.0
FAINTEST_DB = -62.0
_FULL_SCALE = 32000

Waveform = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cell:
    """One note of a bank; ``layer`` 0..1 from soft to loud, ``level`` its peak beside the bank's loudest.

    ``harmonic`` is 1 for a stopped note; else the note is a flageolet, so many times the open string's pitch.
    ``ring_seconds`` is when it has died away.
    """

    string: int
    fret: int
    harmonic: int
    layer: float
    start: int
    length: int
    level: float
    ring_seconds: float


@dataclass(frozen=True, eq=False)
class Bank:
    """All notes of one guitar; ``waveforms`` is one int16 array, ``cells`` say which part of it is what."""

    name: str
    family: str
    waveforms: NDArray[np.int16]
    cells: dict[tuple[int, int, int], tuple[Cell, ...]]

    def choose(self, string: int, fret: int, velocity: float, random: Generator, harmonic: int = 1) -> Cell:
        """A take of the layer nearest to the velocity."""
        takes = self.cells[string, fret, harmonic]
        nearest = min(abs(cell.layer - velocity) for cell in takes)
        near = [cell for cell in takes if abs(cell.layer - velocity) <= nearest + 0.01]
        return near[random.integers(len(near))]

    def waveform(self, cell: Cell) -> Waveform:
        """The note from ``PRE_ONSET_SECONDS`` before its onset; loudest layers peak at 1."""
        part = self.waveforms[cell.start : cell.start + cell.length]
        return part * np.float32(cell.level / _FULL_SCALE)

    @property
    def highest_fret(self) -> int:
        """The last fret that every string has."""
        return min(max(fret for s, fret, h in self.cells if s == string and h == 1) for string in range(1, 7))


@dataclass(frozen=True, eq=False)
class BankNote:
    """A note to keep in a bank, from ``PRE_ONSET_SECONDS`` before its onset."""

    string: int
    fret: int
    layer: float
    waveform: Waveform
    harmonic: int = 1


def write_bank(folder: Path, name: str, family: str, notes: Iterable[BankNote]) -> None:
    """Write a bank; each note is cut where it has died away."""
    folder.mkdir(parents=True, exist_ok=True)
    cells: list[Cell] = []
    start = 0
    partial = folder / f"{name}.{os.getpid()}"
    with partial.open("wb") as file:
        for note in notes:
            waveform = _until_faint(note.waveform)
            level = float(np.abs(waveform).max())
            file.write((waveform * (_FULL_SCALE / level)).astype(np.int16).tobytes())
            ring = len(waveform) / SAMPLE_RATE_HZ - PRE_ONSET_SECONDS
            place = (note.string, note.fret, note.harmonic)
            cells.append(Cell(*place, note.layer, start, len(waveform), level, ring))
            start += len(waveform)
    loudest = max(cell.level for cell in cells)
    rows = [asdict(cell) | {"level": cell.level / loudest} for cell in cells]
    partial.rename(folder / f"{name}.i16")
    partial.write_text(json.dumps({"family": family, "cells": rows}))
    partial.rename(folder / f"{name}.json")


def read_bank(folder: Path, name: str) -> Bank:
    """Map a bank into memory."""
    document = json.loads((folder / f"{name}.json").read_text("utf-8"))
    cells: dict[tuple[int, int, int], list[Cell]] = {}
    for row in document["cells"]:
        cell = Cell(**row)
        cells.setdefault((cell.string, cell.fret, cell.harmonic), []).append(cell)
    waveforms = np.memmap(folder / f"{name}.i16", np.int16, "r")
    return Bank(name, document["family"], waveforms, {key: tuple(takes) for key, takes in cells.items()})


def save_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write an npz file that appears only when it is whole, as several workers may start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    np.savez(partial, **arrays)
    partial.rename(path)


def _until_faint(waveform: Waveform) -> Waveform:
    """Cut where the level stays below ``FAINTEST_DB`` of the peak, with a short fade."""
    longest = waveform[: round(LONGEST_SECONDS * SAMPLE_RATE_HZ)]
    step = SAMPLE_RATE_HZ // 50
    peaks = np.abs(longest[: len(longest) // step * step]).reshape(-1, step).max(axis=1)
    audible = np.flatnonzero(peaks > peaks.max() * 10 ** (FAINTEST_DB / 20))
    cut = longest[: (audible[-1] + 1) * step].copy()
    fade = min(len(cut), SAMPLE_RATE_HZ // 20)
    cut[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return cut
