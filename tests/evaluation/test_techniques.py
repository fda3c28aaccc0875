"""Technique measures count what a listener would count."""

import pytest

from genesis_music.evaluation.techniques import CalibrationBin, Tally, calibration, tally_techniques
from genesis_music.score import Note, TabNote, Technique, TechniqueKind, WrittenTime

BEND, SLIDE = TechniqueKind.BEND, TechniqueKind.SLIDE


def note(*kinds: TechniqueKind) -> TabNote:
    techniques = tuple(Technique(kind, 0.9) for kind in kinds)
    return TabNote("n", Note(0.0, 1.0, 60), WrittenTime(1, 0, 1), 2, 1, techniques=techniques)


def test_hits_false_alarms_and_misses_are_counted_per_technique():
    found = [note(BEND), note(BEND), note(), note(SLIDE)]
    played = [frozenset({BEND}), frozenset(), frozenset({BEND}), frozenset({SLIDE})]
    tallies = tally_techniques(found, played)
    assert tallies[BEND] == Tally(hits=1, false_alarms=1, misses=1)
    assert tallies[BEND].precision == tallies[BEND].recall == tallies[BEND].f_measure == 0.5
    assert tallies[SLIDE].f_measure == 1.0


def test_lists_of_different_length_are_rejected():
    with pytest.raises(ValueError, match="zip"):
        tally_techniques([note()], [])


def test_calibration_compares_what_was_said_with_what_was_right():
    judged = [(Technique(BEND, 0.8), True), (Technique(BEND, 0.84), False), (Technique(BEND, 1.0), True)]
    assert calibration(judged) == (CalibrationBin(2, pytest.approx(0.82), 0.5), CalibrationBin(1, 1.0, 1.0))
