"""Techniques are found where a player would mark them, and nowhere else."""

import math

import pytest

from genesis_music.errors import SettingsError
from genesis_music.score import BendPoint, TabNote, TechniqueKind
from genesis_music.tablature.contour import BendShape
from genesis_music.tablature.techniques import TechniqueSettings, bend_shape, detect_techniques
from tests.tablature.scores import STANDARD, steady_tempo, tab_note

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


def test_settings_reject_an_impossible_confidence():
    with pytest.raises(SettingsError):
        TechniqueSettings(minimum_confidence=1.5)
