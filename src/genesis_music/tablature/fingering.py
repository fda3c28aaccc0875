"""Choose a string and a fret for every note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from genesis_music.errors import SettingsError
from genesis_music.score import Note, Tuning
from genesis_music.tablature.candidates import find_candidates
from genesis_music.tablature.chord_fitting import Fit, fit_stroke
from genesis_music.tablature.fret_model import FretModel, load_fret_model
from genesis_music.tablature.fret_scores import string_scores
from genesis_music.tablature.fretboard import Neck, Place
from genesis_music.tablature.hand_search import DEFAULT_WEIGHTS, SearchWeights, Stroke, best_path
from genesis_music.tablature.simultaneous import group_simultaneous
from genesis_music.tablature.tunings import INSTRUMENTS, pitch_name

BELOW_POSITION_COST = 5.0
_MOVED = "moved by an octave or more to fit the instrument"
_MISSING = "not playable on the instrument together with what sounds, left without a place"


@dataclass(frozen=True, slots=True)
class FingeringSettings:
    """What the search must respect.

    Attributes:
        max_fret: frets on the neck, counted from the nut.
        max_span_frets: how far a hand reaches near the nut; it grows up the neck.
        position: lowest fret to play at, if the user wishes one; lower places only where needed.
        pinned: places that are fixed, as ``(index of the note, place)``.
        limited: the places of its pitch that a note may take, as ``(index of the note, places)``.
        weights: what counts how much.
    """

    max_fret: int = INSTRUMENTS["guitar"].frets
    max_span_frets: int = 4
    position: int | None = None
    pinned: tuple[tuple[int, Place], ...] = ()
    limited: tuple[tuple[int, tuple[Place, ...]], ...] = ()
    weights: SearchWeights = DEFAULT_WEIGHTS


DEFAULT_SETTINGS = FingeringSettings()


@dataclass(frozen=True, slots=True)
class Fingered:
    """Where a note is played: ``None`` when the instrument cannot play it.

    ``octave_shift`` is how many octaves the place sounds above (+) or below (-) the note; ``alternatives``
    are other places for the same pitch, best first.
    """

    place: Place | None
    octave_shift: int = 0
    alternatives: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Fingering:
    """One :class:`Fingered` per note, in the order of the notes, and what the user should know."""

    notes: tuple[Fingered, ...]
    warnings: tuple[str, ...] = ()


def assign_fingering(
    notes: Sequence[Note],
    tuning: Tuning,
    *,
    capo: int = 0,
    settings: FingeringSettings = DEFAULT_SETTINGS,
    evidence: Sequence[NDArray[np.float32] | None] | None = None,
    model: FretModel | None = None,
) -> Fingering:
    """Choose where on the neck each note is played.

    Args:
        notes: any order; the result keeps it.
        tuning: open strings.
        capo: fret of the capo.
        settings: neck, hand and wishes.
        evidence: per note ``[strings, frets + 1]`` log-probabilities from the audio (frets from the capo),
            or ``None`` where there are none.
        model: what guitarists usually do; ``None`` for the shipped one.

    Returns:
        A place for every note, or ``None`` with a warning for one that cannot be played.

    Raises:
        SettingsError: capo off the neck, a pinned place that does not sound its note, or evidence that does
            not match the notes.
    """
    neck = Neck(tuning, capo, settings.max_fret)
    if evidence is not None and len(evidence) != len(notes):
        raise SettingsError(f"Evidence for {len(evidence)} notes was given with {len(notes)} notes.")
    candidates = find_candidates(notes, neck, settings.pinned, settings.limited)
    groups = group_simultaneous(notes, neck.strings)
    fits = [fit_stroke([candidates[i] for i in group], neck, settings.max_span_frets) for group in groups]
    fits = [fit for fit in fits if fit.candidates]
    scores = settings.weights.model * string_scores(notes, fits, neck, model or load_fret_model())
    _add_wishes(scores, fits, settings, evidence)
    rows = best_path([stroke_of(notes, fit, scores) for fit in fits], tuning.strings, settings.weights)
    fingered = _collect(fits, rows, scores)
    return Fingering(fingered, _warnings(notes, fingered))


def _add_wishes(
    scores: NDArray[np.float64],
    fits: Sequence[Fit],
    settings: FingeringSettings,
    evidence: Sequence[NDArray[np.float32] | None] | None,
) -> None:
    """Add the user's position and the evidence from the audio to the scores ``[N, S]``."""
    for candidate in chain.from_iterable(fit.candidates for fit in fits):
        heard = evidence[candidate.index] if evidence is not None else None
        for place in candidate.places:
            below = max(0, settings.position - place.fret) if settings.position is not None else 0
            wished = settings.weights.evidence * _heard(heard, place) - BELOW_POSITION_COST * below
            scores[candidate.index, place.string - 1] += wished


def _heard(evidence: NDArray[np.float32] | None, place: Place) -> float:
    if evidence is None:
        return 0.0
    if place.string > evidence.shape[0] or place.fret >= evidence.shape[1]:
        raise SettingsError(
            f"Evidence of shape {evidence.shape} has no string {place.string} fret {place.fret}."
        )
    return float(evidence[place.string - 1, place.fret])


def stroke_of(notes: Sequence[Note], fit: Fit, scores: NDArray[np.float64]) -> Stroke:
    """The notes of a fit as the hand search takes them; ``scores`` are those of every note on every string."""
    indices = [candidate.index for candidate in fit.candidates]
    return Stroke(
        min(notes[i].onset_seconds for i in indices),
        np.array([notes[i].end_seconds for i in indices]),
        fit.voicings,
        scores[indices, fit.voicings.strings].sum(axis=1),
    )


def _collect(fits: Sequence[Fit], rows: Sequence[int], scores: NDArray[np.float64]) -> tuple[Fingered, ...]:
    fingered = [Fingered(None)] * len(scores)
    for fit, row in zip(fits, rows, strict=True):
        strings, frets = fit.voicings.strings[row].tolist(), fit.voicings.frets[row].tolist()
        for candidate, string, fret in zip(fit.candidates, strings, frets, strict=True):
            chosen = Place(string + 1, fret)
            others = _best_first(candidate.places, scores[candidate.index], chosen)
            fingered[candidate.index] = Fingered(chosen, candidate.octave_shift, others)
    return tuple(fingered)


def _best_first(options: Sequence[Place], scores: NDArray[np.float64], chosen: Place) -> tuple[Place, ...]:
    others = [place for place in options if place != chosen]
    return tuple(sorted(others, key=lambda place: -scores[place.string - 1]))


def _warnings(notes: Sequence[Note], fingered: Sequence[Fingered]) -> tuple[str, ...]:
    pairs = list(zip(notes, fingered, strict=True))
    moved = [note for note, f in pairs if f.place is not None and f.octave_shift]
    missing = [note for note, f in pairs if f.place is None]
    return (
        *_counted(moved, _MOVED),
        *_counted(missing, _MISSING),
    )


def without_fingering_warnings(warnings: Sequence[str]) -> tuple[str, ...]:
    """Leave out what an earlier fingering said: another one says its own."""
    return tuple(text for text in warnings if _MOVED not in text and _MISSING not in text)


def _counted(notes: Sequence[Note], what: str) -> tuple[str, ...]:
    if not notes:
        return ()
    first = ", ".join(f"{pitch_name(n.pitch_midi)} at {n.onset_seconds:.2f} s" for n in notes[:3])
    more = ", …" if len(notes) > 3 else ""
    return (f"{len(notes)} note{'s' if len(notes) > 1 else ''} {what} ({first}{more}).",)
