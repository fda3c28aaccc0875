"""The vocabulary of the generated guitar parts: chord shapes, movable shapes, scales, progressions.

Shapes are written as guitarists write them, from the low string to the high one: ``x32010``.
"""

from __future__ import annotations

STANDARD_LOW_TO_HIGH = (40, 45, 50, 55, 59, 64)

OPEN_SHAPES = {
    "C": ("x32010", "x32010", "332010", "x32030", "x3201x", "x35553"),
    "Cmaj7": ("x32000",),
    "C7": ("x32310",),
    "D": ("xx0232", "xx0232", "x00232", "xx0233", "xx0230", "200232", "x57775"),
    "D7": ("xx0212",),
    "E": ("022100", "022100", "0221xx", "022200", "x7999x"),
    "E7": ("020100", "022130"),
    "F": ("133211", "133211", "xx3211", "1332xx"),
    "Fmaj7": ("xx3210", "x33210", "103210"),
    "G": ("320003", "320003", "320033", "3x0003", "x20003", "355433", "3x0033"),
    "G7": ("320001",),
    "A": ("x02220", "x02220", "x0222x", "x02200", "x02230", "577655"),
    "A7": ("x02020", "x02223"),
    "B": ("x24442", "x2444x"),
    "B7": ("x21202", "x24242"),
    "Bb": ("x13331", "x1333x"),
    "Am": ("x02210", "x02210", "302210", "x0221x"),
    "Am7": ("x02010", "x02213"),
    "Bm": ("x24432", "x2443x"),
    "Bm7": ("x20202", "x24232"),
    "C#m": ("x46654", "x46600"),
    "Dm": ("xx0231", "x00231", "x57765"),
    "Em": ("022000", "022000", "0220xx", "0220x0"),
    "Em7": ("022030", "020000", "022033"),
    "F#m": ("244222", "244200", "xx4222"),
    "Gm": ("355333",),
    "G#m": ("466444",),
    "Cm": ("x35543",),
    "Fm": ("133111",),
    "Eb": ("x68886", "xx1343"),
    "Ab": ("466544",),
}

PROGRESSIONS = (
    ("G", "D", "Em", "C"),
    ("G", "C", "D", "G"),
    ("G", "Em7", "C", "D"),
    ("G", "Bm", "C", "D7"),
    ("C", "G", "Am", "F"),
    ("C", "Am", "F", "G7"),
    ("C", "Cmaj7", "Fmaj7", "G"),
    ("C", "Em", "Dm", "G"),
    ("D", "A", "Bm", "G"),
    ("D", "G", "A", "D"),
    ("D", "C", "G", "D"),
    ("A", "D", "E", "A"),
    ("A", "E", "F#m", "D"),
    ("A7", "D7", "A7", "E7"),
    ("E", "A", "B7", "E"),
    ("E", "C#m", "A", "B"),
    ("E7", "A7", "B7", "E7"),
    ("Am", "G", "F", "E"),
    ("Am", "C", "G", "D"),
    ("Am", "F", "C", "G"),
    ("Am", "Dm", "E7", "Am"),
    ("Am7", "D7", "G", "Cmaj7"),
    ("Em", "C", "G", "D"),
    ("Em", "D", "C", "B7"),
    ("Em", "Am", "B7", "Em"),
    ("Em7", "A7", "D", "G"),
    ("Dm", "Bb", "F", "C"),
    ("Dm", "Gm", "A7", "Dm"),
    ("Bm", "G", "D", "A"),
    ("Bm7", "Em7", "A7", "D"),
    ("F#m", "D", "A", "E"),
    ("F", "C", "Dm", "Bb"),
    ("F", "Bb", "C", "F"),
    ("Cm", "Ab", "Eb", "Bb"),
    ("Fm", "Cm", "Ab", "Eb"),
)

# Root fret + these; the root lies on the lowest string that is played.
MOVABLE_SHAPES = (
    "022100",
    "022000",
    "020100",
    "020000",
    "02210x",
    "0220xx",
    "x02220",
    "x02210",
    "x02020",
    "x02010",
    "x0222x",
    "x0221x",
)
POWER_SHAPES = ("02xxxx", "022xxx", "x02xxx", "x022xx", "xx02xx", "xx023x")
SCALES = {
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}


def frets(shape: str, at: int = 0) -> dict[int, int]:
    """Read a shape, moved up by ``at`` frets: string (1 = highest) to fret."""
    return {6 - i: int(mark, 16) + at for i, mark in enumerate(shape) if mark != "x"}
