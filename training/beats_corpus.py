"""Pieces for the beat tracker: GuitarSet annotations and generated music, spoilt as a detector would.

A :class:`Piece` is notes with their beats. Augmentation cuts, stretches, bends the tempo, transposes,
drops, invents, splits and shifts notes, so that nothing rests on how GuitarSet was recorded (a click
track, beat one at 0.000 s) or on flawless notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from genesis_music.evaluation.guitarset import HELD_OUT, read_excerpt
from genesis_music.score import Note

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """Notes as columns (seconds, MIDI pitch) and beats; ``beat_numbers`` is 1 on downbeats."""

    name: str
    onsets: FloatArray
    ends: FloatArray
    pitches: NDArray[np.int64]
    beats: FloatArray
    beat_numbers: NDArray[np.int64]
    compound: bool

    def notes(self) -> list[Note]:
        """As the run-time type."""
        return [
            Note(float(onset), float(end - onset), int(pitch))
            for onset, end, pitch in zip(self.onsets, self.ends, self.pitches, strict=True)
        ]


def guitarset_pieces(folder: Path) -> list[Piece]:
    """All annotated excerpts but those that have audio to measure on."""
    return [_piece(path) for path in sorted(folder.glob("*.jams")) if path.stem not in HELD_OUT]


def _piece(path: Path) -> Piece:
    excerpt = read_excerpt(path)
    notes = [labelled.note for labelled in excerpt.notes]
    return Piece(
        name=excerpt.name,
        onsets=np.array([note.onset_seconds for note in notes]),
        ends=np.array([note.end_seconds for note in notes]),
        pitches=np.array([note.pitch_midi for note in notes]),
        beats=np.array([seconds for seconds, _ in excerpt.beats]),
        beat_numbers=np.array([number for _, number in excerpt.beats]),
        compound=excerpt.time_signature.is_compound,
    )


# ---------------------------------------------------------------- time


def cut(piece: Piece, start: float, length: float) -> Piece:
    """Keep ``start..start+length``, moved to 0; notes already sounding at the cut are lost."""
    kept = (piece.onsets >= start) & (piece.onsets < start + length)
    beats = (piece.beats >= start) & (piece.beats < start + length)
    return Piece(
        piece.name,
        piece.onsets[kept] - start,
        np.minimum(piece.ends[kept] - start, length),
        piece.pitches[kept],
        piece.beats[beats] - start,
        piece.beat_numbers[beats],
        piece.compound,
    )


def warp(piece: Piece, stretch: float, drift: float, rng: Generator) -> Piece:
    """Play ``stretch`` times as long, with the tempo drifting by up to about ``drift`` (a share)."""
    end = max(piece.ends.max(), piece.beats.max()) + 1
    grid = np.arange(0, end + 0.5, 0.5)
    periods, phases = rng.uniform(4, 30, 3), rng.uniform(0, 2 * np.pi, 3)
    curve = np.sin(2 * np.pi * grid[:, None] / periods + phases).sum(axis=1) / 2
    warped = np.concatenate([[0], np.cumsum(0.5 * stretch * np.exp(drift * curve))[:-1]])

    def moved(times: FloatArray) -> FloatArray:
        return np.interp(times, grid, warped)

    return Piece(
        piece.name,
        moved(piece.onsets),
        moved(piece.ends),
        piece.pitches,
        moved(piece.beats),
        piece.beat_numbers,
        piece.compound,
    )


# ---------------------------------------------------------------- what detectors do to notes


def spoil(piece: Piece, rng: Generator) -> Piece:
    """Shift, drop, invent, split and shorten notes; about one piece in four stays clean."""
    amount = max(0.0, rng.uniform(-0.33, 1))
    onsets, ends, pitches = piece.onsets, piece.ends, piece.pitches
    kept = rng.random(len(onsets)) >= 0.3 * amount * rng.random()
    onsets, ends, pitches = onsets[kept], ends[kept], pitches[kept]
    columns = [(onsets, ends, pitches)]
    columns.append(_ghosts(onsets, ends, pitches, 0.2 * amount * rng.random(), rng))
    columns.append(_restrikes(onsets, ends, pitches, 0.2 * amount * rng.random(), rng))
    onsets, ends, pitches = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    jitter = rng.normal(0, 0.002 + 0.02 * amount * rng.random(), len(onsets)) + rng.uniform(-0.02, 0.01)
    lengths = np.maximum(0.04, (ends - onsets) * np.exp(rng.normal(0, 0.4 * amount, len(onsets))))
    onsets = np.maximum(0, onsets + jitter)
    pitches = pitches + rng.integers(-5, 7)
    return Piece(
        piece.name, onsets, onsets + lengths, pitches, piece.beats, piece.beat_numbers, piece.compound
    )


def _ghosts(
    onsets: FloatArray, ends: FloatArray, pitches: NDArray[np.int64], share: float, rng: Generator
) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    """Octaves and twelfths that are not there, a few of them late."""
    chosen = rng.random(len(onsets)) < share
    late = np.where(rng.random(chosen.sum()) < 0.2, rng.uniform(0, 0.3, chosen.sum()), 0)
    interval = rng.choice([12, 12, 19, 24, 7, -12, 1], chosen.sum())
    start = onsets[chosen] + late
    return start, np.maximum(ends[chosen], start + 0.05), pitches[chosen] + interval


def _restrikes(
    onsets: FloatArray, ends: FloatArray, pitches: NDArray[np.int64], share: float, rng: Generator
) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    """A second onset somewhere inside a note."""
    chosen = rng.random(len(onsets)) < share
    start = onsets[chosen] + rng.random(chosen.sum()) * (ends - onsets)[chosen]
    return start, ends[chosen] + 0.05, pitches[chosen]


def overlaid(piece: Piece, pieces: Sequence[Piece], rng: Generator) -> Piece:
    """Together with another player's part of the same lead sheet; all were recorded to the same clicks."""
    sheet = piece.name[3:].split("_")[0]
    other = draw([p for p in pieces if p.name[3:].split("_")[0] == sheet], rng)
    if other is piece or len(other.beats) != len(piece.beats):
        return piece
    onsets = np.concatenate([piece.onsets, other.onsets])
    ends = np.concatenate([piece.ends, other.ends])
    pitches = np.concatenate([piece.pitches, other.pitches])
    return Piece(piece.name, onsets, ends, pitches, piece.beats, piece.beat_numbers, piece.compound)


