"""A note heard twice at one place on the page is written once."""

from __future__ import annotations

from fractions import Fraction

import pytest

from genesis_music.rhythm.doubles import merge_doubles
from genesis_music.score import Note, WrittenTime

START = WrittenTime(1, Fraction(0), Fraction(1))


def test_a_note_heard_twice_is_written_once() -> None:
    doubtful, sure = Note(1.0, 0.04, 60, confidence=0.6), Note(1.03, 0.9, 60, confidence=0.9)
    notes, written = merge_doubles([doubtful, sure], [START, START])
    assert len(notes) == len(written) == 1
    assert notes[0].onset_seconds == 1.03
    assert notes[0].end_seconds == pytest.approx(1.93)


def test_a_real_repetition_and_other_pitches_stay() -> None:
    later = WrittenTime(1, Fraction(1, 2), Fraction(1, 2))
    notes = [Note(1.0, 0.2, 60), Note(1.0, 0.2, 64), Note(1.3, 0.2, 60)]
    assert merge_doubles(notes, [START, START, later]) == (tuple(notes), (START, START, later))
