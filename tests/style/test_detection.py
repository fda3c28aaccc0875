from fractions import Fraction

from genesis_music.harmony import analyse_harmony
from genesis_music.score import TabNote, Technique, TechniqueKind, Track, Tuning, WrittenTime
from genesis_music.style import STYLES, detect_style
from genesis_music.style.detection import FEATURES, PHRASES, style_weights
from tests.harmony.pieces import piece, steady_tempo_map

NOWHERE = WrittenTime(1, Fraction(0), Fraction(1))
STANDARD = Tuning("standard", (64, 59, 55, 50, 45, 40))


def track(notes, *techniques):
    tab = tuple(TabNote(str(i), note, NOWHERE, 1, 0, techniques=techniques) for i, note in enumerate(notes))
    return Track("guitar", "guitar", STANDARD, 0, tab)


def judge(notes, tempo_map, *techniques):
    return detect_style([track(notes, *techniques)], tempo_map, analyse_harmony(notes, tempo_map))


def test_palm_muted_power_chords_are_metal_and_it_says_why():
    notes, tempo_map = piece((4, "5"), (7, "5"), (9, "5"), (5, "5"))
    style = judge(notes, tempo_map, Technique(TechniqueKind.PALM_MUTE, 0.9))
    assert style.label == "metal"
    assert {"power chords", "palm muting"} <= set(style.reasons)


def test_a_bent_twelve_bar_blues_is_blues():
    i, iv, v = (4, "7"), (9, "7"), (11, "7")
    notes, tempo_map = piece(i, i, i, i, iv, iv, i, i, v, iv, i, v)
    style = judge(notes, tempo_map, Technique(TechniqueKind.BEND, 0.5, 1.0))
    assert style.label == "blues"
    assert "a blues progression or scale" in style.reasons


def test_no_notes_are_of_no_known_style():
    tempo_map = steady_tempo_map(8)
    style = detect_style([track([])], tempo_map, analyse_harmony([], tempo_map))
    assert (style.label, style.confidence) == ("unknown", 0.0)


def test_every_style_comes_with_a_confidence_and_reasons_in_words():
    notes, tempo_map = piece((0, "maj7"), (9, "m7"), (2, "m9"), (7, "7"))
    style = judge(notes, tempo_map)
    assert style.label in STYLES
    assert 1 / len(STYLES) < style.confidence <= 1
    assert style.reasons
    assert set(style.reasons) <= {phrase for pair in PHRASES.values() for phrase in pair}


def test_every_feature_has_words_and_weights():
    weights = style_weights()
    assert set(PHRASES) == set(FEATURES)
    assert weights.weights.shape == (len(STYLES), len(FEATURES))
