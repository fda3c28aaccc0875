"""Constructed pieces whose difficulty guitar teachers agree on, for calibrating and testing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from genesis_music.score import Chord, Technique, TechniqueKind, TempoMap, Track
from tests.tablature.scores import chord_of, steady_tempo, tab_note, track_of

Shape = tuple[int | None, ...]

# String 1 (high e) first, ``None`` not played.
OPEN_SHAPES: dict[str, Shape] = {
    "Em": (0, 0, 0, 2, 2, 0),
    "G": (3, 0, 0, 0, 2, 3),
    "C": (0, 1, 0, 2, 3, None),
    "D": (2, 3, 2, 0, None, None),
    "Am": (0, 1, 2, 2, 0, None),
}
BARRE_SHAPES: dict[str, Shape] = {
    "F#m": (2, 2, 2, 4, 4, 2),
    "Bm": (2, 3, 4, 4, 2, None),
    "E": (0, 0, 1, 2, 2, 0),
    "F#": (2, 2, 3, 4, 4, 2),
    "G#m": (4, 4, 4, 6, 6, 4),
    "C#m": (4, 5, 6, 6, 4, None),
}
ROOTS = {"Em": 4, "G": 7, "C": 0, "D": 2, "Am": 9, "F#m": 6, "Bm": 11, "E": 4, "F#": 6, "G#m": 8, "C#m": 1}


@dataclass(frozen=True)
class Anchor:
    track: Track
    tempo_map: TempoMap
    chords: tuple[Chord, ...]


def _chords(labels: Sequence[str], bpm: float, measures: int) -> tuple[Chord, ...]:
    bar = 240.0 / bpm
    return tuple(
        chord_of(
            label := labels[m % len(labels)],
            ROOTS[label],
            "minor" if label.endswith("m") else "major",
            m * bar,
            (m + 1) * bar,
        )
        for m in range(measures)
    )


def strummed(
    shapes: dict[str, Shape],
    labels: Sequence[str],
    bpm: float,
    step: Fraction,
    measures: int = 16,
    capo: int = 0,
) -> Anchor:
    notes = []
    for measure in range(measures):
        shape = shapes[labels[measure % len(labels)]]
        for stroke in range(int(4 / step)):
            at = 4 * measure + stroke * step
            notes += [
                tab_note(s + 1, fret, at, step, bpm=bpm, capo=capo)
                for s, fret in enumerate(shape)
                if fret is not None
            ]
    return Anchor(track_of(notes, capo), steady_tempo(bpm, measures), _chords(labels, bpm, measures))


def fingerpicked(bpm: float, measures: int = 16) -> Anchor:
    labels = ("C", "Am", "G", "D")
    notes = []
    for measure in range(measures):
        shape = OPEN_SHAPES[labels[measure % 4]]
        bass = max(s for s, fret in enumerate(shape) if fret is not None) + 1
        for i, string in enumerate((bass, 3, 2, 1, bass - 1, 3, 2, 1)):
            fret = shape[string - 1]
            assert fret is not None
            notes.append(tab_note(string, fret, Fraction(8 * measure + i, 2), Fraction(1, 2), bpm=bpm))
    return Anchor(track_of(notes), steady_tempo(bpm, measures), _chords(labels, bpm, measures))


def line(
    places: Sequence[tuple[int, int]], bpm: float, step: Fraction, measures: int, shift: int = 0
) -> Anchor:
    """A single line that runs through ``places`` over and over."""
    count = int(measures * 4 / step)
    notes = [
        tab_note(string, fret + shift, i * step, step, bpm=bpm)
        for i, (string, fret) in ((i, places[i % len(places)]) for i in range(count))
    ]
    return Anchor(track_of(notes), steady_tempo(bpm, measures), ())


def expressive(anchor: Anchor) -> Anchor:
    """Bends every fifth note and slurs every fourth, as a blues player would."""
    marks = {0: Technique(TechniqueKind.BEND, 0.9, 2.0), 1: Technique(TechniqueKind.HAMMER_ON, 0.9)}
    notes = [
        replace(note, techniques=(marks[i % 5 % 4],) if i % 5 % 4 in marks else ())
        for i, note in enumerate(anchor.track.notes)
    ]
    return replace(anchor, track=replace(anchor.track, notes=tuple(notes)))


BLUES_BOX = (
    (3, 5), (3, 7), (2, 5), (2, 8), (1, 5), (1, 8), (1, 5), (2, 8), (2, 5), (3, 7), (3, 5), (4, 7), (4, 5),
    (5, 7), (5, 5), (4, 7), (3, 5), (3, 8), (3, 7), (2, 8), (1, 8), (1, 10), (1, 8), (2, 10), (2, 8),
    (3, 9), (3, 7),
)  # fmt: skip
BY_STRING = ((6, (5, 7, 9)), (5, (5, 7, 9)), (4, (6, 7, 9)), (3, (6, 7, 9)), (2, (7, 9, 10)), (1, (7, 9, 10)))
THREE_PER_STRING = tuple((string, fret) for string, frets in BY_STRING for fret in frets)
UP_AND_DOWN = (*THREE_PER_STRING, *reversed(THREE_PER_STRING))
SCALE_RUN = tuple((string, fret + move) for move in (0, 3, 7, 5, 2) for string, fret in UP_AND_DOWN)
SWEEP = tuple(
    (string, fret + move)
    for move in (0, 3, 7, -2)
    for string, fret in ((5, 12), (4, 10), (3, 9), (2, 10), (1, 8), (1, 12), (2, 10), (3, 9), (4, 10))
)

SLOW_STRUMMING = strummed(OPEN_SHAPES, ("Em", "G", "C", "D"), 80, Fraction(1))
FINGERPICKED = fingerpicked(90)
BARRE_POP = strummed(BARRE_SHAPES, ("F#m", "Bm", "E", "C#m"), 120, Fraction(1, 2))
BLUES_SOLO = expressive(line(BLUES_BOX, 110, Fraction(1, 3), 12))
FAST_PICKING = line(SCALE_RUN, 160, Fraction(1, 4), 16)
SWEEPING = line(SWEEP, 120, Fraction(1, 6), 12)
