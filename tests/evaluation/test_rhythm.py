"""Measures of written rhythm."""

from __future__ import annotations

from fractions import Fraction

import pytest

from genesis_music.evaluation.rhythm import chords_kept, closeness, readability, written_accuracy
from genesis_music.rhythm.notation import write_measures
from genesis_music.score import (
    Beat,
    Measure,
    Note,
    TabNote,
    TempoMap,
    TimeSignature,
    Track,
    Tuning,
    WrittenTime,
)

FOUR_FOUR = TimeSignature(4, 4)
BARS = TempoMap(
    tuple(Beat(q / 2, 1, q + 1, Fraction(q)) for q in range(5)),
    (Measure(1, 0.0, FOUR_FOUR, 120.0, Fraction(0), Fraction(4)),),
)


def written(position, length="1"):
    return WrittenTime(1, Fraction(position), Fraction(length))


def test_a_right_place_with_a_wrong_length_counts_for_position_only():
    accuracy = written_accuracy(
        [written(0), written(1), written(2)], [written(0), written(1, "1/2"), written(3)]
    )
    assert accuracy.position == pytest.approx(2 / 3)
    assert accuracy.position_and_length == pytest.approx(1 / 3)


def test_closeness_takes_constant_lateness_out():
    notes = [Note(0.02, 1, 60), Note(0.52, 1, 60), Note(1.08, 1, 60)]
    near = closeness(notes, [written(0), written(1), written(2)], BARS)
    assert near.lateness_ms == pytest.approx(20)
    assert near.mean_ms == pytest.approx(20)
    assert near.within_30_ms == pytest.approx(2 / 3)


def test_a_split_chord_is_noticed():
    notes = [Note(0.0, 1, 60), Note(0.02, 1, 64), Note(0.5, 1, 60)]
    assert chords_kept(notes, [written(0), written(0), written(1)]) == 1
    assert chords_kept(notes, [written(0), written("1/4"), written(1)]) == 0


def test_readability_counts_values_and_ties_of_measures_with_notes():
    notes = [
        TabNote("a", Note(0, 1, 60), written(0, "1/2"), 1, 0),
        TabNote("b", Note(0, 1, 60), written("3/2"), 1, 0),
    ]
    track = Track("Guitar", "guitar", Tuning("standard", (64, 59, 55, 50, 45, 40)), 0, tuple(notes))
    page = readability(write_measures(track, BARS))
    assert (page.values, page.ties) == (2, 1)
    assert readability(()) == readability(write_measures(Track("", "", track.tuning, 0, ()), BARS))
