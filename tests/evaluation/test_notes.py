from dataclasses import replace

import pytest

from genesis_music.evaluation.notes import calibration, note_accuracy
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
