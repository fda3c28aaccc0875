"""How well a tempo map follows annotated beats.

Beat F-measure as in ``mir_eval.beat.f_measure`` (Davies, Degara & Plumbley 2009): ±70 ms count as right.
``mir_eval`` leaves out the first five seconds by convention; both figures are given, with and without them.
Estimated beats outside the recording (a bar is always completed) are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from genesis_music.evaluation.guitarset import Excerpt
from genesis_music.score import Note, TempoMap

TEMPO_TOLERANCE = 0.04


@dataclass(frozen=True, slots=True)
class BeatReference:
    """What a tracker gets and what it should find: notes, and ``(seconds, number in the bar)`` beats."""

    name: str
    notes: tuple[Note, ...]
    beats: tuple[tuple[float, int], ...]
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class BeatScores:
    """F-measures 0..1 of beats and downbeats; ``…_whole`` counts the first five seconds too."""

    beats: float
    downbeats: float
    beats_whole: float
    downbeats_whole: float
    tempo_right: float
    """1 when the tempo (median beat) is within 4 %, else 0; a mean of it is a share."""


def mean_scores(scores: Sequence[BeatScores]) -> BeatScores:
    """Mean of each figure over pieces; at least one."""
    return BeatScores(*(fmean(getattr(s, name) for s in scores) for name in BeatScores.__slots__))


def reference_of(excerpt: Excerpt) -> BeatReference:
    """The true notes and beats of a GuitarSet excerpt."""
    notes = tuple(labelled.note for labelled in excerpt.notes)
    return BeatReference(excerpt.name, notes, excerpt.beats, excerpt.duration_seconds)


def cut_reference(reference: BeatReference, start_seconds: float) -> BeatReference:
    """The same without its first ``start_seconds``; notes sounding at the cut are lost."""
    notes = (
        Note(n.onset_seconds - start_seconds, n.duration_seconds, n.pitch_midi, n.velocity, n.confidence)
        for n in reference.notes
        if n.onset_seconds >= start_seconds
    )
    beats = ((time - start_seconds, number) for time, number in reference.beats if time >= start_seconds)
    duration = reference.duration_seconds - start_seconds
    return BeatReference(reference.name, tuple(notes), tuple(beats), duration)


def with_random_cuts(reference: BeatReference, cuts: int, seed: int) -> list[BeatReference]:
    """The reference itself and ``cuts`` copies that start anywhere in its first half."""
    rng = np.random.default_rng([seed, *reference.name.encode()])
    starts = rng.uniform(0, reference.duration_seconds / 2, cuts)
    return [reference, *(cut_reference(reference, float(start)) for start in starts)]


def score_beats(reference: BeatReference, tempo_map: TempoMap) -> BeatScores:
    """Compare a tempo map with annotated beats (needs the ``evaluation`` extra: mir_eval)."""
    found = [b for b in tempo_map.beats if 0 <= b.onset_seconds <= reference.duration_seconds]
    beats = np.array([time for time, _ in reference.beats])
    downbeats = np.array([time for time, number in reference.beats if number == 1])
    found_beats = np.array([beat.onset_seconds for beat in found])
    found_downbeats = np.array([beat.onset_seconds for beat in found if beat.beat == 1])
    tempo_ratio = np.median(np.diff(found_beats)) / np.median(np.diff(beats)) if len(found) > 1 else 0.0
    return BeatScores(
        beats=_f_measure(beats, found_beats, trim=True),
        downbeats=_f_measure(downbeats, found_downbeats, trim=True),
        beats_whole=_f_measure(beats, found_beats, trim=False),
        downbeats_whole=_f_measure(downbeats, found_downbeats, trim=False),
        tempo_right=float(abs(tempo_ratio - 1) <= TEMPO_TOLERANCE),
    )


def _f_measure(reference: np.ndarray, estimate: np.ndarray, *, trim: bool) -> float:
    from mir_eval import beat

    if trim:
        reference, estimate = beat.trim_beats(reference), beat.trim_beats(estimate)
    return float(beat.f_measure(reference, estimate)) if len(reference) and len(estimate) else 0.0
