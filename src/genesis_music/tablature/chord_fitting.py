"""Make the notes of one stroke playable: as they are, else with one moved by an octave, else with fewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from genesis_music.tablature.candidates import Candidate
from genesis_music.tablature.fretboard import Neck, Place
from genesis_music.tablature.voicings import Voicings, voicings

_ANY_SPAN_FRETS = 99


@dataclass(frozen=True, slots=True)
class Fit:
    """The notes of a stroke that are played, and their voicings, whose columns follow ``candidates``."""

    candidates: tuple[Candidate, ...]
    voicings: Voicings


def fit_stroke(candidates: Sequence[Candidate], neck: Neck, max_span_frets: int) -> Fit:
    """Find the voicings of a stroke, changing as little as can be.

    Notes without any place are left out at once. When the rest cannot be held together, one note moves by an
    octave; where that does not help, notes are left out. Pinned notes stay where they are, whatever the hand
    thinks of it; only when two of them are pinned to one string, all are left out.
    """
    reachable = tuple(candidate for candidate in candidates if candidate.places)
    for chosen in _attempts(reachable, neck):
        found = _voicings(tuple(c.places for c in chosen), neck.strings, max_span_frets)
        if len(found):
            return Fit(chosen, found)
    pinned = tuple(candidate for candidate in reachable if candidate.pinned)
    held = _voicings(tuple(c.places for c in pinned), neck.strings, _ANY_SPAN_FRETS)
    return Fit(pinned, held) if len(held) else Fit((), _voicings((), neck.strings, _ANY_SPAN_FRETS))


def _attempts(candidates: tuple[Candidate, ...], neck: Neck) -> Iterator[tuple[Candidate, ...]]:
    if len(candidates) <= neck.strings:
        yield candidates
        yield from _one_moved(candidates, neck)
    ranked = sorted(candidates, key=lambda c: _importance(c, candidates), reverse=True)
    kept = [candidate for candidate in candidates if candidate in ranked[: neck.strings]]
    for size in range(min(len(kept), len(candidates) - 1), 0, -1):
        yield from _fewer(kept, size)


def _one_moved(candidates: tuple[Candidate, ...], neck: Neck) -> Iterator[tuple[Candidate, ...]]:
    """Move each note in turn by an octave, the doubtful ones before those that were surely heard.

    One whose octave sounds already is left out instead: moving it would add nothing.
    """
    pitches = {candidate.pitch_midi for candidate in candidates}
    by_confidence = sorted(enumerate(candidates), key=lambda item: item[1].confidence)
    for index, candidate in by_confidence:
        before, after = candidates[:index], candidates[index + 1 :]
        for moved in (candidate.moved(1, neck), candidate.moved(-1, neck)):
            if candidate.pinned or not moved.places:
                continue
            yield (*before, *after) if moved.pitch_midi in pitches else (*before, moved, *after)


def _fewer(candidates: Sequence[Candidate], size: int) -> list[tuple[Candidate, ...]]:
    """All choices of ``size`` notes that keep the pinned ones, those of the most important notes first."""
    pinned = {candidate.index for candidate in candidates if candidate.pinned}
    subsets = [s for s in combinations(candidates, size) if pinned <= {c.index for c in s}]
    return sorted(subsets, key=lambda subset: -sum(_importance(c, candidates) for c in subset))


def _importance(candidate: Candidate, stroke: Sequence[Candidate]) -> float:
    """The outer voices carry bass and melody, so inner ones go first, the least certain before others."""
    outer = candidate.index in {stroke[0].index, stroke[-1].index}
    return 100.0 * candidate.pinned + 1.0 * outer + candidate.confidence


@lru_cache(maxsize=4096)
def _voicings(choices: tuple[tuple[Place, ...], ...], strings: int, max_span_frets: int) -> Voicings:
    return voicings(choices, strings, max_span_frets)
