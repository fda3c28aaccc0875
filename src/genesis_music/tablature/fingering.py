"""Choose a string and a fret for every note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.errors import SettingsError
from genesis_music.score import Note, Tuning
from genesis_music.tablature.chord_fitting import Candidate, Fit, fit_stroke
from genesis_music.tablature.fretboard import Place, check_capo, places
from genesis_music.tablature.hand_search import SearchWeights, Stroke, best_path
from genesis_music.tablature.simultaneous import group_simultaneous
from genesis_music.tablature.tunings import INSTRUMENTS, pitch_name

OCTAVES = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5)
ALTERNATIVES = 3
WEIGHTS = SearchWeights()


@dataclass(frozen=True, slots=True)
class FingeringSettings:
    """What the search must respect.

    Attributes:
        max_fret: frets on the neck, counted from the nut.
        max_span_frets: how far a hand reaches near the nut; it grows up the neck.
        position: lowest fret to play at, if the user wishes one; lower places only where needed.
        pinned: places that are fixed, as ``(index of the note, place)``.
    """

    max_fret: int = INSTRUMENTS["guitar"].frets
    max_span_frets: int = 4
    position: int | None = None
    pinned: tuple[tuple[int, Place], ...] = ()


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
) -> Fingering:
    """Choose where on the neck each note is played.

    Args:
        notes: any order; the result keeps it.
        tuning: open strings.
        capo: fret of the capo.
        settings: neck, hand and wishes.
        evidence: per note ``[strings, frets + 1]`` log-probabilities from the audio (frets from the capo),
            or ``None`` where there are none.

    Returns:
        A place for every note, or ``None`` with a warning for one that cannot be played.

    Raises:
        SettingsError: capo off the neck, a pinned place that does not sound its note, or evidence that does
            not match the notes.
    """
    check_capo(capo, settings.max_fret)
    candidates = _candidates(notes, tuning, capo, settings)
    scores = _place_scores(candidates, evidence, settings)
    fits = [
        fit_stroke([candidates[i] for i in group], tuning.strings, settings.max_span_frets)
        for group in group_simultaneous(notes, tuning.strings)
    ]
    fits = [fit for fit in fits if fit.candidates]
    strokes = [_stroke(notes, fit, scores) for fit in fits]
    rows = best_path(strokes, tuning.strings, WEIGHTS)
    fingered = _collect(len(notes), fits, rows, scores)
    return Fingering(fingered, _warnings(notes, fingered))


def _candidates(
    notes: Sequence[Note], tuning: Tuning, capo: int, settings: FingeringSettings
) -> list[Candidate]:
    pinned = dict(settings.pinned)
    if any(not 0 <= index < len(notes) for index in pinned):
        raise SettingsError(f"A place is pinned for a note that does not exist (there are {len(notes)}).")
    return [
        _pinned(index, note, pinned[index], tuning, capo, settings)
        if index in pinned
        else _candidate(index, note, tuning, capo, settings)
        for index, note in enumerate(notes)
    ]


def _pinned(  # noqa: PLR0917
    index: int, note: Note, place: Place, tuning: Tuning, capo: int, settings: FingeringSettings
) -> Candidate:
    on_neck = 1 <= place.string <= tuning.strings and 0 <= place.fret <= settings.max_fret - capo
    if not on_neck or (place.pitch_midi(tuning, capo) - note.pitch_midi) % 12:
        raise SettingsError(
            f"String {place.string} fret {place.fret} cannot sound {pitch_name(note.pitch_midi)}: "
            "pin the note at a place of its own pitch."
        )
    octaves = (place.pitch_midi(tuning, capo) - note.pitch_midi) // 12
    return Candidate(index, note.pitch_midi, note.confidence, octaves, (place,), pinned=True)


def _candidate(index: int, note: Note, tuning: Tuning, capo: int, settings: FingeringSettings) -> Candidate:
    for octave in OCTAVES:
        found = places(note.pitch_midi + 12 * octave, tuning, capo, settings.max_fret)
        if found:
            return Candidate(index, note.pitch_midi, note.confidence, octave, found)
    return Candidate(index, note.pitch_midi, note.confidence, 0, ())


def _place_scores(
    candidates: Sequence[Candidate],
    evidence: Sequence[NDArray[np.float32] | None] | None,
    settings: FingeringSettings,
) -> list[dict[Place, float]]:
    """Score each place of each note in nats, higher is better."""
    if evidence is None:
        evidence = [None] * len(candidates)
    if len(evidence) != len(candidates):
        raise SettingsError(f"Evidence for {len(evidence)} notes was given with {len(candidates)} notes.")
    floor = settings.position or 0
    return [
        {
            place: -0.1 * place.fret - 5.0 * max(0, floor - place.fret) + _heard(heard, place)
            for place in candidate.places
        }
        for candidate, heard in zip(candidates, evidence, strict=True)
    ]


def _heard(evidence: NDArray[np.float32] | None, place: Place) -> float:
    if evidence is None:
        return 0.0
    if place.string > evidence.shape[0] or place.fret >= evidence.shape[1]:
        raise SettingsError(
            f"Evidence of shape {evidence.shape} has no string {place.string} fret {place.fret}."
        )
    return float(evidence[place.string - 1, place.fret])


def _stroke(notes: Sequence[Note], fit: Fit, scores: Sequence[dict[Place, float]]) -> Stroke:
    return Stroke(
        min(notes[c.index].onset_seconds for c in fit.candidates),
        np.array([notes[c.index].end_seconds for c in fit.candidates]),
        fit.voicings,
        np.zeros(len(fit.voicings))
        - sum(
            np.array([scores[c.index].get(p, 0.0) for p in column], dtype=np.float64)
            for c, column in zip(fit.candidates, fit.columns(), strict=True)
        ),
    )


def _collect(
    count: int, fits: Sequence[Fit], rows: Sequence[int], scores: Sequence[dict[Place, float]]
) -> tuple[Fingered, ...]:
    fingered = [Fingered(None)] * count
    for fit, row in zip(fits, rows, strict=True):
        for candidate, column in zip(fit.candidates, fit.columns(), strict=True):
            others = [place for place in candidate.places if place != column[row]]
            others.sort(key=scores[candidate.index].__getitem__, reverse=True)
            fingered[candidate.index] = Fingered(
                column[row], candidate.octave_shift, tuple(others[:ALTERNATIVES])
            )
    return tuple(fingered)


def _warnings(notes: Sequence[Note], fingered: Sequence[Fingered]) -> tuple[str, ...]:
    pairs = list(zip(notes, fingered, strict=True))
    moved = [note for note, f in pairs if f.place is not None and f.octave_shift]
    missing = [note for note, f in pairs if f.place is None]
    return (
        *_counted(moved, "moved by an octave or more to fit the instrument"),
        *_counted(missing, "not playable on the instrument together with what sounds, left without a place"),
    )


def _counted(notes: Sequence[Note], what: str) -> tuple[str, ...]:
    if not notes:
        return ()
    first = ", ".join(f"{pitch_name(n.pitch_midi)} at {n.onset_seconds:.2f} s" for n in notes[:3])
    more = ", …" if len(notes) > 3 else ""
    return (f"{len(notes)} note{'s' if len(notes) > 1 else ''} {what} ({first}{more}).",)
