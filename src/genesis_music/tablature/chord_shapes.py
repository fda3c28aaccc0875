"""A chord's name to a shape a guitarist would grab: open shapes where they exist, else barrés, found by search."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from genesis_music.harmony.qualities import QUALITIES

Shape = tuple[int | None, ...]
"""Frets from the capo, string 1 first; ``None`` = not played."""

MAX_SPAN_FRETS = 3
"""Largest distance between the lowest and the highest fretted fret: four frets under four fingers."""
HIGHEST_FRET = 12
MAX_FINGERS = 4

# Fitted by hand to the shapes that every chord book prints (see the tests).
FINGER_COST = 0.75
POSITION_COST = 0.33
SPAN_COST = 0.8
INNER_MUTE_COST = 3.9
TOP_MUTE_COST = 2.25
LOW_MUTE_COST = 0.76
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
    open_pitches = tuple(pitch + capo for pitch in tuning_pitches)
    fifth = (root + kind.fifth) % 12
    needed = tones - {fifth} if len(kind.intervals) > 3 and kind.fifth == 7 and fifth != bass else tones
    found = [s for s in _shapes(open_pitches, tones) if needed <= _classes(s, open_pitches)]
    in_root = [s for s in found if min(_pitches(s, open_pitches)) % 12 == bass]
    guides = tones - {root % 12, fifth, bass}
    return min(in_root or found, key=lambda s: _cost(s, open_pitches, guides, fifth), default=())


def _shapes(open_pitches: tuple[int, ...], tones: frozenset[int]) -> Iterator[Shape]:
    """Every shape within the span that four fingers (and a barré) can hold, with at most one inner mute."""
    choices = [
        [None, *(f for f in range(HIGHEST_FRET + 1) if (pitch + f) % 12 in tones)] for pitch in open_pitches
    ]
    for position in range(1, HIGHEST_FRET - MAX_SPAN_FRETS + 1):
        window = {None, 0, *range(position, position + MAX_SPAN_FRETS + 1)}
        yield from _extend((), [[f for f in c if f in window] for c in choices], position)


def _extend(shape: Shape, choices: list[list[int | None]], position: int) -> Iterator[Shape]:
    if len(shape) == len(choices):
        if position in shape or (position == 1 and not any(shape)):
            yield shape
        return
    for fret in choices[len(shape)]:
        longer = (*shape, fret)
        if _holdable(longer):
            yield from _extend(longer, choices, position)


def _holdable(shape: Shape) -> bool:
    return _fingers(shape) <= MAX_FINGERS and _inner_mutes(shape) <= 1


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


def _classes(shape: Shape, open_pitches: tuple[int, ...]) -> set[int]:
    return {pitch % 12 for pitch in _pitches(shape, open_pitches)}


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
