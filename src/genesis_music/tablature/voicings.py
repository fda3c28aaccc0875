"""Every way a hand can hold the notes that sound together.

A voicing puts each note on a string of its own. It is playable when its fretted notes lie within the span
of a hand and at most four fingers hold them, where a finger laid flat (a barré) holds several strings at
one fret.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from genesis_music.tablature.fretboard import Place

FINGERS = 4
HAND_FRETS = 3
"""Frets that the four fingers cover above the index finger without moving."""
UNPLAYED = -1
_NO_FRET = 99


@dataclass(frozen=True, slots=True)
class Voicings:
    """The playable voicings of one set of notes, ``K`` of them for ``N`` notes on ``S`` strings.

    ``strings`` and ``frets`` are ``[K, N]`` (string index 0 = string 1); ``fret_of_string`` is ``[S, K]``,
    -1 where a string is not played; ``lowest`` and ``highest`` (``[K]``) are the fretted extremes, 0 for a
    voicing of open strings only; ``lowest_hand`` (``[K]``) is the lowest fret where the index finger can be;
    ``fingers`` (``[K]``) counts the fingers it takes.
    """

    strings: NDArray[np.int64]
    frets: NDArray[np.int64]
    fret_of_string: NDArray[np.int64]
    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]
    lowest_hand: NDArray[np.int64]
    fingers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.strings)


def span_limit_frets(lowest_fret: int, max_span_frets: int) -> int:
    """Frets a hand spans above its lowest fret: one more from fret 7 and two more from fret 12, where they
    lie closer together.
    """
    return max_span_frets + (lowest_fret >= 7) + (lowest_fret >= 12)


def voicings(choices: Sequence[Sequence[Place]], strings: int, max_span_frets: int) -> Voicings:
    """Combine each note's places into playable voicings.

    Args:
        choices: the possible places of each note.
        strings: number of strings of the instrument.
        max_span_frets: how far a hand reaches near the nut (see :func:`span_limit_frets`).
    """
    combinations = list(_combinations(tuple(choices), max_span_frets))
    return _stack(combinations, len(choices), strings)


def _combinations(
    choices: tuple[Sequence[Place], ...], max_span_frets: int, held: tuple[Place, ...] = ()
) -> Iterator[tuple[Place, ...]]:
    """Depth first, dropping a partial voicing as soon as no hand can hold it."""
    if len(held) == len(choices):
        if fingers_needed(held) <= FINGERS:
            yield held
        return
    used = {place.string for place in held}
    for place in choices[len(held)]:
        if place.string not in used and _within_span((*held, place), max_span_frets):
            yield from _combinations(choices, max_span_frets, (*held, place))


def _within_span(held: tuple[Place, ...], max_span_frets: int) -> bool:
    fretted = [place.fret for place in held if place.fret > 0]
    return not fretted or max(fretted) - min(fretted) <= span_limit_frets(min(fretted), max_span_frets)


def fingers_needed(held: Sequence[Place]) -> int:
    """Fingers that a voicing takes, each laid flat over neighbouring strings where that saves one.

    The index may lie across all strings from its lowest to its highest note when nothing between sounds
    below it; another finger only over strings next to each other.
    """
    fretted = sorted((place for place in held if place.fret > 0), key=lambda p: (p.fret, p.string))
    if not fretted:
        return 0
    lowest = fretted[0].fret
    index = [place.string for place in fretted if place.fret == lowest]
    barre = all(place.fret >= lowest for place in held if index[0] <= place.string <= index[-1])
    fingers = 1 if barre else len(index)
    rest = [place for place in fretted if place.fret > lowest]
    joined = sum(low.fret == high.fret and high.string - low.string == 1 for low, high in pairwise(rest))
    return fingers + len(rest) - joined


def _stack(combinations: list[tuple[Place, ...]], notes: int, strings: int) -> Voicings:
    flat = np.array([[(p.string - 1, p.fret) for p in held] for held in combinations], dtype=np.int64)
    flat = flat.reshape(len(combinations), notes, 2)
    string, fret = flat[:, :, 0], flat[:, :, 1]
    fret_of_string = np.full((strings, len(flat)), UNPLAYED)
    np.put_along_axis(fret_of_string, string.T, fret.T, axis=0)
    lowest = np.where(fret > 0, fret, _NO_FRET).min(axis=1, initial=_NO_FRET) % _NO_FRET
    highest = fret.max(axis=1, initial=0)
    lowest_hand = np.minimum(np.maximum(highest - HAND_FRETS, 1), lowest)
    fingers = np.array([fingers_needed(held) for held in combinations], dtype=np.int64)
    return Voicings(string, fret, fret_of_string, lowest, highest, lowest_hand, fingers)
