"""Techniques are found where a player would mark them, and nowhere else."""

import math
from dataclasses import replace

import pytest

from genesis_music.errors import SettingsError
from genesis_music.score import BendPoint, TabNote, TechniqueKind
from genesis_music.tablature.contour import BendShape
from genesis_music.tablature.techniques import TechniqueSettings, bend_shape, detect_techniques
from tests.tablature.scores import STANDARD, steady_tempo, tab_note
from training.technique_performances import perform

TEMPO = steady_tempo(120, 16)


def detect(notes: list[TabNote], settings: TechniqueSettings | None = None) -> tuple[TabNote, ...]:
    return detect_techniques(notes, STANDARD, TEMPO, settings or TechniqueSettings())


def kinds(note: TabNote) -> set[TechniqueKind]:
    return {technique.kind for technique in note.techniques}


def contour(seconds: float, shape) -> tuple[BendPoint, ...]:
    steps = int(seconds / 0.0116)
    return tuple(BendPoint(i * 0.0116, shape(i * 0.0116)) for i in range(steps))


def picked_line() -> list[TabNote]:
    places = [(3, 5), (3, 7), (2, 5), (2, 8), (1, 5), (1, 8), (2, 8), (2, 5)] * 3
    return [tab_note(s, f, i / 2, 0.5, velocity=0.7) for i, (s, f) in enumerate(places)]


def test_evenly_picked_notes_have_no_techniques():
    assert all(not note.techniques for note in detect(picked_line()))


@pytest.mark.parametrize(
    ("places", "kind"), [((5, 7), "hammer-on"), ((7, 5), "pull-off"), ((3, 10), "slide")]
)
def test_a_weak_attack_on_the_same_string_is_slurred(places, kind):
    notes = picked_line()
    notes[8:10] = [tab_note(3, places[0], 4, 0.25), tab_note(3, places[1], 4.25, 0.75, velocity=0.3)]
    found = detect(notes)
    assert kinds(found[9]) == {TechniqueKind(kind)}
    assert not kinds(found[8])


def test_a_whole_step_bend_has_its_height():
    up = contour(0.9, lambda t: min(2.0, max(0.0, (t - 0.1) * 12)))
    (note,) = detect([tab_note(2, 8, 0, 2, bend=up)])
    assert [(t.kind, t.semitones) for t in note.techniques] == [(TechniqueKind.BEND, 2.0)]
    assert bend_shape(note.note) == BendShape.BEND


def test_vibrato_is_not_a_bend():
    wobble = contour(1.0, lambda t: 0.35 + 0.35 * math.sin(2 * math.pi * 5.5 * t))
    (note,) = detect([tab_note(2, 8, 0, 2, bend=wobble)])
    assert kinds(note) == {TechniqueKind.VIBRATO}


def test_a_bend_that_comes_back_and_one_bent_before_the_pluck_are_told_apart():
    back = contour(0.95, lambda t: 2.0 * min(1.0, max(0.0, (t - 0.1) * 8), max(0.0, (0.8 - t) * 8)))
    before = contour(0.95, lambda t: 2.0 * min(1.0, max(0.0, (0.6 - t) * 8)))
    shapes = [bend_shape(tab_note(2, 8, 0, 2, bend=bend).note) for bend in (back, before)]
    assert shapes == [BendShape.BEND_RELEASE, BendShape.PRE_BEND_RELEASE]


def test_a_bend_with_vibrato_on_top_is_both():
    def shape(t: float) -> float:
        rise = min(2.0, max(0.0, (t - 0.1) * 15))
        return rise + (0.25 * math.sin(2 * math.pi * 5.5 * t) if t > 0.5 else 0.0)

    (note,) = detect([tab_note(2, 8, 0, 4, bend=contour(1.9, shape))])
    assert kinds(note) == {TechniqueKind.BEND, TechniqueKind.VIBRATO}
    assert next(t.semitones for t in note.techniques if t.kind == TechniqueKind.BEND) == 2.0


def test_a_string_tuned_a_little_sharp_is_not_bent():
    assert not kinds(detect([tab_note(2, 8, 0, 2, bend=contour(0.9, lambda t: 0.33 + 0.05 * (t > 0.4)))])[0])


def test_a_contour_that_jumps_to_another_note_is_neither_bend_nor_vibrato():
    def lost(t: float) -> float:
        return -1.67 if 0.2 < t < 0.28 or 0.35 < t < 0.42 else 1.33 if 0.6 < t < 0.7 else 0.0

    assert not kinds(detect([tab_note(2, 8, 0, 2, bend=contour(0.95, lost))])[0])


