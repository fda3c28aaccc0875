import numpy as np
import pytest

from genesis_music.evaluation.beats import BeatReference, cut_reference, score_beats, with_random_cuts
from genesis_music.rhythm.beat_measures import BarredBeats, build_tempo_map
from genesis_music.score import Note, TempoMap, TimeSignature

BEATS = tuple((0.5 * i, i % 4 + 1) for i in range(40))
NOTES = tuple(Note(0.5 * i, 0.4, 60) for i in range(40))
REFERENCE = BeatReference("a piece", NOTES, BEATS, 20.0)


def map_at(seconds: np.ndarray, first_number: int = 1) -> TempoMap:
    numbers = (np.arange(len(seconds)) + first_number - 1) % 4 + 1
    return build_tempo_map(BarredBeats(seconds, numbers, (TimeSignature(4, 4),) * len(seconds)), 1.0)


def test_the_true_beats_score_one():
    scores = score_beats(REFERENCE, map_at(0.5 * np.arange(40)))
    assert (scores.beats, scores.beats_whole, scores.downbeats, scores.downbeats_whole) == (1, 1, 1, 1)
    assert scores.tempo_right == 1


def test_the_off_beat_scores_nothing():
    scores = score_beats(REFERENCE, map_at(0.25 + 0.5 * np.arange(39)))
    assert scores.beats == scores.downbeats == 0
    assert scores.tempo_right == 1


def test_wrong_downbeats_on_right_beats_cost_only_downbeats():
    scores = score_beats(REFERENCE, map_at(0.5 * np.arange(40), first_number=3))
    assert scores.beats == 1
    assert scores.downbeats == 0


def test_double_tempo_finds_every_beat_twice():
    scores = score_beats(REFERENCE, map_at(0.25 * np.arange(80)))
    assert scores.beats_whole == pytest.approx(2 / 3, abs=0.01)
    assert scores.tempo_right == 0


def test_a_cut_piece_starts_at_its_cut():
    cut = cut_reference(REFERENCE, 3.2)
    assert cut.duration_seconds == pytest.approx(16.8)
    assert cut.beats[0] == (pytest.approx(0.3), 4)
    assert cut.notes[0].onset_seconds == pytest.approx(0.3)


def test_random_cuts_are_the_same_every_time():
    assert with_random_cuts(REFERENCE, 4, 1) == with_random_cuts(REFERENCE, 4, 1)
    assert len(with_random_cuts(REFERENCE, 4, 1)) == 5
