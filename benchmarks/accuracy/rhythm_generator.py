"""Pieces whose written rhythm is known.

Nothing here is taken from a real piece: rhythms are drawn from the cells of each style.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random

from benchmarks.accuracy.human_player import Human, Performance, WrittenEvent, perform
from genesis_music.score import TimeSignature

STYLES = ("eighths", "sixteenths", "triplets", "swing", "syncopated", "mixed", "ornate")

_QUARTERS = ("4", "4", "4r")
_EIGHTHS = ("8 8", "8 8", "4", "8r 8", "8 8r")
_SIXTEENTHS = ("16 16 16 16", "8 16 16", "16 16 8", "8. 16", "16 8 16", "8 8", "4", "16r 16 16 16")
_TRIPLETS = ("8t 8t 8t", "8t 8t 8t", "4t 8t", "8t 4t", "8tr 8t 8t")
_CELLS = {
    "eighths": _EIGHTHS + _QUARTERS,
    "sixteenths": _SIXTEENTHS,
    "triplets": (*_TRIPLETS, "4", "8 8"),
    "swing": ("8 8", "8 8", "8 8", "4", "8r 8", "8t 8t 8t"),
    "syncopated": ("8 4 8", "4. 8", "8r 4 8", "8. 8. 8", "16 8 16", "8r 8", "8 8", "16 8.", "4 8r 8", "8 4."),
    "ornate": (
        "16 16 16 16",
        "32 32 16 8",
        "16s 16s 16s 8",
        "8 16s 16s 16s",
        "16s 16s 16s 16s 16s 16s",
        "8 8",
        "4",
    ),
    "mixed": _EIGHTHS + _SIXTEENTHS + _TRIPLETS[:1] + _QUARTERS,
}
_COMPOUND_CELLS = ("8 8 8", "4 8", "4.", "8 4", "8r 8 8", "16 16 8 8", "8 16 16 8", "4 8r")
_LENGTHS = {
    "4.": Fraction(3, 2),
    "4": Fraction(1),
    "8.": Fraction(3, 4),
    "8": Fraction(1, 2),
    "16": Fraction(1, 4),
    "4t": Fraction(2, 3),
    "8t": Fraction(1, 3),
    "16s": Fraction(1, 6),
    "32": Fraction(1, 8),
}

_TEMPI_BPM = {"sixteenths": (60, 120), "mixed": (60, 110), "ornate": (50, 90)}


def generate(style: str, seed: int, human: Human, measures: int = 16) -> Performance:
    """Make and perform one piece of a style; the same seed gives the same piece."""
    rng = Random(f"{style}-{seed}")
    compound = style in ("eighths", "syncopated") and rng.random() < 0.2
    signature = TimeSignature(6, 8) if compound else TimeSignature(rng.choice((4, 4, 4, 3, 2)), 4)
    cells = _COMPOUND_CELLS if compound else _CELLS[style]
    events = _events(rng, signature, cells, measures)
    tempo_bpm = rng.uniform(*_TEMPI_BPM.get(style, (70, 160)))
    ratio = rng.uniform(0.6, 0.68) if style == "swing" else 0.5
    return perform(events, [signature] * measures, tempo_bpm, human, rng, swing_ratio=ratio)


def _events(
    rng: Random, signature: TimeSignature, cells: tuple[str, ...], measures: int
) -> list[WrittenEvent]:
    """Draw one to four measures, repeat them with changes, and give them pitches."""
    pattern = [_draw_measure(rng, signature, cells) for _ in range(rng.choice((1, 2, 4)))]
    chordal = rng.random()
    events = []
    for number in range(measures):
        repeats = rng.random() < 0.6
        symbols = pattern[number % len(pattern)] if repeats else _draw_measure(rng, signature, cells)
        position = number * signature.measure_quarters
        for symbol in symbols:
            length = _length(symbol)
            if not symbol.endswith("r"):
                events.append(WrittenEvent(position, length, _pitches(rng, chordal)))
            position += length
    return events


def _draw_measure(rng: Random, signature: TimeSignature, cells: tuple[str, ...]) -> list[str]:
    symbols: list[str] = []
    left = signature.measure_quarters
    while left:
        fitting = [cell for cell in cells if sum(map(_length, cell.split())) <= left]
        drawn = rng.choice(fitting).split()
        left -= sum(map(_length, drawn))
        symbols += drawn
    return symbols


def _length(symbol: str) -> Fraction:
    return _LENGTHS[symbol.removesuffix("r")]


def _pitches(rng: Random, chordal: float) -> tuple[int, ...]:
    size = rng.choice((2, 3, 4, 6)) if rng.random() < chordal else 1
    lowest = rng.randrange(40, 62)
    return tuple(lowest + 4 * i for i in range(size))
