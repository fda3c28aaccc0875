"""How well transcribed notes match reference notes.

The measures are those of MIREX note tracking as in mir_eval (Raffel et al., ISMIR 2014): a note is right when
its onset lies within 50 ms and its pitch, rounded to a semitone, is equal; "with offset", its end must also
lie within 20 % of the reference length or 50 ms, whichever is more. The largest set of pairs counts.

Deviation: pairs are looked for among notes of one pitch and near in time only, so that thousands of wrong notes
(an untrained model) cost no more than right ones. The figures are the same (tested).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from genesis_music.score import Note

ONSET_TOLERANCE_SECONDS = 0.05
OFFSET_RATIO = 0.2
TIME_DECIMALS = 4
"""Differences of times are rounded to these, as in mir_eval, so that 50 ms are within 50 ms."""


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
    counts = (len(reference), len(estimated))
    by_onset = len(match_notes(reference, estimated))
    by_offset = len(match_notes(reference, estimated, with_offset=True))
    return NoteAccuracy(
        precision=by_onset / max(len(estimated), 1),
        recall=by_onset / max(len(reference), 1),
        onset_f1=f1(by_onset, *counts),
        offset_f1=f1(by_offset, *counts),
        reference_notes=len(reference),
        estimated_notes=len(estimated),
    )


def f1(right: int, reference: int, estimated: int) -> float:
    """F-measure, 0..1, of ``right`` pairs among so many reference and estimated items."""
    return 2 * right / max(reference + estimated, 1)


def match_notes(
    reference: Sequence[Note],
    estimated: Sequence[Note],
    *,
    with_offset: bool = False,
    reference_strings: Sequence[int | None] | None = None,
    estimated_strings: Sequence[int | None] | None = None,
) -> list[tuple[int, int]]:
    """The largest set of pairs ``(index of a reference note, of an estimated note)`` that agree.

    Where strings are given (both or neither), they must be equal too; a note whose string is ``None`` agrees
    with none.
    """
    wanted = _by_identity(reference, reference_strings)
    found = _by_identity(estimated, estimated_strings)
    agree = _offsets_agree if with_offset else _always
    pairs: list[tuple[int, int]] = []
    for identity in sorted(wanted.keys() & found.keys()):
        near = _near(reference, wanted[identity], estimated, found[identity])
        choices = defaultdict(list)
        for one, other in near:
            if agree(reference[one], estimated[other]):
                choices[one].append(other)
        pairs += _largest_matching(choices)
    return sorted(pairs)


def _by_identity(
    notes: Sequence[Note], strings: Sequence[int | None] | None
) -> dict[tuple[int, int], list[int]]:
    """Indices of the notes of each pitch (and string), in order of onset."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index in sorted(range(len(notes)), key=lambda index: notes[index].onset_seconds):
        string = 0 if strings is None else strings[index]
        if string is not None:
            groups[notes[index].pitch_midi, string].append(index)
    return groups


def _near(
    reference: Sequence[Note], wanted: Sequence[int], estimated: Sequence[Note], found: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Pairs whose onsets lie within the tolerance; both lists of indices are in order of onset."""
    onsets = np.array([estimated[index].onset_seconds for index in found])
    slack = ONSET_TOLERANCE_SECONDS + 10.0**-TIME_DECIMALS
    for one in wanted:
        onset = reference[one].onset_seconds
        first, last = np.searchsorted(onsets, (onset - slack, onset + slack))
        for other in range(int(first), int(last)):
            if round(abs(float(onsets[other]) - onset), TIME_DECIMALS) <= ONSET_TOLERANCE_SECONDS:
                yield one, found[other]


def _offsets_agree(reference: Note, estimated: Note) -> bool:
    tolerance = max(OFFSET_RATIO * reference.duration_seconds, ONSET_TOLERANCE_SECONDS)
    return round(abs(reference.end_seconds - estimated.end_seconds), TIME_DECIMALS) <= tolerance


def _always(_reference: Note, _estimated: Note) -> bool:
    return True


def _largest_matching(choices: dict[int, list[int]]) -> list[tuple[int, int]]:
    """Kuhn's algorithm: give each item one of its choices, moving earlier ones on where that makes room."""
    taken: dict[int, int] = {}

    def place(item: int, tried: set[int]) -> bool:
        for choice in choices[item]:
            if choice in tried:
                continue
            tried.add(choice)
            if choice not in taken or place(taken[choice], tried):
                taken[choice] = item
                return True
        return False

    for item in choices:
        place(item, set())
    return [(item, choice) for choice, item in taken.items()]


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
    confidence: list[float] = []
    right: list[bool] = []
    for reference, estimated in pairs:
        matched = {index for _, index in match_notes(reference, estimated)}
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
