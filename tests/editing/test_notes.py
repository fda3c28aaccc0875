"""Notes corrected one by one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from genesis_music import Transcription
from genesis_music.editing import Edit, apply_edits, without_doubtful
from genesis_music.editing.edits import (
    AcceptNotes,
    AddNote,
    DeleteNotes,
    PlaceNote,
    SetLength,
    SetPosition,
    SetTechnique,
    SetTitle,
    ShiftNotes,
)
from genesis_music.editing.page import with_notes
from genesis_music.errors import EditError, SettingsError
from genesis_music.rhythm.notation import write_measures
from genesis_music.score import TabNote, Technique, TechniqueKind
from tests.editing.opening import check_files, notes
from tests.transcriptions import Fretted, plain_transcription

EIGHTH, QUARTER = Fraction(1, 2), Fraction(1)
SCALE = plain_transcription([Fretted(1 + i // 8, EIGHTH * (i % 8), EIGHTH, 2, i % 8) for i in range(16)])


def note(transcription: Transcription, id_: str) -> TabNote:
    return next(one for one in notes(transcription) if one.id == id_)


def edited(transcription: Transcription, *edits: Edit) -> Transcription:
    return apply_edits(transcription, edits)


def test_a_note_moved_to_its_own_pitch_elsewhere_sounds_the_same(example: Transcription) -> None:
    tab = next(one for one in notes(example) if one.alternatives)
    string, fret = tab.alternatives[0]
    moved = note(edited(example, PlaceNote(tab.id, string, fret)), tab.id)
    assert (moved.string, moved.fret, moved.note.pitch_midi) == (string, fret, tab.note.pitch_midi)
    assert (tab.string, tab.fret) in moved.alternatives
    assert (string, fret) not in moved.alternatives


def test_another_fret_is_another_pitch() -> None:
    tab = SCALE.tracks[0].notes[3]
    moved = note(edited(SCALE, PlaceNote(tab.id, 2, tab.fret + 2)), tab.id)
    assert moved.note.pitch_midi == tab.note.pitch_midi + 2
    assert moved.written == tab.written


def test_a_note_that_no_string_held_gets_the_pitch_of_its_new_place() -> None:
    lost = plain_transcription([Fretted(1, 0, 1, None, None)])
    id_ = lost.tracks[0].notes[0].id
    placed = note(edited(lost, PlaceNote(id_, 6, 3)), id_)
    assert (placed.string, placed.note.pitch_midi, placed.octave_shift) == (6, 43, 0)


def test_a_note_moved_by_an_octave_keeps_its_own_pitch_on_another_string() -> None:
    low = plain_transcription([Fretted(1, 0, 1, 5, 7, octave_shift=1)])
    moved = note(edited(low, PlaceNote("Guitar-0", 6, 12)), "Guitar-0")
    assert (moved.note.pitch_midi, moved.octave_shift) == (40, 1)
    own = note(edited(low, PlaceNote("Guitar-0", 6, 0)), "Guitar-0")
    assert (own.note.pitch_midi, own.octave_shift) == (40, 0)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (PlaceNote("Guitar-3", 7, 0), "no string 7"),
        (PlaceNote("Guitar-3", 2, 30), "no fret 30"),
        (PlaceNote("nobody", 2, 3), "no note nobody"),
        (SetLength(("Guitar-3",), Fraction(1, 11)), "cannot be written"),
        (SetLength(("Guitar-3",), Fraction(1, 32)), "too short"),
        (SetLength(("Guitar-3",), Fraction(100)), "after the last"),
        (SetPosition("Guitar-3", 9, QUARTER), "no bar 9"),
        (ShiftNotes(("Guitar-3",), Fraction(-50)), "before the first bar"),
        (DeleteNotes(()), "at least one"),
        (AddNote(2, 1, QUARTER, QUARTER, 1, 0), "no track 2"),
        (AddNote(1, 1, QUARTER, QUARTER, 2, 9), "two would start on it"),
        (AddNote(1, 13, QUARTER, QUARTER, 2, 9), "go on up to bar 12"),
        (AddNote(1, 5, Fraction(100), QUARTER, 2, 9), "go on up to bar 12"),
        (SetPosition("Guitar-3", 1, QUARTER), "two would start on it"),
        (SetTitle("  "), "visible"),
        (SetTechnique(("Guitar-0",), TechniqueKind.HAMMER_ON), "needs another fret"),
        (SetTechnique(("Guitar-3",), TechniqueKind.PULL_OFF), "the other way"),
        (SetTechnique(("Guitar-3",), TechniqueKind.SLIDE, semitones=2), "for bends"),
        (SetTechnique(("Guitar-3",), TechniqueKind.BEND, semitones=9), "0.5 to 4"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(edit: Edit, words: str) -> None:
    with pytest.raises(EditError, match=words) as refused:
        edited(SCALE, AcceptNotes(("Guitar-0",)), edit)
    assert refused.value.edit == 1


def test_two_notes_may_change_places() -> None:
    chord = plain_transcription([Fretted(1, 0, 1, 1, 3), Fretted(1, 0, 1, 2, 3)])
    swapped = edited(chord, PlaceNote("Guitar-0", 2, 8), PlaceNote("Guitar-1", 1, 10))
    assert {(one.string, one.fret) for one in notes(swapped)} == {(2, 8), (1, 10)}


def test_a_longer_note_sounds_longer_and_a_shorter_one_leaves_a_rest() -> None:
    tab = SCALE.tracks[0].notes[-1]
    last_bar = SCALE.tempo_map.measures[-1].number
    longer = note(edited(SCALE, SetLength((tab.id,), Fraction(2))), tab.id)
    assert longer.written.length_quarters == 2
    assert longer.note.duration_seconds == pytest.approx(1.0)
    assert longer.note.onset_seconds == tab.note.onset_seconds
    shorter = edited(SCALE, SetLength((SCALE.tracks[0].notes[0].id,), Fraction(1, 4)))
    first_bar = write_measures(shorter.tracks[0], shorter.tempo_map)[0]
    assert [beat.is_rest for beat in first_bar.beats[:2]] == [False, True]
    assert last_bar == 4


def test_a_note_moved_over_the_bar_line_stands_and_sounds_in_the_next_bar() -> None:
    tab = SCALE.tracks[0].notes[7]
    there = edited(SCALE, DeleteNotes(("Guitar-8",)), ShiftNotes((tab.id,), EIGHTH))
    moved = note(there, tab.id)
    assert (moved.written.measure, moved.written.position_quarters) == (2, 0)
    assert moved.note.onset_seconds == pytest.approx(SCALE.tempo_map.seconds_at(4))
    back = note(edited(there, SetPosition(tab.id, 1, Fraction(7, 2))), tab.id)
    assert back.written == tab.written


def test_an_off_beat_of_a_swung_piece_is_played_late() -> None:
    swung = replace(SCALE, swing_ratio=0.66)
    moved = note(edited(swung, SetPosition("Guitar-15", 3, Fraction(3, 2))), "Guitar-15")
    assert moved.note.onset_seconds == pytest.approx(SCALE.tempo_map.seconds_at(8 + 1 + 0.66))


def test_an_added_note_has_an_id_of_its_own_and_is_sure(example: Transcription) -> None:
    measure = example.tempo_map.measures[-1].number
    once = AddNote(1, measure, Fraction(3), EIGHTH, 1, 5)
    twice = AddNote(1, measure, Fraction(7, 2), EIGHTH, 1, 7)
    longer = edited(example, once, twice)
    before = {one.id for one in notes(example)}
    added = [one for one in notes(longer) if one.id not in before]
    assert [one.id for one in added] == ["t1e1", "t1e2"]
    assert all(one.note.confidence == 1 for one in added)
    assert [one.note.pitch_midi for one in added] == [69, 71]
    assert len(list(notes(edited(longer, DeleteNotes(("t1e1",)), once)))) == len(before) + 2


def test_a_note_behind_the_last_bar_lets_the_piece_go_on(example: Transcription) -> None:
    last = example.tempo_map.measures[-1]
    longer = edited(example, AddNote(1, last.number + 2, Fraction(1), Fraction(5), 1, 5))
    assert [one.number for one in longer.tempo_map.measures[-3:]] == [
        last.number + more for more in (1, 2, 3)
    ]
    assert longer.tempo_map.measures[:-3] == example.tempo_map.measures
    assert longer.tempo_map.beats[: len(example.tempo_map.beats)] == example.tempo_map.beats
    added = note(longer, "t1e1")
    start = float(last.start_quarters + last.length_quarters) + 4 + 1
    assert added.note.onset_seconds == pytest.approx(example.tempo_map.seconds_at(start))
    assert added.note.duration_seconds == pytest.approx(
        example.tempo_map.seconds_at(start + 5) - example.tempo_map.seconds_at(start)
    )
    assert [one for one in notes(longer) if one.id != "t1e1"] == list(notes(example))
    check_files(longer)


def test_techniques_are_set_and_cleared() -> None:
    slurred = edited(SCALE, SetTechnique(("Guitar-3", "Guitar-4"), TechniqueKind.HAMMER_ON))
    assert [t.kind for t in note(slurred, "Guitar-4").techniques] == [TechniqueKind.HAMMER_ON]
    bent = edited(slurred, SetTechnique(("Guitar-4",), TechniqueKind.BEND, semitones=1.5))
    assert {t.kind for t in note(bent, "Guitar-4").techniques} == {
        TechniqueKind.BEND,
        TechniqueKind.HAMMER_ON,
    }
    assert note(bent, "Guitar-4").note.bend[-1].semitones == 1.5
    dead = edited(bent, SetTechnique(("Guitar-4",), TechniqueKind.DEAD_NOTE))
    assert [t.kind for t in note(dead, "Guitar-4").techniques] == [TechniqueKind.DEAD_NOTE]
    clear = edited(dead, SetTechnique(("Guitar-4",), TechniqueKind.DEAD_NOTE, on=False))
    assert note(clear, "Guitar-4").techniques == ()
    straight = edited(bent, SetTechnique(("Guitar-4",), TechniqueKind.BEND, on=False))
    assert note(straight, "Guitar-4").note.bend == ()
    check_files(bent)


def test_slurs_follow_the_notes_they_connect() -> None:
    slurred = edited(SCALE, SetTechnique(("Guitar-4",), TechniqueKind.HAMMER_ON))
    higher = edited(slurred, PlaceNote("Guitar-3", 2, 9))
    assert note(higher, "Guitar-4").techniques == (Technique(TechniqueKind.PULL_OFF, 1.0),)
    away = edited(slurred, PlaceNote("Guitar-4", 3, 8))
    assert note(away, "Guitar-4").techniques == ()


def test_hidden_notes_leave_rests_and_an_easier_piece() -> None:
    doubtful = replace(SCALE.tracks[0].notes[2].note, confidence=0.2)
    unsure = with_notes(SCALE, {"Guitar-2": replace(SCALE.tracks[0].notes[2], note=doubtful)})
    sure = without_doubtful(unsure, 0.5)
    assert len(list(notes(sure))) == 15
    beats = write_measures(sure.tracks[0], sure.tempo_map)[0].beats
    assert sum(beat.value.length_quarters for beat in beats) == 4
    assert any(beat.is_rest and beat.position_quarters == 1 for beat in beats)
    assert without_doubtful(unsure, 0.0) is unsure
    accepted = edited(unsure, AcceptNotes(("Guitar-2",)))
    assert without_doubtful(accepted, 0.95).tracks[0].notes == (accepted.tracks[0].notes[2],)
    with pytest.raises(SettingsError):
        without_doubtful(unsure, 1.5)
    check_files(sure)


# ---------------------------------------------------------------- whatever is asked


def whatever(count: int) -> settings:
    """So many examples; none is made smaller, for a whole transcription is slow to print."""
    return settings(max_examples=count, deadline=None, phases=(Phase.explicit, Phase.generate))


def any_edit(ids: list[str]) -> st.SearchStrategy[Edit]:
    one, some = st.sampled_from(ids), st.lists(st.sampled_from(ids), min_size=1, max_size=4).map(tuple)
    grid = st.integers(1, 16).map(lambda n: Fraction(n, 4)) | st.integers(1, 6).map(lambda n: Fraction(n, 3))
    string, fret = st.integers(1, 6), st.integers(0, 19)
    return st.one_of(
        st.builds(PlaceNote, one, string, fret),
        st.builds(SetLength, some, grid),
        st.builds(SetPosition, one, st.integers(1, 12), grid),
        st.builds(ShiftNotes, some, grid | grid.map(lambda by: -by)),
        st.builds(DeleteNotes, some),
        st.builds(AddNote, st.just(1), st.integers(1, 12), grid, grid, string, fret),
        st.builds(SetTechnique, some, st.sampled_from(TechniqueKind), st.booleans()),
        st.builds(AcceptNotes, some),
    )


def named(edits: list[Edit]) -> set[str]:
    return {id_ for edit in edits for id_ in (getattr(edit, "note", None), *getattr(edit, "notes", ()))} - {
        None
    }


@whatever(60)
@given(data=st.data())
def test_notes_that_no_edit_names_stay_as_they_are(example: Transcription, data: st.DataObject) -> None:
    wanted = data.draw(st.lists(any_edit([one.id for one in notes(example)]), min_size=1, max_size=4))
    try:
        changed = apply_edits(example, wanted)
    except EditError:
        return
    after = list(notes(changed))
    assert len({one.id for one in after}) == len(after)
    onsets = [one.note.onset_seconds for one in after]
    assert onsets == sorted(onsets)
    kept = {one.id: replace(one, techniques=()) for one in after}
    for tab in notes(example):
        if tab.id not in named(wanted):
            assert kept[tab.id] == replace(tab, techniques=())
    assert apply_edits(example, wanted) == changed


@whatever(12)
@given(data=st.data())
def test_files_of_whatever_was_edited_open(example: Transcription, data: st.DataObject) -> None:
    changed = example
    for edit in data.draw(st.lists(any_edit([one.id for one in notes(example)]), min_size=6, max_size=12)):
        try:
            changed = apply_edits(changed, [edit])
        except EditError:
            continue
    check_files(changed)


@whatever(40)
@given(data=st.data())
def test_an_edit_and_its_opposite_leave_the_page_as_it_was(
    example: Transcription, data: st.DataObject
) -> None:
    tab = data.draw(st.sampled_from(example.tracks[0].notes))
    length = data.draw(st.sampled_from([Fraction(1, 4), EIGHTH, Fraction(1, 3), QUARTER]))
    string, fret = data.draw(st.sampled_from([(tab.string, tab.fret), *tab.alternatives]))
    there = [SetLength((tab.id,), length), PlaceNote(tab.id, string, fret)]
    back = [SetLength((tab.id,), tab.written.length_quarters), PlaceNote(tab.id, tab.string, tab.fret)]
    try:
        changed = apply_edits(example, there)
    except EditError:
        return
    again = note(apply_edits(changed, back), tab.id)
    assert (again.written, again.string, again.fret, again.note.pitch_midi) == (
        tab.written,
        tab.string,
        tab.fret,
        tab.note.pitch_midi,
    )
    assert set(again.alternatives) == set(tab.alternatives)
