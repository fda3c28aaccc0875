"""Difficulty agrees with what teachers say of constructed pieces, and moves the right way."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.score import Track, Tuning
from genesis_music.tablature.difficulty import assess_difficulty, measure_difficulty
from tests.tablature import anchors
from tests.tablature.anchors import Anchor
from tests.tablature.scores import STANDARD, steady_tempo, tab_note, track_of


def level(anchor: Anchor) -> float:
    return assess_difficulty(anchor.track, anchor.tempo_map, anchor.chords).level


@pytest.mark.parametrize(
    ("anchor", "lowest", "highest"),
    [
        (anchors.SLOW_STRUMMING, 1.0, 2.2),
        (anchors.FINGERPICKED, 2.4, 3.6),
        (anchors.BARRE_POP, 4.0, 5.5),
        (anchors.BLUES_SOLO, 4.7, 6.3),
        (anchors.FAST_PICKING, 7.8, 9.4),
        (anchors.SWEEPING, 8.0, 9.7),
    ],
    ids=["open chords", "fingerpicking", "barré pop", "blues solo", "fast picking", "sweeping"],
)
def test_levels_match_what_teachers_say(anchor, lowest, highest):
    assert lowest <= level(anchor) <= highest


def test_an_empty_track_is_level_one_and_says_why():
    difficulty = assess_difficulty(Track("g", "guitar", STANDARD, 0, ()), steady_tempo(120, 2), ())
    assert difficulty.level == 1.0
    assert difficulty.hardest_measures == ()
    assert difficulty.reasons == ("nothing to play",)


@settings(max_examples=12, deadline=None)
@given(bpm=st.floats(50, 170), faster=st.floats(1.05, 2.0))
def test_a_faster_tempo_is_never_easier(bpm, faster):
    for build in (anchors.fingerpicked, lambda b: anchors.line(anchors.BLUES_BOX, b, Fraction(1, 2), 8)):
        assert level(build(bpm * faster)) >= level(build(bpm))


def with_capo(anchor: Anchor, capo: int) -> Anchor:
    """The same frets under a capo, sounding higher; the chords go up with them."""
    chords = tuple(replace(c, root=(c.root + capo) % 12, bass=(c.bass + capo) % 12) for c in anchor.chords)
    return replace(anchor, track=replace(anchor.track, capo=capo), chords=chords)


@pytest.mark.parametrize("anchor", [anchors.SLOW_STRUMMING, anchors.BARRE_POP, anchors.BLUES_SOLO])
@pytest.mark.parametrize("capo", [1, 3, 7])
def test_a_capo_changes_nothing_but_the_stretches(anchor, capo):
    plain = assess_difficulty(anchor.track, anchor.tempo_map, anchor.chords)
    capoed_anchor = with_capo(anchor, capo)
    capoed = assess_difficulty(capoed_anchor.track, anchor.tempo_map, capoed_anchor.chords)
    assert plain.level - 0.6 <= capoed.level <= plain.level
    for name in set(plain.subscores) - {"finger_positioning"}:
        assert capoed.subscores[name] == plain.subscores[name]


@settings(max_examples=10, deadline=None)
@given(low=st.integers(0, 6), higher=st.integers(1, 6))
def test_a_line_further_up_the_neck_is_less_familiar_but_less_of_a_stretch(low, higher):
    def subscores(shift: int) -> dict[str, float]:
        anchor = anchors.line(anchors.BLUES_BOX, 100, Fraction(1, 2), 4, shift)
        return assess_difficulty(anchor.track, anchor.tempo_map, ()).subscores

    near, far = subscores(low), subscores(low + higher)
    assert far["uncommon_chords"] >= near["uncommon_chords"]
    assert far["finger_positioning"] <= near["finger_positioning"]


def test_a_half_step_down_tuning_is_judged_by_its_shapes():
    down = Tuning("half step down", tuple(pitch - 1 for pitch in STANDARD.pitches_midi))
    anchor = anchors.SLOW_STRUMMING
    chords = tuple(replace(c, root=(c.root - 1) % 12, bass=(c.bass - 1) % 12) for c in anchor.chords)
    lowered = replace(anchor, track=replace(anchor.track, tuning=down), chords=chords)
    assert level(lowered) == level(anchor)


def test_an_altered_chord_is_harder_than_an_open_one():
    anchor = anchors.SLOW_STRUMMING
    chords = tuple(replace(c, quality="m7b5", label="F#m7b5", root=6, bass=6) for c in anchor.chords)
    altered = assess_difficulty(anchor.track, anchor.tempo_map, chords)
    assert altered.level > level(anchor)
    assert any("F#m7b5" in reason for reason in altered.reasons)


def test_reasons_name_the_demand_and_the_bars():
    barre = assess_difficulty(
        anchors.BARRE_POP.track, anchors.BARRE_POP.tempo_map, anchors.BARRE_POP.chords
    ).reasons
    fast = assess_difficulty(anchors.FAST_PICKING.track, anchors.FAST_PICKING.tempo_map, ()).reasons
    assert any("barrés" in reason and "bars" in reason for reason in barre)
    assert any("strokes a second" in reason for reason in fast)


def test_the_hardest_bars_are_the_hardest_of_the_heat_strip():
    anchor = anchors.BLUES_SOLO
    strip = measure_difficulty(anchor.track, anchor.tempo_map, anchor.chords)
    hardest = assess_difficulty(anchor.track, anchor.tempo_map, anchor.chords).hardest_measures
    levels = {measure.number: measure.level for measure in strip}
    assert [measure.number for measure in strip] == [m.number for m in anchor.tempo_map.measures]
    assert [levels[number] for number in hardest] == sorted(levels.values(), reverse=True)[: len(hardest)]


def test_a_bar_of_rest_is_level_one():
    notes = [tab_note(1, 5, 0), tab_note(1, 7, 8)]
    strip = measure_difficulty(track_of(notes), steady_tempo(120, 3), ())
    assert strip[1].level == 1.0


def test_notes_without_a_place_do_not_disturb():
    nowhere = replace(tab_note(1, 5, 1), string=None, fret=None)
    played = [tab_note(1, 5, 0), tab_note(1, 7, 2)]
    tempo = steady_tempo(120, 1)
    assert assess_difficulty(track_of([*played, nowhere]), tempo, ()) == assess_difficulty(
        track_of(played), tempo, ()
    )
