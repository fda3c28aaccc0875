from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_music.score import BendPoint, Note
from genesis_music.tablature.damping import damped
from genesis_music.tablature.fingering import Fingered
from genesis_music.tablature.fretboard import Place


def on(*strings):
    return [Fingered(Place(string, 0) if string else None) for string in strings]


def ends(notes):
    return [pytest.approx(note.end_seconds) for note in notes]


def test_a_string_struck_again_ends_what_it_sounded():
    ringing, struck = Note(0.0, 2.0, 64), Note(1.0, 1.0, 67)
    assert ends(damped([ringing, struck], on(1, 1))) == [1.0, 2.0]


def test_other_strings_ring_on():
    ringing, struck = Note(0.0, 2.0, 64), Note(1.0, 1.0, 67)
    assert damped([ringing, struck], on(2, 1)) == [ringing, struck]
    assert damped([ringing, struck], on(1, None)) == [ringing, struck]


def test_a_bend_ends_with_its_note():
    bent = Note(0.0, 2.0, 64, bend=(BendPoint(0.5, 0.5), BendPoint(1.5, 1.0)))
    first, _ = damped([bent, Note(1.0, 1.0, 67)], on(1, 1))
    assert first.bend == (BendPoint(0.5, 0.5),)


NOTES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 30), st.integers(1, 6)),
    max_size=20,
    unique_by=lambda n: (n[0], n[2]),
)


@given(NOTES)
def test_no_string_sounds_two_notes_at_once_and_none_is_lost(drawn):
    notes = [Note(onset / 10, length / 10, 60) for onset, length, _ in drawn]
    strings = [string for _, _, string in drawn]
    result = damped(notes, on(*strings))
    assert [note.onset_seconds for note in result] == [note.onset_seconds for note in notes]
    for string in set(strings):
        own = sorted(
            (n for n, s in zip(result, strings, strict=True) if s == string), key=lambda n: n.onset_seconds
        )
        assert all(a.end_seconds <= b.onset_seconds + 1e-9 for a, b in pairwise(own))
        assert all(note.duration_seconds > 0 for note in own)
