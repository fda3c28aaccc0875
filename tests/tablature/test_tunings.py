import pytest

from genesis_music.errors import SettingsError
from genesis_music.tablature.tunings import TUNINGS, parse_tuning


@pytest.mark.parametrize("name", TUNINGS)
def test_every_named_tuning_is_found_by_its_name_and_by_its_notes(name):
    tuning = TUNINGS[name]
    assert parse_tuning(name.upper().replace("-", " ")) == tuning
    numbers = " ".join(map(str, reversed(tuning.pitches_midi)))
    assert parse_tuning(numbers).pitches_midi == tuning.pitches_midi


@pytest.mark.parametrize(
    ("text", "low_to_high"),
    [
        ("D A D G A D", (38, 45, 50, 55, 57, 62)),
        ("DADGAD", (38, 45, 50, 55, 57, 62)),
        ("e2 a2 d3 g3 b3 e4", (40, 45, 50, 55, 59, 64)),
        ("Eb Ab Db Gb Bb Eb", (39, 44, 49, 54, 58, 63)),
        ("E A D G", (28, 33, 38, 43)),
        ("G C E A", (67, 60, 64, 69)),
        ("B-E-A-D-G-B-E", (35, 40, 45, 50, 55, 59, 64)),
        ("C, G, C, G, A, E", (36, 43, 48, 55, 57, 64)),
    ],
)
def test_strings_are_given_from_low_to_high(text, low_to_high):
    assert parse_tuning(text).pitches_midi == tuple(reversed(low_to_high))


@pytest.mark.parametrize(
    "text", ["", "banjo", "E A D", "E2 A D3 G3", "1 2 3 400", "H A D G B E", "E A D G B E A D G"]
)
def test_anything_else_is_refused_with_what_to_write_instead(text):
    with pytest.raises(SettingsError):
        parse_tuning(text)
