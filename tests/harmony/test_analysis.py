from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.evaluation.guitarset import read_excerpt
from genesis_music.evaluation.harmony import annotated_key, annotated_tempo_map, majmin_wcsr, same_key
from genesis_music.harmony import HarmonySettings, analyse_harmony
from genesis_music.harmony.key import estimate_key
from genesis_music.score import Key, Note

from .pieces import piece, steady_tempo_map

ANNOTATIONS = Path(__file__).parents[3] / "shared" / "eval" / "guitarset" / "annotation"
needs_guitarset = pytest.mark.skipif(
    not ANNOTATIONS.is_dir(), reason="GuitarSet annotations are not beside the checkout (../shared/eval)"
)
POP = ((0, "major"), (7, "major"), (9, "minor"), (5, "major"))
CANON = "01_Rock3-148-C_comp"


def test_a_pop_song_is_described_as_a_musician_would():
    harmony = analyse_harmony(*piece(*(POP * 4)))
    assert (harmony.key.tonic, harmony.key.mode) == (0, "major")
    assert [chord.label for chord in harmony.chords[:4]] == ["C", "G", "Am", "F"]
    assert [chord.roman for chord in harmony.chords[:4]] == ["I", "V", "vi", "IV"]
    assert harmony.progression == ("I", "V", "vi", "IV")
    assert harmony.progression_name == "I–V–vi–IV"
    assert harmony.scale == "C major"
    assert {section.label for section in harmony.sections} == {"A"}


def test_a_blues_is_recognised():
    i, iv, v = (4, "7"), (9, "7"), (11, "7")
    harmony = analyse_harmony(*piece(i, i, i, i, iv, iv, i, i, v, iv, i, v))
    assert (harmony.key.tonic, harmony.key.mode) == (4, "major")
    assert harmony.progression_name == "12-bar blues"


def test_a_modulation_is_found_and_numerals_follow_it():
    up = tuple(((root + 3) % 12, quality) for root, quality in POP)
    harmony = analyse_harmony(*piece(*(POP * 4), *(up * 4)))
    assert [(r.key.tonic, r.key.mode) for r in harmony.regions] == [(0, "major"), (3, "major")]
    assert harmony.regions[1].onset_seconds == pytest.approx(32.0, abs=2.0)
    assert harmony.chords[-4].roman == "I"


def test_a_piece_in_one_key_does_not_modulate():
    assert len(analyse_harmony(*piece(*(POP * 8))).regions) == 1


def test_a_verse_and_a_chorus_are_two_sections():
    verse = ((9, "minor"), (9, "minor"), (2, "minor"), (4, "7"))
    harmony = analyse_harmony(*piece(*(POP * 2), *(verse * 2), *(POP * 2)))
    assert [section.label for section in harmony.sections] == ["A", "B", "A"]


def test_no_notes_give_a_valid_harmony_without_confidence():
    harmony = analyse_harmony([], steady_tempo_map(8))
    assert harmony.key.confidence == 0.0
    assert [chord.label for chord in harmony.chords] == ["N.C."]
    assert (harmony.progression, harmony.progression_name, harmony.sections) == ((), None, ())


def test_one_note_is_enough_to_answer():
    harmony = analyse_harmony([Note(0.3, 0.2, 64)], steady_tempo_map(2))
    assert harmony.key.confidence < 0.7
    assert harmony.chords[0].end_seconds > harmony.chords[0].onset_seconds


def test_a_key_the_user_knows_is_kept():
    notes, tempo_map = piece(*(POP * 2))
    assert analyse_harmony(notes, tempo_map, HarmonySettings(Key(9, "minor"))).chords[0].roman == "III"


@settings(max_examples=12, deadline=None)
@given(shift=st.integers(-5, 6))
def test_transposing_the_notes_transposes_key_and_chords(shift):
    notes, tempo_map = piece(*POP, (2, "m7"), (7, "7"), (0, "maj7"), (0, "major"))
    moved = [replace(note, pitch_midi=note.pitch_midi + shift) for note in notes]
    plain, high = analyse_harmony(notes, tempo_map), analyse_harmony(moved, tempo_map)
    assert high.key.tonic == (plain.key.tonic + shift) % 12
    assert [c.root for c in high.chords] == [(c.root + shift) % 12 for c in plain.chords]
    assert [c.roman for c in high.chords] == [c.roman for c in plain.chords]


def test_notes_in_any_order_give_the_same_answer():
    notes, tempo_map = piece(*(POP * 2))
    assert analyse_harmony(notes[::-1], tempo_map) == analyse_harmony(notes, tempo_map)


@needs_guitarset
def test_a_real_accompaniment_is_read_from_its_true_notes():
    excerpt = read_excerpt(ANNOTATIONS / f"{CANON}.jams")
    notes = [labelled.note for labelled in excerpt.notes]
    harmony = analyse_harmony(notes, annotated_tempo_map(excerpt))
    assert same_key(harmony.key, annotated_key(excerpt))
    assert same_key(estimate_key(notes, annotated_tempo_map(excerpt)), annotated_key(excerpt))
    assert harmony.progression_name == "Pachelbel's canon"
    assert majmin_wcsr(excerpt.instructed_chords, harmony.chords) > 0.85
