"""A chord's name to a shape a guitarist would grab: open shapes where they exist, else barrés, found by search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from genesis_music.harmony.qualities import QUALITIES
from genesis_music.score import Chord, Tuning

Shape = tuple[int | None, ...]
"""Frets from the capo, string 1 first; ``None`` = not played."""

MAX_SPAN_FRETS = 3
"""Largest distance between the lowest and the highest fretted fret: four frets under four fingers."""
HIGHEST_FRET = 12
MAX_FINGERS = 4
MAX_MUTED_TOP = 2
"""Strings 1 .. this may stay unplayed above the chord."""

# Fitted by hand to the shapes that every chord book prints (see the tests).
FINGER_COST = 0.75
POSITION_COST = 0.33
SPAN_COST = 0.8
INNER_MUTE_COST = 3.9
TOP_MUTE_COST = 2.25
LOW_MUTE_COST = 0.76
POWER_VOICES = 3
MISSING_FIFTH_COST = 1.2
BARRE_COST = 0.08
OPEN_BELOW_COST = 4.0
"""Open strings mixed with frets above the third, per fret above it."""
DOUBLED_COST = 0.2
"""Each extra voice on a third, seventh or other colour beyond its first."""


@lru_cache(maxsize=4096)
def chord_voicing(
    root: int, quality: str, bass: int, tuning_pitches: tuple[int, ...], capo: int = 0
) -> Shape:
    """Find the easiest common shape of a chord.

    Args:
        root: pitch class 0..11.
        quality: a name from ``harmony.qualities.QUALITIES``.
        bass: pitch class of the lowest note; the root unless it is a slash chord.
        tuning_pitches: open strings as MIDI pitches before the capo, string 1 (highest) first.
        capo: fret of the capo.

    Returns:
        Frets counted from the capo, string 1 first, ``None`` for strings not played; empty when the instrument has
        no playable shape. All sounding notes belong to the chord (or are the bass), and the bass sounds lowest
        wherever the tuning allows it.
    """
    kind = QUALITIES[quality]
    tones = frozenset((root + i) % 12 for i in kind.intervals) | {bass}
    fifth = (root + kind.fifth) % 12
    needed = tones - {fifth} if len(kind.intervals) > 3 and kind.fifth == 7 and fifth != bass else tones
    mutable_top = MAX_MUTED_TOP if kind.third is not None else len(tuning_pitches) - 2
    search = _Search(tuple(pitch + capo for pitch in tuning_pitches), tones, needed, mutable_top)
    guides = tones - {root % 12, fifth, bass}
    shapes = list(search.shapes(bass)) or list(search.shapes(None))
    if kind.third is None:
        return min(shapes, key=_power_cost, default=())
    return min(shapes, key=lambda shape: _cost(shape, search.open_pitches, guides, fifth), default=())


def with_shapes(chords: Sequence[Chord], tuning: Tuning, capo: int) -> tuple[Chord, ...]:
    """Give every chord its easiest shape; what is no chord has none."""
    return tuple(replace(chord, frets=_shape(chord, tuning, capo)) for chord in chords)


def _shape(chord: Chord, tuning: Tuning, capo: int) -> Shape:
    if chord.root is None:
        return ()
    bass = chord.root if chord.bass is None else chord.bass
    return chord_voicing(chord.root, chord.quality, bass, tuning.pitches_midi, capo)


@dataclass(frozen=True, slots=True)
class _Search:
    """Open strings as they sound, allowed and needed pitch classes, how many top strings may stay unplayed."""

    open_pitches: tuple[int, ...]
    tones: frozenset[int]
    needed: frozenset[int]
    mutable_top: int

    def shapes(self, bass: int | None) -> Iterator[Shape]:
        """Every shape that a hand can hold, ``bass`` sounding lowest (any tone when ``None``)."""
        for position in range(1, HIGHEST_FRET - MAX_SPAN_FRETS + 1):
            frets = (0, *range(position, position + MAX_SPAN_FRETS + 1))
            choices = [[f for f in frets if (pitch + f) % 12 in self.tones] for pitch in self.open_pitches]
            for lowest in range(len(choices) - 1, -1, -1):
                for fret in choices[lowest]:
                    if bass is None or (self.open_pitches[lowest] + fret) % 12 == bass:
                        start = (fret, *(None for _ in choices[lowest + 1 :]))
                        yield from self._upwards(start, choices, position, bass)

    def _upwards(
        self, shape: Shape, choices: list[list[int]], position: int, bass: int | None
    ) -> Iterator[Shape]:
        """Complete a shape whose lower strings are settled, string by string towards string 1."""
        string = len(choices) - len(shape) - 1
        if string < 0:
            if self._is_complete(shape, position, bass):
                yield shape
            return
        for fret in (*choices[string], None):
            longer = (fret, *shape)
            audible = fret is not None or string < self.mutable_top
            if audible and _inner_mutes(longer) <= 1 and _fingers(longer) <= MAX_FINGERS:
                yield from self._upwards(longer, choices, position, bass)

    def _is_complete(self, shape: Shape, position: int, bass: int | None) -> bool:
        at_position = position in shape or (position == 1 and not any(shape))
        sounding = _pitches(shape, self.open_pitches)
        in_bass = bass is None or min(sounding) % 12 == bass
        return at_position and in_bass and self.needed <= {pitch % 12 for pitch in sounding}


def _fingers(shape: Shape) -> int:
    fretted = [fret for fret in shape if fret]
    if not fretted:
        return 0
    return len(fretted) - (fretted.count(min(fretted)) - 1 if _has_barre(shape) else 0)


def _has_barre(shape: Shape) -> bool:
    """Whether the first finger can lie across: its fret occurs twice and no open string sounds between."""
    lowest = min((fret for fret in shape if fret), default=0)
    at = [string for string, fret in enumerate(shape) if fret == lowest]
    return lowest > 0 and len(at) > 1 and 0 not in shape[at[0] : at[-1]]


def _inner_mutes(shape: Shape) -> int:
    played = [string for string, fret in enumerate(shape) if fret is not None]
    return sum(b - a - 1 for a, b in pairwise(played))


def _pitches(shape: Shape, open_pitches: tuple[int, ...]) -> list[int]:
    return [pitch + fret for pitch, fret in zip(open_pitches, shape, strict=True) if fret is not None] or [-1]


def _cost(shape: Shape, open_pitches: tuple[int, ...], guides: frozenset[int], fifth: int) -> float:
    fretted = [fret for fret in shape if fret] or [0]
    played = [string for string, fret in enumerate(shape) if fret is not None]
    classes = [pitch % 12 for pitch in _pitches(shape, open_pitches)]
    return (
        FINGER_COST * _fingers(shape)
        + BARRE_COST * _has_barre(shape)
        + POSITION_COST * max(min(fretted) - 1, 0)
        + SPAN_COST * (max(fretted) - min(fretted))
        + OPEN_BELOW_COST * (0 in shape) * max(max(fretted) - 3, 0)
        + INNER_MUTE_COST * _inner_mutes(shape)
        + TOP_MUTE_COST * played[0]
        + LOW_MUTE_COST * (len(shape) - 1 - played[-1])
        + DOUBLED_COST * sum(max(classes.count(tone) - 1, 0) for tone in guides)
        + MISSING_FIFTH_COST * (fifth not in classes)
    )


def _power_cost(shape: Shape) -> float:
    """Power chords are three notes on neighbouring low strings."""
    fretted = [fret for fret in shape if fret] or [0]
    played = [string for string, fret in enumerate(shape) if fret is not None]
    return (
        POSITION_COST * max(min(fretted) - 1, 0)
        + INNER_MUTE_COST * _inner_mutes(shape)
        + LOW_MUTE_COST * (len(shape) - 1 - played[-1])
        + FINGER_COST * abs(len(played) - POWER_VOICES)
    )
