"""Score the strings on which each note could be played by the fret model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Note
from genesis_music.tablature.chord_fitting import Fit
from genesis_music.tablature.fret_model import FRETS, FretModel, NotesInOrder, guitar_transposition
from genesis_music.tablature.fretboard import Neck

IMPOSSIBLE = -1e9
_LEAST_LOG_PROBABILITY = -12.0


def string_scores(
    notes: Sequence[Note], fits: Sequence[Fit], neck: Neck, model: FretModel
) -> NDArray[np.float64]:
    """Log-probability of every string for every note, ``[N, S]``; notes that no stroke plays score 0.

    A string that cannot sound the note scores :data:`IMPOSSIBLE`.
    """
    scores = np.zeros((len(notes), neck.strings))
    played = list(chain.from_iterable(fit.candidates for fit in fits))
    if not played:
        return scores
    indices = [candidate.index for candidate in played]
    pitches = np.array([candidate.pitch_midi for candidate in played], dtype=np.int64)
    in_order = NotesInOrder(
        pitches + guitar_transposition(neck.tuning, neck.capo),
        np.array([notes[i].onset_seconds for i in indices]),
        np.array([notes[i].duration_seconds for i in indices]),
        np.repeat(np.arange(len(fits)), [len(fit.candidates) for fit in fits]),
    )
    frets = pitches[:, None] - np.array(neck.tuning.pitches_midi) - neck.capo
    scores[indices] = _log_probabilities(model.fret_scores(in_order), frets)
    return scores


def _log_probabilities(fret_scores: NDArray[np.float32], frets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Turn scores of frets ``[N, FRETS]`` into log-probabilities of the strings whose frets are given."""
    scores = np.take_along_axis(fret_scores, np.clip(frets, 0, FRETS - 1), axis=1).astype(np.float64)
    scores = np.where(frets >= 0, scores, -np.inf)
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return np.where(frets >= 0, np.maximum(scores, _LEAST_LOG_PROBABILITY), IMPOSSIBLE)
