"""What a guitarist would do here: a small learned model of frets from the notes around each note.

A dilated convolution over the notes in playing order sees some 60 notes either way: which keys, chords and
registers a passage uses, and so in which region of the neck it is likely played. It knows nothing of
hands; :mod:`~genesis_music.tablature.hand_search` combines its opinion with what a hand can do.

Tunings: the notes are first transposed to where they would lie on a guitar in standard tuning without a
capo (see :func:`guitar_transposition`), and the model speaks of frets, not strings, so the same fret means
the same thing on a bass, a ukulele or a guitar tuned down.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Tuning
from genesis_music.tablature.tunings import STANDARD

LOWEST_PITCH_MIDI = 40
PITCHES = 49
FRETS = 25
TIMINGS = 7
FEATURES = 2 * PITCHES + TIMINGS
_WEIGHTS = Path(__file__).parent / "weights" / "fret_model.npz"
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.03, 3.0


@dataclass(frozen=True, slots=True)
class NotesInOrder:
    """``N`` notes in playing order, low to high within a stroke; ``stroke`` counts the strokes from 0."""

    pitches_midi: NDArray[np.int64]
    onsets_seconds: NDArray[np.float64]
    durations_seconds: NDArray[np.float64]
    stroke: NDArray[np.int64]


def features(notes: NotesInOrder) -> NDArray[np.float32]:
    """Describe each note, ``[N, FEATURES]``: its pitch, the pitches of its stroke, and its timing."""
    count = len(notes.pitches_midi)
    pitch = np.zeros((count, PITCHES), dtype=np.float32)
    pitch[np.arange(count), np.clip(notes.pitches_midi - LOWEST_PITCH_MIDI, 0, PITCHES - 1)] = 1.0
    firsts = np.flatnonzero(np.diff(notes.stroke, prepend=-1))
    together = np.maximum.reduceat(pitch, firsts)[notes.stroke]
    return np.concatenate([pitch, together, _timing(notes, firsts)], axis=1)


def _timing(notes: NotesInOrder, firsts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Logarithms of gaps and lengths, and the size of the stroke, ``[N, TIMINGS]``."""
    onsets = notes.onsets_seconds[firsts]
    gaps = np.log(_bounded(np.diff(onsets, prepend=onsets[0] - 1.0, append=onsets[-1] + 1.0)))
    before, after = gaps[:-1][notes.stroke], gaps[1:][notes.stroke]
    length = np.log(_bounded(notes.durations_seconds))
    size = np.bincount(notes.stroke)[notes.stroke]
    first = np.zeros(len(size))
    first[firsts] = 1.0
    columns = (before, after, length, length - after, first, size / 3.0, size == 1)
    return np.stack(columns, axis=1).astype(np.float32)


def _bounded(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(seconds, _SHORTEST_SECONDS, _LONGEST_SECONDS)


@dataclass(frozen=True)
class FretModel:
    """``M`` networks whose scores are averaged: linear, residual dilated convolutions over time, linear.

    ``inputs`` is ``[M, FEATURES + 1, C]`` (the last row is the bias), ``convolutions`` ``[M, B, taps, C, C]``
    with ``biases`` ``[M, B, C]`` and ``dilations`` ``[B]``, ``outputs`` ``[M, C + 1, FRETS]``.
    """

    inputs: NDArray[np.float32]
    convolutions: NDArray[np.float32]
    biases: NDArray[np.float32]
    dilations: NDArray[np.int64]
    outputs: NDArray[np.float32]

    def fret_scores(self, notes: NotesInOrder) -> NDArray[np.float32]:
        """Score the frets 0..24 for every note, ``[N, FRETS]`` in nats, up to a constant per note."""
        described = features(notes)
        networks = zip(self.inputs, self.convolutions, self.biases, self.outputs, strict=True)
        scores = [self._network_scores(described, *network) for network in networks]
        return np.asarray(np.mean(scores, axis=0), dtype=np.float32)

    def _network_scores(
        self,
        described: NDArray[np.float32],
        inputs: NDArray[np.float32],
        convolutions: NDArray[np.float32],
        biases: NDArray[np.float32],
        outputs: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        hidden = described @ inputs[:-1] + inputs[-1]
        for taps, bias, dilation in zip(convolutions, biases, self.dilations.tolist(), strict=True):
            hidden += np.maximum(_convolve(hidden, taps, dilation) + bias, 0.0)
        return np.asarray(hidden @ outputs[:-1] + outputs[-1], dtype=np.float32)


def _convolve(hidden: NDArray[np.float32], taps: NDArray[np.float32], dilation: int) -> NDArray[np.float32]:
    """Convolve ``[N, C]`` along the notes with zeros outside."""
    count = len(hidden)
    reach = dilation * (len(taps) // 2)
    padded = np.pad(hidden, ((reach, reach), (0, 0)))
    total = np.zeros_like(hidden)
    for index, tap in enumerate(taps):
        total += padded[index * dilation : index * dilation + count] @ tap
    return total


@cache
def load_fret_model() -> FretModel:
    """Load the shipped weights once."""
    with _WEIGHTS.open("rb") as file:
        return read_fret_model(file)


def read_fret_model(file: IO[bytes]) -> FretModel:
    """Read weights as ``training/fingering.py`` writes them (an ``.npz`` of half-precision arrays)."""
    with np.load(file) as arrays:
        single = {name: arrays[name].astype(np.float32) for name in arrays.files if name != "dilations"}
        return FretModel(dilations=arrays["dilations"].astype(np.int64), **single)


def guitar_transposition(tuning: Tuning, capo: int) -> int:
    """Semitones to add so that the notes lie as on a guitar in standard tuning without a capo.

    The strings are laid beside the guitar's so that as many as can be differ by the same amount: a bass
    beside the four low strings an octave up, a ukulele beside the four high ones, a 7-string beside all but
    its lowest. Of equal fits whole octaves and then the smallest are taken.
    """
    votes = Counter(
        (row - column, theirs - ours)
        for row, ours in enumerate(tuning.pitches_midi)
        for column, theirs in enumerate(STANDARD.pitches_midi)
    )
    (_, semitones), _ = max(votes.items(), key=lambda vote: (vote[1], vote[0][1] % 12 == 0, -abs(vote[0][1])))
    return semitones - capo
