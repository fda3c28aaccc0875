"""Beats counted anew."""

from __future__ import annotations

from fractions import Fraction

import pytest

from genesis_music import Transcription
from genesis_music.editing import apply_edits
from genesis_music.editing.edits import ScaleTempo, SetMetre, ShiftDownbeat, TempoChange
from genesis_music.errors import EditError
from genesis_music.formats.checks import check_tempo_map
from genesis_music.score import TempoMap, TimeSignature
from tests.editing.opening import check_files, notes
from tests.transcriptions import (
    COMMON,
    SIX_EIGHT,
    WALTZ,
    Bar,
    Fretted,
    plain_transcription,
    rich_transcription,
)

EIGHTH = Fraction(1, 2)
DOUBLE, HALF = ScaleTempo(TempoChange.DOUBLE), ScaleTempo(TempoChange.HALF)


def quavers(bars: tuple[Bar, ...], pickup: Fraction = Fraction(0)) -> Transcription:
    """Quavers in every bar."""
    first = 0 if pickup else 1
    written = [
        Fretted(number, EIGHTH * i, EIGHTH, 3, i % 5)
        for number, bar in enumerate(bars, first)
        for i in range(int((bar.length_quarters or bar.signature.measure_quarters) / EIGHTH))
    ]
    return plain_transcription(written, bars)


FOUR_BARS = quavers((Bar(),) * 4)
WITH_PICKUP = quavers((Bar(COMMON, 120.0, Fraction(1)), *(Bar(),) * 4), Fraction(1))


def starts(transcription: Transcription) -> dict[str, Fraction]:
    bars = {measure.number: measure.start_quarters for measure in transcription.tempo_map.measures}
    return {one.id: bars[one.written.measure] + one.written.position_quarters for one in notes(transcription)}


def lengths(tempo_map: TempoMap) -> list[Fraction]:
    return [measure.length_quarters for measure in tempo_map.measures]


def test_double_tempo_writes_twice_as_many_bars_of_notes_twice_as_long() -> None:
    fast = apply_edits(FOUR_BARS, [DOUBLE])
    assert fast.tempo_map.tempo_bpm == pytest.approx(240)
    assert lengths(fast.tempo_map) == [4] * 8
    assert {one.written.length_quarters for one in notes(fast)} == {Fraction(1)}
    assert [one.note for one in notes(fast)] == [one.note for one in notes(FOUR_BARS)]


def test_half_tempo_is_the_opposite_of_double_tempo(example: Transcription) -> None:
    there = apply_edits(example, [DOUBLE])
    back = apply_edits(there, [HALF])
    assert [one.written for one in notes(back)] == [one.written for one in notes(example)]
    assert lengths(back.tempo_map) == lengths(example.tempo_map)
    last = max(
        one.note.onset_seconds for one in notes(example)
    )  # what follows it goes on at the tempo of the end
    for before, after in zip(example.tempo_map.beats, back.tempo_map.beats, strict=False):
        if before.onset_seconds > last:
            break
        assert after.onset_seconds == pytest.approx(before.onset_seconds)
    check_files(there)


def test_half_tempo_of_an_odd_pickup_and_an_odd_number_of_bars_loses_nothing() -> None:
    odd = quavers((Bar(COMMON, 120.0, Fraction(1)), *(Bar(),) * 5), Fraction(1))
    slow = apply_edits(odd, [HALF])
    assert slow.tempo_map.tempo_bpm == pytest.approx(60)
    assert lengths(slow.tempo_map) == [1, 4, 4, 4]
    assert {one.written.length_quarters for one in notes(slow)} == {Fraction(1, 4)}
    before, after = starts(odd), starts(slow)
    assert all(after[id_] == (before[id_] + 1) / 2 for id_ in before)
    for one in notes(slow):
        assert slow.tempo_map.seconds_at(after[one.id]) == pytest.approx(one.note.onset_seconds, abs=0.01)
    check_files(slow)


@pytest.mark.parametrize("by", [1, 2, 3, -1, -2, -3])
@pytest.mark.parametrize("piece", [FOUR_BARS, WITH_PICKUP])
def test_bar_lines_move_and_every_note_stays_where_it_sounds(piece: Transcription, by: int) -> None:
    moved = apply_edits(piece, [ShiftDownbeat(by)])
    check_tempo_map(moved.tempo_map)
    assert starts(moved) == starts(piece)
    old = piece.tempo_map.measures[0].length_quarters % 4
    assert lengths(moved.tempo_map)[0] % 4 == (old + by) % 4
    assert set(lengths(moved.tempo_map)[1:]) == {4}
    for one in notes(moved):
        start = starts(moved)[one.id]
        assert moved.tempo_map.seconds_at(start) == pytest.approx(piece.tempo_map.seconds_at(start))
    check_files(moved)


def test_the_downbeat_shifted_there_and_back_is_where_it_was(example: Transcription) -> None:
    back = apply_edits(example, [ShiftDownbeat(1), ShiftDownbeat(-1)])
    assert [one.written for one in notes(back)] == [one.written for one in notes(example)]
    assert lengths(back.tempo_map) == lengths(example.tempo_map)


def test_measures_of_another_length_keep_the_beat() -> None:
    waltz = apply_edits(FOUR_BARS, [SetMetre(WALTZ)])
    assert waltz.tempo_map.time_signature == WALTZ
    assert lengths(waltz.tempo_map) == [3] * 6
    assert starts(waltz) == starts(FOUR_BARS)
    check_files(waltz)


def test_six_eight_is_doubled_by_its_felt_beats() -> None:
    jig = quavers((Bar(SIX_EIGHT, 90.0),) * 4)
    fast = apply_edits(jig, [DOUBLE])
    assert lengths(fast.tempo_map) == [3] * 8
    assert fast.tempo_map.tempo_bpm == pytest.approx(180)
    check_files(fast)


def test_a_change_of_metre_survives_a_shift_and_doubling() -> None:
    moved = apply_edits(rich_transcription(), [ShiftDownbeat(1), DOUBLE])
    check_tempo_map(moved.tempo_map)
    check_files(moved)


@pytest.mark.parametrize(
    ("piece", "edits", "words"),
    [
        (FOUR_BARS, [DOUBLE, DOUBLE], "would become 480"),
        (FOUR_BARS, [HALF, HALF, HALF], "would become 15"),
        (rich_transcription(), [HALF], "changes within the piece"),
        (FOUR_BARS, [SetMetre(SIX_EIGHT)], "same beat"),
        (FOUR_BARS, [ShiftDownbeat(0)], "1 to 3 beats"),
        (FOUR_BARS, [ShiftDownbeat(4)], "1 to 3 beats"),
        (quavers((Bar(TimeSignature(5, 8)),) * 2), [DOUBLE, SetMetre(COMMON)], "same beat"),
    ],
)
def test_what_cannot_be_counted_so_is_refused(piece, edits, words: str) -> None:
    with pytest.raises(EditError, match=words):
        apply_edits(piece, edits)
