import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mir_eval.transcription import precision_recall_f1_overlap

from genesis_music.evaluation.notes import calibration, match_notes, note_accuracy
from genesis_music.score import Note

REFERENCE = [Note(0.0, 0.5, 60), Note(0.5, 0.5, 64), Note(1.0, 1.0, 67)]


def test_the_same_notes_score_one():
    accuracy = note_accuracy(REFERENCE, REFERENCE)
    assert (accuracy.onset_f1, accuracy.offset_f1) == (1.0, 1.0)


def test_late_wrong_and_short_notes_are_told_apart():
    found = [
        replace(REFERENCE[0], onset_seconds=0.06),
        replace(REFERENCE[1], duration_seconds=0.3),
        replace(REFERENCE[2], pitch_midi=79),
    ]
    accuracy = note_accuracy(REFERENCE, found)
    assert accuracy.onset_f1 == pytest.approx(1 / 3)
    assert accuracy.offset_f1 == 0


@pytest.mark.parametrize(("reference", "found"), [([], REFERENCE), (REFERENCE, [])])
def test_nothing_to_compare_scores_zero(reference, found):
    assert note_accuracy(reference, found).onset_f1 == 0


def test_calibration_says_how_often_each_confidence_is_right():
    right = [replace(note, confidence=0.9) for note in REFERENCE]
    wrong = [replace(note, confidence=0.2, pitch_midi=40) for note in REFERENCE]
    low, high = calibration([(REFERENCE, [*right, *wrong])], bins=2)
    assert (low.right, high.right) == (0, 1)
    assert (low.confidence, high.confidence) == pytest.approx((0.2, 0.9))


TIMES = st.integers(0, 3000).map(lambda milliseconds: milliseconds / 1000)
NOTES = st.lists(
    st.builds(Note, TIMES, st.integers(20, 900).map(lambda m: m / 1000), st.integers(60, 62)), max_size=40
)


@given(NOTES, NOTES)
def test_figures_are_those_of_mir_eval(reference, found):
    def arrays(notes):
        intervals = np.array([(note.onset_seconds, note.end_seconds) for note in notes]).reshape(-1, 2)
        return intervals, 440 * 2 ** ((np.array([note.pitch_midi for note in notes], dtype=float) - 69) / 12)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mir_eval warns of empty lists
        expected = [
            precision_recall_f1_overlap(*arrays(reference), *arrays(found), offset_ratio=ratio)[2]
            for ratio in (None, 0.2)
        ]
    ours = note_accuracy(reference, found)
    assert (ours.onset_f1, ours.offset_f1) == pytest.approx(tuple(expected))


def test_a_model_that_knows_nothing_is_measured_all_the_same():
    random = np.random.default_rng(0)
    noise = [
        Note(float(t), 0.1, int(p))
        for t, p in zip(random.uniform(0, 30, 30000), random.integers(40, 90, 30000), strict=True)
    ]
    reference = noise[:300]
    assert note_accuracy(reference, noise).recall == 1


def test_a_note_on_another_string_agrees_in_pitch_only():
    assert match_notes(REFERENCE, REFERENCE, reference_strings=[1, 2, 3], estimated_strings=[1, 3, None]) == [
        (0, 0)
    ]
