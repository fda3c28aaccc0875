"""How well transcribed notes match reference notes.

The measures are those of MIREX note tracking as in mir_eval (Raffel et al., ISMIR 2014): a note is right when
its onset lies within 50 ms and its pitch, rounded to a semitone, is equal; "with offset", its end must also
lie within 20 % of the reference length or 50 ms, whichever is more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Note

ONSET_TOLERANCE_SECONDS = 0.05
OFFSET_RATIO = 0.2


@dataclass(frozen=True, slots=True)
class NoteAccuracy:
    """Precision, recall and F1 (0..1) by onset, and F1 with offset; how many notes there were."""

    precision: float
    recall: float
    onset_f1: float
    offset_f1: float
    reference_notes: int
    estimated_notes: int


def note_accuracy(reference: Sequence[Note], estimated: Sequence[Note]) -> NoteAccuracy:
    """Compare estimated with reference notes; with no reference or no estimated notes all measures are 0."""
    from mir_eval.transcription import precision_recall_f1_overlap

    if not reference or not estimated:
        return NoteAccuracy(0.0, 0.0, 0.0, 0.0, len(reference), len(estimated))
    arrays = (*_arrays(reference), *_arrays(estimated))
    precision, recall, onset_f1, _ = precision_recall_f1_overlap(
        *arrays, onset_tolerance=ONSET_TOLERANCE_SECONDS, offset_ratio=None
    )
    _, _, offset_f1, _ = precision_recall_f1_overlap(
        *arrays, onset_tolerance=ONSET_TOLERANCE_SECONDS, offset_ratio=OFFSET_RATIO
    )
    return NoteAccuracy(precision, recall, onset_f1, offset_f1, len(reference), len(estimated))


def _arrays(notes: Sequence[Note]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intervals ``[n, 2]`` in seconds and pitches ``[n]`` in Hz."""
    intervals = np.array([(note.onset_seconds, note.end_seconds) for note in notes])
    pitches_hz = 440 * 2 ** ((np.array([note.pitch_midi for note in notes], dtype=float) - 69) / 12)
    return intervals, pitches_hz


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Among ``notes`` notes of mean ``confidence`` (0..1), the fraction that is ``right``."""

    confidence: float
    right: float
    notes: int


def calibration(
    pairs: Sequence[tuple[Sequence[Note], Sequence[Note]]], bins: int = 5
) -> list[CalibrationBin]:
    """How true confidences are: over ``(reference, estimated)`` pairs, in bins of equal numbers of notes."""
    from mir_eval.transcription import match_notes

    confidence: list[float] = []
    right: list[bool] = []
    for reference, estimated in pairs:
        matching = (
            match_notes(*_arrays(reference), *_arrays(estimated), offset_ratio=None)
            if reference and estimated
            else []
        )
        matched = {index for _, index in matching}
        confidence += [note.confidence for note in estimated]
        right += [index in matched for index in range(len(estimated))]
    order = np.argsort(confidence)
    return [
        CalibrationBin(
            float(np.mean(np.array(confidence)[part])), float(np.mean(np.array(right)[part])), len(part)
        )
        for part in np.array_split(order, bins)
        if len(part)
    ]
