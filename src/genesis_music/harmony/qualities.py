"""The chord vocabulary: names, lead-sheet suffixes, intervals and what each interval does in the chord."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from genesis_music.score import Chord, spell

NO_CHORD_LABEL = "N.C."


class Role(IntEnum):
    """What a pitch class is to a chord; the last two are foreign to it."""

    ROOT = 0
    THIRD = 1
    FIFTH = 2
    COLOUR = 3
    SCALE = 4
    CHROMATIC = 5


@dataclass(frozen=True, slots=True)
class Quality:
    """A chord type: intervals in semitones above the root, in the order root, third (or suspension), fifth, colours.

    ``third`` is ``None`` for a power chord. ``harte`` is the name in Harte's syntax, which mir_eval reads.
    """

    name: str
    suffix: str
    third: int | None
    fifth: int
    colours: tuple[int, ...]
    harte: str

    @property
    def intervals(self) -> tuple[int, ...]:
        """All intervals above the root in semitones, root first."""
        return (0, *(() if self.third is None else (self.third,)), self.fifth, *self.colours)

    @property
    def is_minor(self) -> bool:
        """Whether its third is minor."""
        return self.third == 3

    @property
    def is_diminished(self) -> bool:
        """Whether it holds a minor third and a diminished fifth."""
        return self.third == 3 and self.fifth == 6


QUALITIES: dict[str, Quality] = {
    quality.name: quality
    for quality in (
        Quality("major", "", 4, 7, (), "maj"),
        Quality("minor", "m", 3, 7, (), "min"),
        Quality("7", "7", 4, 7, (10,), "7"),
        Quality("maj7", "maj7", 4, 7, (11,), "maj7"),
        Quality("m7", "m7", 3, 7, (10,), "min7"),
        Quality("m7b5", "m7b5", 3, 6, (10,), "hdim7"),
        Quality("dim", "dim", 3, 6, (), "dim"),
        Quality("dim7", "dim7", 3, 6, (9,), "dim7"),
        Quality("aug", "aug", 4, 8, (), "aug"),
        Quality("sus2", "sus2", 2, 7, (), "sus2"),
        Quality("sus4", "sus4", 5, 7, (), "sus4"),
        Quality("7sus4", "7sus4", 5, 7, (10,), "sus4(b7)"),
        Quality("6", "6", 4, 7, (9,), "maj6"),
        Quality("m6", "m6", 3, 7, (9,), "min6"),
        Quality("9", "9", 4, 7, (10, 2), "9"),
        Quality("maj9", "maj9", 4, 7, (11, 2), "maj9"),
        Quality("m9", "m9", 3, 7, (10, 2), "min9"),
        Quality("add9", "add9", 4, 7, (2,), "maj(9)"),
        Quality("m(maj7)", "m(maj7)", 3, 7, (11,), "minmaj7"),
        Quality("5", "5", None, 7, (), "5"),
    )
}


def chord_label(root: int, quality: str, bass: int, *, flats: bool) -> str:
    """What a lead sheet prints, e.g. ``"F#m7b5"`` or ``"C/G"``; ``root`` and ``bass`` are pitch classes."""
    label = spell(root, flats=flats) + QUALITIES[quality].suffix
    return label if bass == root else f"{label}/{spell(bass, flats=flats)}"


def chord_pitch_classes(root: int, quality: str) -> frozenset[int]:
    """The pitch classes 0..11 that a chord holds."""
    return frozenset((root + interval) % 12 for interval in QUALITIES[quality].intervals)


def harte_label(chord: Chord) -> str:
    """A chord in Harte's syntax without its bass, e.g. ``"F#:hdim7"``; ``"N"`` for no chord."""
    if chord.root is None:
        return "N"
    return f"{spell(chord.root, flats=False)}:{QUALITIES[chord.quality].harte}"
