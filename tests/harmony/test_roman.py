import pytest

from genesis_music.harmony.roman import roman_numeral
from genesis_music.score import Chord, Key

C_MAJOR, A_MINOR = Key(0, "major"), Key(9, "minor")


@pytest.mark.parametrize(
    ("root", "quality", "key", "expected"),
    [
        (0, "major", C_MAJOR, "I"),
        (2, "m7", C_MAJOR, "ii7"),
        (5, "maj7", C_MAJOR, "IVmaj7"),
        (7, "7", C_MAJOR, "V7"),
        (11, "m7b5", C_MAJOR, "viiø7"),
        (10, "major", C_MAJOR, "bVII"),
        (5, "minor", C_MAJOR, "iv"),
        (8, "major", C_MAJOR, "bVI"),
        (2, "7", C_MAJOR, "V7/V"),
        (9, "7", C_MAJOR, "V7/ii"),
        (4, "7", C_MAJOR, "V7/vi"),
        (6, "dim7", C_MAJOR, "vii°7/V"),
        (0, "7", C_MAJOR, "I7"),
        (5, "7", C_MAJOR, "IV7"),
        (9, "minor", A_MINOR, "i"),
        (0, "major", A_MINOR, "III"),
        (7, "major", A_MINOR, "VII"),
        (4, "7", A_MINOR, "V7"),
        (11, "m7b5", A_MINOR, "iiø7"),
        (8, "dim7", A_MINOR, "vii°7"),
        (9, "5", A_MINOR, "I5"),
        (7, "sus4", C_MAJOR, "Vsus4"),
    ],
)
def test_chords_have_the_numerals_of_a_harmony_book(root, quality, key, expected):
    assert roman_numeral(Chord(0.0, 1.0, root, quality, root, ""), key) == expected


def test_no_chord_has_no_numeral():
    assert roman_numeral(Chord(0.0, 1.0, None, "", None, "N.C."), C_MAJOR) == ""
