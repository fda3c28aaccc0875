from fractions import Fraction
from pathlib import Path

import guitarpro
import pytest

from genesis_music.errors import InputError
from genesis_music.evaluation.guitarset import LabelledNote
from genesis_music.evaluation.tablature import (
    LabelledTrack,
    StringAgreement,
    read_guitar_pro,
    string_agreement,
    tab_accuracy,
    total,
)
from genesis_music.score import Note, TabNote, WrittenTime
from genesis_music.tablature.tunings import STANDARD

TABS = Path(__file__).parents[2].parent / "shared" / "eval" / "tabs"


def write_song(path, *beats):
    """One quarter-note beat per ``(string, fret, note type)``."""
    song = guitarpro.Song()
    voice = song.tracks[0].measures[0].voices[0]
    for string, fret, kind in beats:
        beat = guitarpro.Beat(voice, status=guitarpro.BeatStatus.normal)
        beat.notes.append(guitarpro.Note(beat, value=fret, string=string, type=guitarpro.NoteType[kind]))
        voice.beats.append(beat)
    guitarpro.write(song, str(path))
    return path


def test_a_tied_note_is_one_sounding_note(tmp_path):
    path = write_song(tmp_path / "a.gp5", (5, 3, "normal"), (5, 3, "tie"), (4, 2, "normal"))
    notes = read_guitar_pro(path)[0].notes
    assert [(n.string, n.fret, n.note.pitch_midi) for n in notes] == [(5, 3, 48), (4, 2, 52)]
    assert notes[0].note.duration_seconds == pytest.approx(1.0)
    assert notes[1].note.onset_seconds - notes[0].note.onset_seconds == pytest.approx(1.0)


def test_a_file_that_is_no_guitar_pro_file_is_refused(tmp_path):
    path = tmp_path / "a.gp5"
    path.write_text("no tab")
    with pytest.raises(InputError, match="gp5"):
        read_guitar_pro(path)


def test_agreement_counts_the_notes_on_the_human_string():
    low, elsewhere = Note(0.0, 0.5, 40), Note(2.0, 0.5, 40)
    notes = (LabelledNote(low, 6, 0, 40.0), LabelledNote(elsewhere, 5, -5, 40.0))
    assert string_agreement(LabelledTrack("", STANDARD, 0, 25, notes)) == StringAgreement(1, 2)


def test_a_tab_from_audio_is_right_where_onset_pitch_and_string_are():
    reference = [LabelledNote(Note(onset, 0.5, 64), 1, 0, 64.0) for onset in (0.0, 1.0, 2.0)]
    written = WrittenTime(1, Fraction(0), Fraction(1))
    found = [
        TabNote("right", Note(0.02, 0.5, 64), written, 1, 0),
        TabNote("another string", Note(1.0, 0.5, 64), written, 2, 5),
        TabNote("no place", Note(2.0, 0.5, 64), written, None, None),
        TabNote("late", Note(2.9, 0.5, 64), written, 1, 0),
    ]
    accuracy = tab_accuracy(reference, found)
    assert accuracy.notes.onset_f1 == pytest.approx(6 / 7)
    assert accuracy.tab_f1 == pytest.approx(2 / 7)
    assert accuracy.strings == StringAgreement(1, 3)


def test_agreements_add_up_note_by_note():
    assert total([StringAgreement(1, 2), StringAgreement(3, 6)]).ratio == 0.5


@pytest.mark.skipif(not TABS.is_dir(), reason="../shared/eval/tabs is not beside the checkout")
def test_a_human_made_tab_is_read_whole():
    (track,) = read_guitar_pro(TABS / "austinliu05__brower-leo-un_dia_de_noviembre.gp4")
    assert track.is_standard_guitar
    assert len(track.notes) == 566
