"""Strings are told by their stiffness, on any guitar."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.score import Inharmonicity, Note
from genesis_music.tablature.fingering import assign_fingering
from genesis_music.tablature.fretboard import Neck
from genesis_music.tablature.heard_strings import heard_places
from genesis_music.tablature.string_sets import USUAL_SETS, stiffness_evidence
from genesis_music.tablature.tunings import STANDARD, TUNINGS

NECK = Neck(STANDARD, 0, 24)


def played(places, neck=NECK, opens=USUAL_SETS[1], doubt=0.05):
    """Notes on places (string, fret) of a guitar with these strings."""
    notes = []
    for index, (string, fret) in enumerate(places):
        pitch = neck.tuning.pitches_midi[string - 1] + neck.capo + fret
        b = opens[string - 1] * 2 ** ((fret + neck.capo) / 6)
        notes.append(Note(0.3 * index, 0.3, pitch, inharmonicity=Inharmonicity(b, doubt * b)))
    return notes


def told(notes, neck=NECK):
    """The likeliest string of each note that has it."""
    evidence = stiffness_evidence(notes, neck, np.zeros((len(notes), 6)))
    strings = [[place.string for place in neck.places(note.pitch_midi)] for note in notes]
    return [max(own, key=lambda s, row=row: row[s - 1]) for own, row in zip(strings, evidence, strict=True)]


EVERYWHERE = [(string, fret) for string in range(1, 7) for fret in (0, 2, 3, 5, 7, 9)]


@settings(max_examples=25, deadline=None)
@given(
    kind=st.integers(0, len(USUAL_SETS) - 1),
    others=st.lists(st.floats(-0.1, 0.1), min_size=6, max_size=6),
)
def test_the_strings_of_any_usual_guitar_are_told(kind, others):
    notes = played(EVERYWHERE, opens=USUAL_SETS[kind] * np.exp(others))
    right = [string == true for string, (true, _) in zip(told(notes), EVERYWHERE, strict=True)]
    assert np.mean(right) > 0.8


@pytest.mark.parametrize(("tuning", "capo"), [("dadgad", 0), ("drop-d", 2), ("half-step-down", 0)])
def test_another_tuning_and_a_capo_need_no_other_measurement(tuning, capo):
    neck = Neck(TUNINGS[tuning], capo, 24)
    slack = np.array(STANDARD.pitches_midi) - np.array(neck.tuning.pitches_midi)
    notes = played(EVERYWHERE, neck, USUAL_SETS[1] * 2.0 ** (slack / 6))
    right = [string == true for string, (true, _) in zip(told(notes, neck), EVERYWHERE, strict=True)]
    assert np.mean(right) > 0.9


@pytest.mark.parametrize("b", [0.0, 1e-7, -1e-6])
def test_tones_without_stiffness_are_on_any_string(b):
    notes = [
        Note(0.3 * i, 0.3, p, inharmonicity=Inharmonicity(b, 1e-6)) for i, p in enumerate((59, 62, 64, 67))
    ]
    evidence = stiffness_evidence(notes, NECK, np.zeros((4, 6)))
    assert np.abs(evidence).max() < 0.5


def test_what_was_not_measured_well_says_little():
    notes = played(EVERYWHERE, doubt=100.0)
    assert np.abs(stiffness_evidence(notes, NECK, np.zeros((len(notes), 6)))).max() < 0.5


def test_notes_without_a_measurement_or_off_the_neck_say_nothing():
    off = [Note(0.0, 0.3, 60), Note(0.3, 0.3, 20, inharmonicity=Inharmonicity(1e-4, 1e-6))]
    assert not stiffness_evidence(off, NECK, np.zeros((2, 6))).any()


@pytest.mark.parametrize("string", [1, 2, 3])
def test_the_same_melody_is_fingered_on_the_string_it_was_played_on(string):
    pitches = (64, 67, 69, 71, 72, 71, 69, 67)
    melody = [(string, pitch - STANDARD.pitches_midi[string - 1]) for pitch in pitches]
    notes = played([*EVERYWHERE, *melody])
    fingered = assign_fingering(notes, STANDARD, evidence=heard_places(notes, NECK)).notes
    assert {each.place.string for each in fingered[len(EVERYWHERE) :]} == {string}
