from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.score import Note
from genesis_music.tablature.fingering import assign_fingering
from genesis_music.tablature.fretboard import Neck, Place
from genesis_music.tablature.heard_strings import heard_places
from genesis_music.tablature.tunings import STANDARD, TUNINGS

MELODY = [Note(i * 0.3, 0.3, pitch) for i, pitch in enumerate((64, 67, 69, 71, 72, 71, 69, 67))]
SURE = -12.0


def on_string(note, string):
    """The note as heard on one string."""
    return replace(note, string_evidence=tuple(-0.02 if s == string else SURE for s in range(1, 7)))


def places(notes, tuning=STANDARD, capo=0):
    evidence = heard_places(notes, Neck(tuning, capo, 24))
    return [f.place for f in assign_fingering(notes, tuning, capo=capo, evidence=evidence).notes]


@pytest.mark.parametrize("string", [1, 2, 3, 4])
def test_a_melody_goes_to_the_string_it_is_heard_on(string):
    assert {place.string for place in places([on_string(note, string) for note in MELODY])} == {string}


@given(st.floats(-8, 0))
def test_flat_evidence_changes_nothing(level):
    flat = [replace(note, string_evidence=(round(level, 2),) * 6) for note in MELODY]
    assert places(flat) == places(MELODY)


def test_the_same_evidence_serves_another_tuning_and_capo():
    heard = [on_string(note, 2) for note in MELODY]
    assert places(heard, TUNINGS["dadgad"])[0] == Place(2, 64 - 57)
    assert places(heard, capo=2)[0] == Place(2, 64 - 59 - 2)


def test_a_string_that_cannot_sound_the_note_is_never_chosen():
    low = on_string(Note(0.0, 0.5, 40), 1)
    assert places([low]) == [Place(6, 0)]


def test_evidence_is_about_the_pitch_that_was_heard_not_about_its_octaves():
    too_low = Note(0.0, 0.5, 38)
    assert places([on_string(too_low, 3)]) == places([too_low])


def test_notes_that_nothing_was_heard_about_have_no_evidence():
    evidence = heard_places([MELODY[0], on_string(MELODY[1], 2)], Neck(STANDARD, 0, 24))
    assert evidence[0] is None
    assert evidence[1] is not None


def test_seven_strings_are_not_judged_by_what_is_known_about_six():
    assert heard_places([on_string(MELODY[0], 1)], Neck(TUNINGS["7-string"], 0, 24)) == [None]