def register_only(piece: Piece, rng: Generator) -> Piece:
    """Only the upper or the lower part of the notes."""
    split = np.quantile(piece.pitches, rng.uniform(0.3, 0.7))
    kept = piece.pitches >= split if rng.random() < 0.5 else piece.pitches <= split
    return Piece(
        piece.name,
        piece.onsets[kept],
        piece.ends[kept],
        piece.pitches[kept],
        piece.beats,
        piece.beat_numbers,
        piece.compound,
    )


def augmented(piece: Piece, seconds: float, rng: Generator) -> Piece:
    """One training example of at most ``seconds``: stretched, cut anywhere, spoilt."""
    drift = 0.0 if rng.random() < 0.3 else abs(rng.normal(0, 0.03))
    played = warp(piece, float(np.exp(rng.uniform(-0.35, 0.35))), drift, rng)
    total = played.ends.max()
    start = rng.uniform(0, max(0.5 * total, total - seconds))
    lead_in = rng.uniform(0, 2) if rng.random() < 0.3 else 0.0
    part = cut(played, start - lead_in, seconds)
    if len(part.onsets) < 4 or len(part.beats) < 4:
        return augmented(piece, seconds, rng)
    return spoil(part, rng)


def draw(pieces: Sequence[Piece], rng: Generator) -> Piece:
    """One piece, all equally likely."""
    return pieces[int(rng.integers(len(pieces)))]
