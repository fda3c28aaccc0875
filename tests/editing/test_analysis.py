"""Chords, sections and the title corrected."""

from __future__ import annotations

import pytest

from genesis_music import Transcription
from genesis_music.editing import apply_edits
from genesis_music.editing.edits import (
    AddChord,
    PlaceNote,
    RemoveChord,
    RenameSection,
    ScaleTempo,
    SetChord,
    SetTechnique,
    SetTitle,
    TempoChange,
)
from genesis_music.editing.words import LONGEST, describe
from genesis_music.errors import EditError, SettingsError
from genesis_music.harmony.labels import parse_chord
from genesis_music.harmony.qualities import QUALITIES, chord_label
from genesis_music.score import TechniqueKind
from tests.editing.opening import check_files
from tests.transcriptions import plain_transcription, rich_transcription

PIECE = rich_transcription()


def labels(transcription: Transcription) -> list[str]:
    return [chord.label for chord in transcription.harmony.chords]


def test_a_chord_gets_another_name_numeral_and_shape() -> None:
    chord = PIECE.harmony.chords[0]
    named = apply_edits(PIECE, [SetChord(chord.onset_seconds + 0.1, "Gmaj7")])
    new = named.harmony.chords[0]
    assert (new.label, new.roman, new.confidence) == ("Gmaj7", "IVmaj7", 1.0)
    assert (new.onset_seconds, new.end_seconds) == (chord.onset_seconds, chord.end_seconds)
    assert len(new.frets) == 6
    assert labels(named)[1:] == labels(PIECE)[1:]
    check_files(named)


def test_a_chord_is_added_on_the_nearest_eighth_and_taken_away_again() -> None:
    first = PIECE.harmony.chords[0]
    at = PIECE.tempo_map.seconds_at(3.0)
    more = apply_edits(PIECE, [AddChord(at + 0.05, "A7")])
    assert labels(more)[:3] == ["D", "A7", "Bm7"]
    assert more.harmony.chords[0].end_seconds == more.harmony.chords[1].onset_seconds == pytest.approx(at)
    assert more.harmony.chords[1].end_seconds == first.end_seconds
    less = apply_edits(more, [RemoveChord(at + 0.01)])
    assert labels(less) == labels(PIECE)
    assert less.harmony.chords[0] == first
    check_files(more)


def test_a_chord_added_where_one_begins_renames_it_and_the_first_one_can_go() -> None:
    first = PIECE.harmony.chords[0]
    assert labels(apply_edits(PIECE, [AddChord(first.onset_seconds, "Em")]))[0] == "Em"
    without = apply_edits(PIECE, [RemoveChord(first.onset_seconds)])
    assert labels(without) == labels(PIECE)[1:]
    assert without.harmony.chords[0].onset_seconds == first.onset_seconds


def test_a_piece_without_chords_gets_its_first() -> None:
    empty = plain_transcription(())
    assert labels(apply_edits(empty, [AddChord(1.0, "C")])) == ["C"]
    gone = apply_edits(empty, [AddChord(1.0, "C"), RemoveChord(1.5)])
    assert gone.harmony.chords == ()


def test_sections_and_the_title_are_renamed() -> None:
    named = apply_edits(PIECE, [RenameSection(1.0, "Verse"), SetTitle(" Porch ")])
    assert [section.label for section in named.harmony.sections] == ["Verse", "B"]
    assert named.source.title == "Porch"
    assert named.difficulty is PIECE.difficulty
    check_files(named)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (SetChord(1000.0, "C"), "no chord at 1000"),
        (SetChord(1.0, "H7"), "Unknown chord 'H7'"),
        (AddChord(1000.0, "C"), "after the last bar"),
        (RenameSection(1000.0, "C"), "no section"),
        (RenameSection(1.0, " "), "needs a name"),
    ],
)
def test_what_makes_no_sense_is_refused(edit, words: str) -> None:
    with pytest.raises(EditError, match=words):
        apply_edits(PIECE, [edit])


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("flats", [True, False])
def test_every_label_that_is_printed_is_read(quality: str, flats: bool) -> None:
    for root in range(12):
        for bass in (root, (root + 4) % 12):
            label = chord_label(root, quality, bass, flats=flats)
            chord = parse_chord(label)
            assert (chord.root, chord.quality, chord.bass, chord.label) == (root, quality, bass, label)


def test_other_ways_of_writing_chords_are_read_too() -> None:
    assert [parse_chord(text).label for text in ("Amin7", "B♭M7", "F#ø", "Gsus", "nc", "C°7")] == [
        *("Am7", "Bbmaj7", "F#m7b5", "Gsus4", "N.C.", "Cdim7")
    ]
    for text in ("", "Cmaj13", "c", "C/", "/G"):
        if text:
            with pytest.raises(SettingsError, match="Unknown chord"):
                parse_chord(text)


def test_edits_are_told_in_few_words() -> None:
    edits = [
        PlaceNote("a", 1, 2),
        PlaceNote("b", 1, 2),
        SetTechnique(("a", "b"), TechniqueKind.LET_RING),
        SetTechnique(("a",), TechniqueKind.HAMMER_ON, on=False),
        SetChord(1.0, "F#m"),
        ScaleTempo(TempoChange.HALF),
    ]
    told = "Placed 2 notes, let ring on 2 notes, no hammer-on on 1 note, chord F#m, half tempo"
    assert describe(edits) == told
    assert len(describe([SetTitle("x" * 150), RenameSection(0, "y" * 150)])) <= LONGEST
