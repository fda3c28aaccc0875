"""Measures of key and chords against GuitarSet annotations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from genesis_music.evaluation.guitarset import Excerpt, LabelledChord
from genesis_music.harmony.qualities import harte_label
from genesis_music.score import Beat, Chord, Key, Measure, TempoMap

_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def pitch_class(name: str) -> int:
    """Read a note name such as ``"F#"`` or ``"Gb"`` as a pitch class 0..11."""
    return (_NATURALS[name[0]] + name.count("#") - name.count("b")) % 12


def annotated_key(excerpt: Excerpt) -> Key:
    """The annotated key as a :class:`Key`."""
    tonic, mode = excerpt.key.split(":")
    return Key(pitch_class(tonic), mode)


def annotated_tempo_map(excerpt: Excerpt) -> TempoMap:
    """The annotated beats as a tempo map; the last beat closes the last measure."""
    per_measure = excerpt.time_signature.numerator
    beats = tuple(
        Beat(seconds, index // per_measure + 1, number, Fraction(index))
        for index, (seconds, number) in enumerate(excerpt.beats)
    )
    measures = tuple(
        Measure(
            beat.measure,
            beat.onset_seconds,
            excerpt.time_signature,
            excerpt.tempo_bpm,
            beat.quarters,
            excerpt.time_signature.measure_quarters,
        )
        for beat in beats
        if beat.beat == 1
    )
    return TempoMap(beats, measures)


def same_key(estimate: Key, reference: Key) -> bool:
    """Whether tonic and mode agree."""
    return (estimate.tonic, estimate.mode) == (reference.tonic, reference.mode)


def majmin_wcsr(reference: Sequence[LabelledChord], estimate: Sequence[Chord]) -> float:
    """Weighted chord symbol recall 0..1 over major and minor triads (``mir_eval.chord.majmin``).

    Reference chords that are neither (half-diminished) do not count; an estimate without a third never matches.
    """
    import mir_eval

    spans = np.array([[c.onset_seconds, c.end_seconds] for c in reference])
    found = np.array([[c.onset_seconds, c.end_seconds] for c in estimate])
    found, labels = mir_eval.util.adjust_intervals(
        found, [harte_label(c) for c in estimate], spans.min(), spans.max(), "N", "N"
    )
    merged, truth, answer = mir_eval.util.merge_labeled_intervals(
        spans, [c.label for c in reference], found, labels
    )
    seconds = mir_eval.util.intervals_to_durations(merged)
    return float(mir_eval.chord.weighted_accuracy(mir_eval.chord.majmin(truth, answer), seconds))
