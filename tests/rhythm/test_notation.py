"""Printed notation: full measures, visible beats, honest ties."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.rhythm.notation import NoteValue, WrittenMeasure, tied, write_measures
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

SIGNATURES = [
    TimeSignature(*s) for s in [(2, 4), (3, 4), (4, 4), (6, 8), (9, 8), (12, 8), (5, 4), (7, 8), (2, 2)]
]


def tempo_map(signatures: list[TimeSignature], pickup: Fraction | None = None) -> TempoMap:
    lengths = [s.measure_quarters for s in signatures]
    numbers = list(range(1, len(signatures) + 1))
    if pickup is not None:
        signatures, lengths, numbers = [signatures[0], *signatures], [pickup, *lengths], [0, *numbers]
    starts = [sum(lengths[:i], Fraction(0)) for i in range(len(lengths))]
    measures = tuple(
        Measure(n, float(start) / 2, s, 120.0, start, length)
        for n, s, start, length in zip(numbers, signatures, starts, lengths, strict=True)
    )
    beats = tuple(Beat(q / 2, 1, 1, Fraction(q)) for q in range(int(sum(lengths)) + 1))
    return TempoMap(beats, measures)


def track(*written: tuple[int, Fraction | float, Fraction | float]) -> Track:
    notes = tuple(
        TabNote(f"n{i}", Note(0.0, 1.0, 60), WrittenTime(measure, Fraction(position), Fraction(length)), 2, 1)
        for i, (measure, position, length) in enumerate(written)
    )
    return Track("Guitar", "guitar", Tuning("standard", (64, 59, 55, 50, 45, 40)), 0, notes)


def printed(measures: tuple[WrittenMeasure, ...]) -> str:
    """One measure as text: r = rest, ~ = tied on, [ ] = tuplet."""

    def beat_text(beat):
        value = f"{beat.value.denominator}{'.' * beat.value.dots}"
        text = ("r" if beat.is_rest else "") + value + ("~" if any(n.tie_to for n in beat.notes) else "")
        return ("[" if beat.tuplet_start else "") + text + ("]" if beat.tuplet_stop else "")

    return " | ".join(" ".join(beat_text(b) for b in m.beats) for m in measures)


def one_measure(signature: str, notes: list[tuple[str, str]]) -> str:
    numerator, denominator = signature.split("/")
    written = [(1, Fraction(position), Fraction(length)) for position, length in notes]
    return printed(
        write_measures(track(*written), tempo_map([TimeSignature(int(numerator), int(denominator))]))
    )


@pytest.mark.parametrize(
    ("signature", "notes", "expected"),
    [
        ("4/4", [("0", "4")], "1"),
        ("4/4", [], "r1"),
        ("3/4", [], "r2."),
        ("6/8", [], "r2."),
        ("4/4", [("0", "3/2"), ("3/2", "3/2"), ("3", "1")], "4. 8~ 4 4"),
        ("4/4", [("0", "1/2"), ("1/2", "1"), ("3/2", "1/2"), ("2", "2")], "8 4 8 2"),
        ("4/4", [("0", "1"), ("1", "2"), ("3", "1")], "4 2 4"),
        ("4/4", [("0", "3/2"), ("3/2", "1"), ("5/2", "3/2")], "4. 8~ 8 4."),
        (
            "4/4",
            [("0", "1/4"), ("1/4", "1/2"), ("3/4", "1/2"), ("5/4", "3/4"), ("2", "2")],
            "16 8 16~ 16 8. 2",
        ),
        ("4/4", [("0", "1/3"), ("1/3", "1/3"), ("2/3", "1/3"), ("1", "3")], "[8 8 8] 2."),
        ("4/4", [("0", "2/3"), ("2/3", "1/3"), ("1", "1"), ("2", "2")], "[4 8] 4 2"),
        ("4/4", [("0", "2/3"), ("2/3", "2/3"), ("4/3", "2/3"), ("2", "2")], "[4 4 4] 2"),
        (
            "4/4",
            [("0", "1/6"), ("1/6", "1/6"), ("1/3", "1/6"), ("1/2", "1/2"), ("1", "3")],
            "[16 16 16] 8 2.",
        ),
        ("4/4", [("1", "1/2")], "r4 8 r8 r2"),
        ("3/4", [("0", "1")], "4 r4 r4"),
        ("3/4", [("0", "1"), ("1", "2")], "4 2"),
        ("6/8", [("0", "1"), ("1", "1/2"), ("3/2", "3/2")], "4 8 4."),
        ("6/8", [("0", "2"), ("2", "1")], "4.~ 8 4"),
        ("6/8", [("1", "1/2")], "r4 8 r4."),
        ("12/8", [("0", "6")], "1."),
        ("9/8", [("0", "9/2")], "2.~ 4."),
    ],
)
def test_rhythms_are_printed_the_way_engravers_print_them(signature, notes, expected):
    assert one_measure(signature, notes) == expected


def test_a_ringing_note_is_not_tied_through_the_beats_that_follow():
    ringing = track((1, 0, 4), (1, 1, 1), (1, 2, 1), (1, 3, 1))
    measures = write_measures(ringing, tempo_map([TimeSignature(4, 4)]))
    assert printed(measures) == "4 4 4 4"
    assert tied(ringing, tempo_map([TimeSignature(4, 4)])) == frozenset()


def test_a_note_held_over_the_bar_line_is_tied():
    held = track((1, 0, 3), (1, 3, 3))
    bars = tempo_map([TimeSignature(4, 4)] * 2)
    assert printed(write_measures(held, bars)) == "2. 4~ | 2 r2"
    assert tied(held, bars) == {"n1"}


def test_only_the_notes_that_still_sound_are_tied_on():
    measures = write_measures(track((1, 2, 2), (1, 2, 6)), tempo_map([TimeSignature(4, 4)] * 2))
    assert [n.tab_note.id for n in measures[1].beats[0].notes] == ["n1"]


def test_a_pickup_is_written_as_the_end_of_a_measure():
    bars = tempo_map([TimeSignature(4, 4)], pickup=Fraction(3, 2))
    assert printed(write_measures(track((0, 0, Fraction(3, 2)), (1, 0, 4)), bars)) == "4. | 1"


def test_a_short_breath_is_not_written_as_a_rest():
    assert one_measure("4/4", [("0", "7/8"), ("1", "3")]) == "4 2."


def test_a_note_outside_the_piece_is_moved_inside():
    measures = write_measures(track((9, 17, 1), (-3, -2, 1)), tempo_map([TimeSignature(4, 4)]))
    assert {n.tab_note.id for b in measures[0].beats for n in b.notes} == {"n0", "n1"}


def test_note_values_know_their_length():
    assert NoteValue(4, 1).length_quarters == Fraction(3, 2)
    assert NoteValue(8, 0, (3, 2)).length_quarters == Fraction(1, 3)


GRIDS = [
    Fraction(1, 2),
    Fraction(1, 4),
    Fraction(1, 8),
    Fraction(1, 3),
    Fraction(1, 6),
    Fraction(1, 12),
    Fraction(1, 5),
    Fraction(1, 7),
    Fraction(1, 9),
    Fraction(1, 64),
]


@st.composite
def scores(draw):
    signatures = draw(st.lists(st.sampled_from(SIGNATURES), min_size=1, max_size=4))
    pickup = draw(st.sampled_from([None, Fraction(1, 2), Fraction(1), Fraction(1, 3)]))
    measures = tempo_map(signatures, pickup)
    grid = st.sampled_from(draw(st.lists(st.sampled_from(GRIDS), min_size=1, max_size=3)))
    note = st.tuples(
        st.integers(min_value=0, max_value=4),
        st.builds(lambda g, k: g * k, grid, st.integers(0, 60)),
        st.builds(lambda g, k: g * k, grid, st.integers(1, 60)),
    )
    return track(*draw(st.lists(note, max_size=24))), measures


@settings(max_examples=60, deadline=None)
@given(scores())
def test_every_measure_is_exactly_full(score):
    for measure in write_measures(*score):
        position = Fraction(0)
        for beat in measure.beats:
            assert beat.position_quarters == position
            position += beat.value.length_quarters
        assert position == measure.measure.length_quarters


@settings(max_examples=60, deadline=None)
@given(scores())
def test_every_note_is_struck_once_and_its_ties_chain(score):
    struck: list[str] = []
    open_ties: set[str] = set()
    for measure in write_measures(*score):
        for beat in measure.beats:
            assert open_ties == {n.tab_note.id for n in beat.notes if n.tie_from}
            struck += [n.tab_note.id for n in beat.notes if not n.tie_from]
            open_ties = {n.tab_note.id for n in beat.notes if n.tie_to}
    assert not open_ties
    assert sorted(struck) == sorted(note.id for note in score[0].notes)


@settings(max_examples=60, deadline=None)
@given(scores())
def test_tuplets_are_complete(score):
    for measure in write_measures(*score):
        if measure.measure.number == 0:
            continue  # a pickup may begin inside a tuplet
        inside = None
        for beat in measure.beats:
            if beat.tuplet_start:
                assert inside is None
                inside = (beat.value.tuplet, Fraction(0))
            assert (inside is None) == (beat.value.tuplet is None)
            if inside is not None:
                assert inside[0] == beat.value.tuplet
                inside = (inside[0], inside[1] + beat.value.length_quarters)
            if beat.tuplet_stop:
                assert inside[1].numerator == 1 or inside[1] == 2
                inside = None
        assert inside is None


@settings(max_examples=60, deadline=None)
@given(scores())
def test_expressible_rhythms_stay_where_they_are(score):
    starts = {}
    for measure in write_measures(*score):
        for beat in measure.beats:
            for note in beat.notes:
                if not note.tie_from:
                    starts[note.tab_note.id] = (measure.measure, beat.position_quarters)
    for note in score[0].notes:
        measure, position = starts[note.id]
        inside = 0 <= note.written.position_quarters < measure.length_quarters - Fraction(1, 12)
        if inside and note.written.measure == measure.number:
            assert abs(position - note.written.position_quarters) <= Fraction(1, 24)