def test_a_glide_between_two_notes_is_a_slide_though_the_second_is_loud():
    away = contour(0.25, lambda t: 2.0 * max(0.0, (t - 0.13) / 0.12))
    notes = picked_line()
    notes[8:10] = [tab_note(3, 5, 4, 0.5, bend=away), tab_note(3, 7, 4.5, 0.5)]
    found = detect(notes)
    assert kinds(found[9]) == {TechniqueKind.SLIDE}
    assert not kinds(found[8])


def test_an_open_string_is_pulled_off_to_and_never_slid_to():
    notes = picked_line()
    notes[8:10] = [tab_note(3, 7, 4, 0.25), tab_note(3, 0, 4.25, 0.75, velocity=0.3)]
    assert kinds(detect(notes)[9]) == {TechniqueKind.PULL_OFF}


def test_chugging_on_the_low_string_is_palm_muted_and_open_chords_are_not():
    chugs = [tab_note(6, 0, i / 2, 0.5, sounding=0.1) for i in range(16)]
    chords = [tab_note(s, 2 * (s < 6), 8 + i, 1) for i in range(4) for s in (4, 5, 6)]
    found = detect([*chugs, *chords])
    assert all(kinds(note) == {TechniqueKind.PALM_MUTE} for note in found[:16])
    assert not any(kinds(note) for note in found[16:])


def test_a_ringing_arpeggio_is_marked_let_ring_and_a_damped_one_is_not():
    strings = [5, 3, 2, 1] * 4
    frets = {5: 3, 3: 0, 2: 1, 1: 0}
    ringing = [tab_note(s, frets[s], i / 2, 0.5, sounding=1.0) for i, s in enumerate(strings)]
    damped = [tab_note(s, frets[s], i / 2, 0.5) for i, s in enumerate(strings)]
    assert sum(kinds(note) == {TechniqueKind.LET_RING} for note in detect(ringing)) >= 12
    assert not any(kinds(note) for note in detect(damped))


def test_ringing_notes_at_the_twelfth_fret_across_the_strings_are_harmonics():
    chimes = [tab_note(s, 12, i / 2, 2, sounding=1.0) for i, s in enumerate((6, 5, 4, 3, 2, 1))]
    found = detect(chimes)
    assert all(TechniqueKind.HARMONIC in kinds(note) for note in found)
    assert not any(TechniqueKind.HARMONIC in kinds(note) for note in detect(picked_line()))


def test_a_doubtful_scratch_across_the_strings_is_dead_notes():
    scratch = [tab_note(s, 0, 1, 0.25, sounding=0.05, confidence=0.3) for s in (2, 3, 4)]
    found = detect([tab_note(6, 3, 0, 1), *scratch])
    assert [kinds(note) for note in found] == [set(), *[{TechniqueKind.DEAD_NOTE}] * 3]


def test_only_the_kinds_that_are_asked_for_are_looked_for():
    wobble = contour(1.0, lambda t: 0.35 + 0.35 * math.sin(2 * math.pi * 5.5 * t))
    notes = [tab_note(2, 8, 0, 2, bend=wobble)]
    assert not kinds(detect(notes, TechniqueSettings(kinds=frozenset({TechniqueKind.BEND})))[0])


def test_no_notes_no_techniques():
    assert detect([]) == ()


@pytest.mark.parametrize("seed", range(0, 24, 3))
def test_a_higher_confidence_never_adds_marks_and_contradictions_never_appear(seed):
    performance = perform(seed)

    def marks(minimum: float) -> list[set[TechniqueKind]]:
        settings = TechniqueSettings(minimum_confidence=minimum)
        found = detect_techniques(performance.notes, STANDARD, performance.tempo_map, settings)
        assert [replace(note, techniques=()) for note in found] == list(performance.notes)
        return [kinds(note) for note in found]

    few, many = marks(0.8), marks(0.3)
    arrivals = {TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF, TechniqueKind.SLIDE}
    assert sum(map(len, few)) <= sum(map(len, many))
    assert all(len(found & arrivals) <= 1 for found in many)
    assert not any({TechniqueKind.PALM_MUTE, TechniqueKind.LET_RING} <= found for found in many)


def test_order_of_the_notes_does_not_matter():
    performance = perform(0)
    forwards = detect_techniques(performance.notes, STANDARD, performance.tempo_map)
    backwards = detect_techniques(performance.notes[::-1], STANDARD, performance.tempo_map)
    assert backwards[::-1] == forwards


def test_settings_reject_an_impossible_confidence():
    with pytest.raises(SettingsError):
        TechniqueSettings(minimum_confidence=1.5)
