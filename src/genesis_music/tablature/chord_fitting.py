"""Make the notes of one stroke playable: as they are, else with one moved by an octave, else with fewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from genesis_music.tablature.fretboard import Place
from genesis_music.tablature.voicings import Voicings, voicings

ANY_SPAN_FRETS = 99


@dataclass(frozen=True, slots=True)
class Candidate:
    """A note of a stroke with the octave it will be played in and the places it has there."""

    index: int
    pitch_midi: int
    confidence: float
    octave_shift: int
    places: tuple[Place, ...]
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """The notes of a stroke that are played and their voicings; columns follow ``candidates``."""

    candidates: tuple[Candidate, ...]
    voicings: Voicings

    def columns(self) -> list[list[Place]]:
        """Return, per note, its place in every voicing."""
        strings, frets = self.voicings.strings.T + 1, self.voicings.frets.T
        return [
            [Place(s, f) for s, f in zip(ss, fs, strict=True)]
            for ss, fs in zip(strings.tolist(), frets.tolist(), strict=True)
        ]


def fit_stroke(candidates: Sequence[Candidate], strings: int, max_span_frets: int) -> Fit:
    """Find the voicings of a stroke, leaving out as little as can be.

    Notes without any place are left out at once. Pinned notes stay, whatever the hand thinks of them.
    """
    reachable = tuple(c for c in candidates if c.places)
    for chosen in _attempts(reachable, strings):
        found = _voicings(tuple(c.places for c in chosen), strings, max_span_frets)
        if len(found):
            return Fit(chosen, found)
    pinned = tuple(c for c in reachable if c.pinned)
    return Fit(pinned, _voicings(tuple(c.places for c in pinned), strings, ANY_SPAN_FRETS))


def _attempts(candidates: tuple[Candidate, ...], strings: int) -> Iterator[tuple[Candidate, ...]]:
    yield candidates
    kept = tuple(sorted(sorted(candidates, key=_importance(candidates))[-strings:], key=candidates.index))
    for size in range(len(kept) - (len(kept) == len(candidates)), 0, -1):
        subsets = [s for s in combinations(kept, size) if all(c in s for c in kept if c.pinned)]
        yield from sorted(subsets, key=lambda s: -sum(map(_importance(candidates), s)))


def _importance(candidates: Sequence[Candidate]) -> Callable[[Candidate], float]:
    """Outer voices carry the bass and the melody, so inner ones go first, the least certain before others."""
    outer = {candidates[0].index, candidates[-1].index} if candidates else set()
    return lambda c: 100.0 * c.pinned + 1.0 * (c.index in outer) + c.confidence


@lru_cache(maxsize=4096)
def _voicings(choices: tuple[tuple[Place, ...], ...], strings: int, max_span_frets: int) -> Voicings:
    return voicings(choices, strings, max_span_frets)
