"""How well each place of one note suits the hand, its neighbours staying where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Note
from genesis_music.tablature.candidates import Candidate
from genesis_music.tablature.chord_fitting import Fit
from genesis_music.tablature.fingering import stroke_of
from genesis_music.tablature.fret_model import load_fret_model
from genesis_music.tablature.fret_scores import string_scores
from genesis_music.tablature.fretboard import Neck, Place
from genesis_music.tablature.hand_search import DEFAULT_WEIGHTS, Stroke, least_cost
from genesis_music.tablature.simultaneous import group_simultaneous
from genesis_music.tablature.voicings import Voicings, voicings

_ANY_SPAN_FRETS = 99
NOT_HELD = 1e6
"""The cost of a place that a note has although its string sounds another one at the same time."""


@dataclass(frozen=True, slots=True)
class PlacedNote:
    """A note with the place it is played at, in the octave it is played in.

    ``evidence`` is what its sound says about places, as the fingering search takes it, if anything.
    """

    note: Note
    place: Place
    evidence: NDArray[np.float32] | None = None


def place_costs(
    notes: Sequence[PlacedNote], index: int, neck: Neck, max_span_frets: int
) -> tuple[tuple[Place, float], ...]:
    """What the fingering search would pay for each place of a note (in nats), the cheapest first.

    Args:
        notes: the note and what is played around it, in any order.
        index: the note that is asked about.
        neck: what they are played on.
        max_span_frets: how far a hand reaches near the nut.

    Returns:
        The note's own place, and every other one at which it can be held together with what it is struck with.
    """
    target = notes[index]
    played = [one.note for one in notes]
    groups = group_simultaneous(played, neck.strings)
    pinned = [_fit([_candidate(notes, i) for i in group], neck) for group in groups]
    scores = DEFAULT_WEIGHTS.model * string_scores(played, pinned, neck, load_fret_model())
    which = next(number for number, group in enumerate(groups) if index in group)
    before, after = (_strokes(played, fits, scores) for fits in (pinned[:which], pinned[which + 1 :]))
    costs = []
    for place in neck.places(target.place.pitch_midi(neck.tuning, neck.capo)):
        span = _ANY_SPAN_FRETS if place == target.place else max_span_frets
        fit = _fit([_candidate(notes, i, place if i == index else None) for i in groups[which]], neck, span)
        own = _strokes(played, [fit], scores)
        if own:
            cost = least_cost([*before, *own, *after], neck.strings, DEFAULT_WEIGHTS)
            costs.append((place, cost - DEFAULT_WEIGHTS.evidence * _heard(target.evidence, place)))
        elif place == target.place:
            costs.append((place, NOT_HELD))
    return tuple(sorted(costs, key=lambda cost: cost[1]))


def _strokes(notes: Sequence[Note], fits: Sequence[Fit], scores: NDArray[np.float64]) -> list[Stroke]:
    """The fits as the hand search takes them, without those that have two notes on one string."""
    return [stroke_of(notes, fit, scores) for fit in fits if len(fit.voicings)]


def _heard(evidence: NDArray[np.float32] | None, place: Place) -> float:
    return 0.0 if evidence is None else float(evidence[place.string - 1, place.fret])


def _candidate(notes: Sequence[PlacedNote], index: int, place: Place | None = None) -> Candidate:
    one = notes[index]
    return Candidate(index, one.note.pitch_midi, one.note.confidence, 0, (place or one.place,))


def _fit(candidates: Sequence[Candidate], neck: Neck, max_span_frets: int = _ANY_SPAN_FRETS) -> Fit:
    """The stroke as it is held; without voicings when it has two notes on one string."""
    choices = tuple(candidate.places for candidate in candidates)
    held: Voicings = voicings(choices, neck.strings, max_span_frets)
    return Fit(tuple(candidates), held)
