"""Difficulty agrees with what teachers say of constructed pieces, and moves the right way."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.score import Track
from genesis_music.tablature.difficulty import assess_difficulty
from tests.tablature import anchors
from tests.tablature.anchors import Anchor
from tests.tablature.scores import STANDARD, steady_tempo


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
        (anchors.SWEEPING, 8.3, 10.0),
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
