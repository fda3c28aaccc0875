"""The score of the example recording: "Morning Porch", 12 bars of finger-picking over C, G, Am and F."""

from __future__ import annotations

from dataclasses import dataclass

TEMPO_BPM = 96
OPEN_PITCHES = (64, 59, 55, 50, 45, 40)
LEAD_IN_QUARTERS = 0.5

# Frets per chord, string 1 (high e) first; None = not played.
SHAPES: dict[str, tuple[int | None, ...]] = {
    "C": (0, 1, 0, 2, 3, None),
    "G": (3, 0, 0, 0, 2, 3),
    "Am": (0, 1, 2, 2, 0, None),
    "F": (1, 1, 2, 3, 3, 1),
}
BASS_STRINGS = {"C": (5, 4), "G": (6, 4), "Am": (5, 4), "F": (6, 4)}
BARS = ("C", "G", "Am", "F", "C", "G", "F", "C", "Am", "F", "G", "C")
TREBLE_PATTERN = ((0.0, 1), (0.5, 3), (1.5, 2), (2.5, 1), (3.0, 3), (3.5, 2))


@dataclass(frozen=True)
class Pluck:
    """One pluck: place in quarter notes, string, fret, loudness 0..127."""

    quarters: float
    string: int
    fret: int
    velocity: int


def piece() -> list[Pluck]:
    """The whole piece as plucks in time order."""
    plucks = [p for index, name in enumerate(BARS[:-1]) for p in picked_bar(4 * index, name)]
    strum = [
        Pluck(4 * (len(BARS) - 1) + 0.02 * (6 - s), s, fret, 96)
        for s, fret in enumerate(SHAPES[BARS[-1]], 1)
        if fret is not None
    ]
    return sorted(plucks + strum, key=lambda p: p.quarters)


def picked_bar(start: float, name: str) -> list[Pluck]:
    """Alternating bass on the beats, treble strings between them."""
    shape = SHAPES[name]
    low, high = BASS_STRINGS[name]
    bass = [(float(beat), low if beat % 2 == 0 else high) for beat in range(4)]
    plucks = [
        Pluck(start + at, string, fret, 98 if (at, string) in bass else 84)
        for at, string in [*bass, *TREBLE_PATTERN]
        if (fret := shape[string - 1]) is not None
    ]
    if name == "C":  # hammer-on: open D string to fret 2 on the second half of beat two
        plucks = [p for p in plucks if not (p.string == 4 and p.quarters == start + 1)]
        plucks += [Pluck(start + 1, 4, 0, 92), Pluck(start + 1.25, 4, 2, 58)]
    return plucks
