"""Passages and whole tracks fingered anew; other places for a note."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from genesis_music import Transcription
from genesis_music.editing import alternatives, apply_edits, with_evidence
from genesis_music.editing.edits import DeleteNotes, MovePassage, PlaceNote, Refret, SetLength
from genesis_music.errors import EditError
from genesis_music.score import TabNote
from genesis_music.tablature.tunings import TUNINGS
from tests.editing.opening import check_files, notes
from tests.transcriptions import Fretted, plain_transcription, rich_transcription

EIGHTH = Fraction(1, 2)
PENTATONIC = ((2, 1), (2, 3), (1, 0), (1, 3), (2, 3), (2, 1), (3, 2), (3, 0))
LICK = plain_transcription(
    [Fretted(1 + i // 8, EIGHTH * (i % 8), EIGHTH, *PENTATONIC[i % 8]) for i in range(32)]
)


def places(transcription: Transcription) -> dict[str, tuple[int | None, int | None]]:
    return {one.id: (one.string, one.fret) for one in notes(transcription)}


def sounds(tab: TabNote, transcription: Transcription) -> int:
    track = next(track for track in transcription.tracks if tab in track.notes)
    return track.tuning.pitches_midi[tab.string - 1] + track.capo + tab.fret


def test_a_passage_moves_to_another_position_and_the_rest_stays() -> None:
    moved = apply_edits(LICK, [MovePassage(5, measures=(2, 3))])
    for before, after in zip(notes(LICK), notes(moved), strict=True):
        assert after.note == before.note
        if before.written.measure in {2, 3}:
            assert 4 <= after.fret <= 9
            assert sounds(after, moved) == before.note.pitch_midi
        else:
            assert (after.string, after.fret) == (before.string, before.fret)
    check_files(moved)


def test_named_notes_move_too_and_back_again() -> None:
    ids = tuple(one.id for one in LICK.tracks[0].notes[:8])
    moved = apply_edits(LICK, [MovePassage(5, notes=ids)])
    assert places(moved) != places(LICK)
    back = apply_edits(moved, [MovePassage(1, notes=ids)])
    assert places(back) == places(LICK)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (MovePassage(22, measures=(1, 1)), "cannot be played around fret 22"),
        (MovePassage(5, measures=(9, 9)), "no notes in bars 9 to 9"),
        (MovePassage(40, measures=(1, 1)), "no fret 40"),
        (MovePassage(5), "by its notes or by its first and last bar"),
        (Refret(TUNINGS["standard"], 0), "these already"),
        (Refret(None, 24), "Capo 24"),
        (Refret(TUNINGS["drop-d"], track=2), "no track 2"),
    ],
)
def test_what_cannot_be_played_is_refused_with_a_reason(edit, words: str) -> None:
    with pytest.raises(EditError, match=words):
        apply_edits(LICK, [edit])


def test_another_tuning_keeps_what_was_corrected(example: Transcription) -> None:
    first, second, *_ = example.tracks[0].notes
    corrected = apply_edits(example, [DeleteNotes((first.id,)), SetLength((second.id,), Fraction(1, 4))])
    dropped = apply_edits(corrected, [Refret(TUNINGS["drop-d"], 0)])
    assert first.id not in places(dropped)
    assert [one.written for one in notes(dropped)] == [one.written for one in notes(corrected)]
    assert dropped.tracks[0].tuning == TUNINGS["drop-d"]
    for tab in notes(dropped):
        if tab.string is not None:
            assert sounds(tab, dropped) == tab.note.pitch_midi + 12 * tab.octave_shift
    check_files(dropped)


def test_a_capo_moves_the_chord_shapes_too() -> None:
    piece = rich_transcription()
    without = apply_edits(piece, [Refret(None, 0)])
    assert without.tracks[0].capo == 0
    d_major = without.harmony.chords[0]
    assert {pitch % 12 for pitch in _sounding(d_major.frets, without)} == {2, 6, 9}


def _sounding(frets, transcription: Transcription) -> list[int]:
    tuning = transcription.tracks[0].tuning.pitches_midi
    return [pitch + fret for pitch, fret in zip(tuning, frets, strict=True) if fret is not None]


def test_warnings_of_an_earlier_fingering_give_way_to_those_of_the_new_one() -> None:
    low = plain_transcription([Fretted(1, 0, 1, 6, 0), Fretted(1, 1, 1, 1, 0)])
    high_capo = apply_edits(low, [Refret(None, 5)])
    assert any("octave" in text for text in high_capo.warnings)
    assert apply_edits(high_capo, [Refret(None, 0)]).warnings == ()


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(data=st.data())
def test_every_place_offered_sounds_the_note_and_can_be_taken(example: Transcription, data) -> None:
    tab = data.draw(st.sampled_from([one for one in example.tracks[0].notes if one.string is not None]))
    offered = alternatives(example, tab.id)
    assert [one.cost for one in offered] == sorted(one.cost for one in offered)
    assert offered[0].cost == 0
    assert [(one.string, one.fret) for one in offered if one.current] == [(tab.string, tab.fret)]
    for one in offered:
        there = apply_edits(example, [PlaceNote(tab.id, one.string, one.fret)])
        assert next(other for other in notes(there) if other.id == tab.id).note == tab.note


def test_the_place_beside_its_neighbours_comes_first() -> None:
    moved = apply_edits(LICK, [MovePassage(5, measures=(1, 4))])
    tab = moved.tracks[0].notes[9]
    away = apply_edits(moved, [PlaceNote(tab.id, 4, 17 if tab.note.pitch_midi == 62 else 10)])
    best = alternatives(away, tab.id)[0]
    assert not best.current
    assert best.reason == "same position"
    assert 4 <= best.fret <= 9


def test_places_that_no_hand_can_hold_together_are_not_offered() -> None:
    chord = plain_transcription([Fretted(1, 0, 4, 6, 3), Fretted(1, 0, 4, 5, 2), Fretted(1, 0, 4, 1, 3)])
    offered = {(one.string, one.fret): one.reason for one in alternatives(chord, "Guitar-2")}
    assert offered == {(1, 3): "same position"}
    alone = plain_transcription([Fretted(1, 0, 4, 1, 0)])
    assert alternatives(alone, "Guitar-0")[0].reason == "open string"


def test_two_notes_that_sound_on_one_string_do_not_stand_in_the_way_of_others() -> None:
    doubled = [Fretted(1, 0, 1, 3, 2), Fretted(1, 0, 1, 3, 5), Fretted(1, 1, 1, 2, 3)]
    piece = plain_transcription(doubled)
    assert [one.current for one in alternatives(piece, "Guitar-2")].count(True) == 1
    offered = alternatives(piece, "Guitar-1")
    assert (offered[-1].string, offered[-1].fret, offered[-1].current) == (3, 5, True)
    moved = apply_edits(piece, [MovePassage(5, notes=("Guitar-2",))])
    assert places(moved)["Guitar-2"] == (3, 7)
    with pytest.raises(EditError, match="cannot be held together"):
        apply_edits(
            plain_transcription([Fretted(1, 0, 1, 6, 1), Fretted(1, 0, 1, 6, 2)]),
            [MovePassage(1, measures=(1, 1))],
        )


def test_a_note_without_a_place_has_no_alternatives() -> None:
    lost = plain_transcription([Fretted(1, 0, 1, None, None)])
    with pytest.raises(EditError, match="no place"):
        alternatives(lost, lost.tracks[0].notes[0].id)


def test_what_was_heard_about_strings_decides_between_places() -> None:
    note = plain_transcription([Fretted(1, 0, 4, 2, 5)])
    tab = note.tracks[0].notes[0]
    heard = replace(tab.note, string_evidence=(-9.0, -9.0, 0.0, -9.0, -9.0, -9.0))
    informed = with_evidence(note, [heard])
    assert informed.tracks[0].notes[0].note == heard
    assert alternatives(informed, tab.id)[0].string == 3
    assert with_evidence(note, [replace(heard, onset_seconds=1.0)]) == note
