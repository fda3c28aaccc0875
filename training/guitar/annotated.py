"""Phrases from the GuitarSet annotations that may be learned from, played as other players would."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from genesis_music.errors import InputError
from genesis_music.evaluation.guitarset import HELD_OUT, STANDARD_OPEN_PITCHES, read_excerpt
from training.guitar.bank import save_arrays
from training.guitar.dynamics import random_dynamics
from training.guitar.strokes import Phrase, Stroke, one_at_a_time

TRANSPOSE_SEMITONES = (-4, 5)
STRETCH = (0.8, 1.25)
HIGHEST_FRET = 20


@dataclass(frozen=True, eq=False)
class AnnotatedNotes:
    """All notes of all excerpts: excerpt ``i`` owns rows ``starts[i]..starts[i + 1]``.

    A row is onset and end in seconds, string, fret.
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.float32]

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """How often each excerpt is played: dense ones, which are harder to hear, more often."""
        weights = np.sqrt(np.diff(self.starts))
        return weights / weights.sum()


def read_annotations(annotations: Path, cache_folder: Path) -> AnnotatedNotes:
    """Parse every excerpt that is not held out; kept in ``cache_folder`` for the next time.

    Raises:
        InputError: there is no annotation in the folder, or one is not GuitarSet's.
    """
    paths = [path for path in sorted(annotations.glob("*.jams")) if path.stem not in HELD_OUT]
    if not paths:
        raise InputError(f"{annotations} holds no annotations: put GuitarSet's JAMS files there")
    names = "\n".join(path.name for path in paths)
    cache = cache_folder / f"annotations-{crc32(names.encode()):08x}.npz"
    if not cache.exists():
        parts = [_rows(path) for path in paths]
        starts = np.cumsum([0, *map(len, parts)])
        save_arrays(cache, starts=starts, rows=np.concatenate(parts).astype(np.float32))
    with np.load(cache) as file:
        return AnnotatedNotes(file["starts"], file["rows"])


def _rows(path: Path) -> NDArray[np.float64]:
    notes = read_excerpt(path).notes
    return np.array([(n.note.onset_seconds, n.note.end_seconds, n.string, n.fret) for n in notes])


def annotated_phrase(notes: AnnotatedNotes, seconds: float, random: Generator) -> Phrase:
    """A window of a random excerpt in another key and tempo, perhaps in another place on the neck."""
    index = int(random.choice(len(notes.starts) - 1, p=notes.weights))
    rows = notes.rows[notes.starts[index] : notes.starts[index + 1]].astype(np.float64)
    stretch = random.uniform(*STRETCH)
    rows[:, :2] *= stretch
    rows[:, :2] -= random.uniform(-0.5, max(0.0, rows[-1, 0] - seconds / 2))
    rows = rows[(rows[:, 1] > 0) & (rows[:, 0] < seconds)]
    open_pitches, rows = _transposed(rows, random)
    dynamics = random_dynamics(random)
    strokes = [
        Stroke(onset, end, int(string), int(fret), dynamics.velocity(int(string), random))
        for onset, end, string, fret in rows
        if end - onset > 0.02
    ]
    if random.random() < 0.4:
        strokes = _refretted(strokes, open_pitches, random)
    return Phrase(open_pitches, tuple(one_at_a_time(strokes)))


def _transposed(rows: NDArray[np.float64], random: Generator) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """By moving the hand where the frets allow it, else by capo or tuning."""
    semitones = int(random.integers(TRANSPOSE_SEMITONES[0], TRANSPOSE_SEMITONES[1] + 1))
    moved = rows[:, 3] + semitones
    if random.random() < 0.6 and len(moved) and moved.min() >= 0 and moved.max() <= HIGHEST_FRET:
        rows[:, 3] = moved
        return STANDARD_OPEN_PITCHES, rows
    return tuple(pitch + semitones for pitch in STANDARD_OPEN_PITCHES), rows


def _refretted(strokes: list[Stroke], open_pitches: tuple[int, ...], random: Generator) -> list[Stroke]:
    """Some notes on a neighbouring string at the same pitch, where that string is free."""
    rate = random.choice([0.15, 0.5, 1.0])
    direction = int(random.choice([-1, 1]))
    placed: list[Stroke] = []
    for stroke in strokes:
        string = stroke.string + direction
        if 1 <= string <= 6 and random.random() < rate:
            fret = stroke.fret + open_pitches[stroke.string - 1] - open_pitches[string - 1]
            other = Stroke(stroke.onset_seconds, stroke.end_seconds, string, fret, stroke.velocity)
            if 0 <= fret <= HIGHEST_FRET and not _collides(other, placed, strokes):
                placed.append(other)
                continue
        placed.append(stroke)
    return placed


def _collides(stroke: Stroke, placed: list[Stroke], waiting: list[Stroke]) -> bool:
    return any(
        other.string == stroke.string
        and other.onset_seconds < stroke.end_seconds
        and stroke.onset_seconds < other.end_seconds
        for other in (*placed, *waiting)
    )
