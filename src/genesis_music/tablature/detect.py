"""Propose a tuning and a capo from the notes alone.

Pitches leave only hints: notes below the lowest string rule a tuning out, and players lean on open strings
and on chord shapes built around them. So this ranks, says why, and is asked only when the user wishes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from genesis_music.errors import SettingsError
from genesis_music.score import Note, Tuning
from genesis_music.tablature.fretboard import places
from genesis_music.tablature.simultaneous import group_simultaneous
from genesis_music.tablature.tunings import INSTRUMENTS, TUNINGS, pitch_name
from genesis_music.tablature.voicings import voicings

CAPOS = range(8)
# How much of the other evidence it takes to believe in something unusual: judgement, checked on GuitarSet,
# all of which is in standard tuning without a capo.
_RARITY = {
    "guitar": {
        "standard": 0.0,
        "drop-d": 0.2,
        "half-step-down": 0.4,
        "full-step-down": 0.4,
        "drop-c": 0.4,
        "drop-c#": 0.45,
        "7-string": 0.4,
        "drop-b": 0.5,
        "8-string": 0.45,
        "dadgad": 0.6,
        "open-g": 0.6,
        "open-d": 0.65,
    },
    "bass": {"bass-4": 0.0, "bass-drop-d": 0.1, "bass-5": 0.1},
    "ukulele": {"ukulele": 0.0, "ukulele-low-g": 0.1, "ukulele-baritone": 0.3},
}
_RARITY_OF_OTHERS = 0.5
_CAPO_COST = 0.45
_CAPO_FRET_COST = 0.01
_BELOW_COST = 20.0
_STRAY_SHARE = 0.003
_OPEN_FRETS = 4
_MOST_CHORDS = 200


@dataclass(frozen=True, slots=True)
class Proposal:
    """A tuning and capo, a score (higher is likelier; only differences mean something), and why."""

    tuning: Tuning
    capo: int
    score: float
    reasons: tuple[str, ...]


def detect_tuning(
    notes: Sequence[Note],
    *,
    instrument: str = "guitar",
    tunings: Iterable[Tuning] | None = None,
    capos: Iterable[int] = CAPOS,
) -> tuple[Proposal, ...]:
    """Rank tunings and capos for the notes, the likeliest first.

    Args:
        notes: any order.
        instrument: a name of :data:`~genesis_music.tablature.tunings.INSTRUMENTS`.
        tunings: those to weigh; ``None`` for the usual ones of the instrument.
        capos: frets to weigh; ``(0,)`` where there is certainly none.

    Raises:
        SettingsError: the instrument is unknown.
    """
    if instrument not in INSTRUMENTS:
        raise SettingsError(f"Unknown instrument {instrument!r}: choose one of {', '.join(INSTRUMENTS)}.")
    rarity = _RARITY[instrument]
    weighed = [TUNINGS[name] for name in rarity] if tunings is None else list(tunings)
    pitches = np.array([note.pitch_midi for note in notes], dtype=np.int64)
    chords = _chords(notes)
    proposals = [
        _weigh(pitches, chords, tuning, capo, rarity.get(tuning.name, _RARITY_OF_OTHERS))
        for tuning, capo in product(weighed, capos)
    ]
    return tuple(sorted(proposals, key=lambda proposal: -proposal.score))


def _chords(notes: Sequence[Note]) -> list[tuple[int, ...]]:
    """The different chords of three notes and more, the most frequent first."""
    found: dict[tuple[int, ...], int] = {}
    for stroke in group_simultaneous(notes, strings=6):
        pitches = tuple(sorted({notes[i].pitch_midi for i in stroke}))
        if len(pitches) >= 3:
            found[pitches] = found.get(pitches, 0) + 1
    return sorted(found, key=lambda chord: -found[chord])[:_MOST_CHORDS]


def _weigh(
    pitches: NDArray[np.int64], chords: Sequence[tuple[int, ...]], tuning: Tuning, capo: int, rarity: float
) -> Proposal:
    opened = np.array(tuning.pitches_midi) + capo
    below = float(np.mean(pitches < opened.min())) if len(pitches) else 0.0
    lowest = float(np.mean(pitches == opened.min())) if len(pitches) else 0.0
    open_share = float(np.mean(np.isin(pitches, opened))) if len(pitches) else 0.0
    shapes = float(np.mean([_has_open_shape(chord, tuning, capo) for chord in chords])) if chords else 0.0
    unusual = rarity + (_CAPO_COST + _CAPO_FRET_COST * capo) * (capo > 0)
    score = open_share + lowest + shapes - unusual - _BELOW_COST * max(0.0, below - _STRAY_SHARE)
    reasons = _reasons(below, lowest, open_share, shapes, pitch_name(int(opened.min())))
    return Proposal(tuning, capo, score, reasons)


def _has_open_shape(chord: tuple[int, ...], tuning: Tuning, capo: int) -> bool:
    """Whether the chord can be held near the capo with two open strings or more."""
    choices = [places(pitch, tuning, capo, capo + _OPEN_FRETS) for pitch in chord]
    if not all(choices):
        return False
    found = voicings(choices, tuning.strings, _OPEN_FRETS)
    return bool((found.frets == 0).sum(axis=1).max(initial=0) >= 2)


def _reasons(below: float, lowest: float, open_share: float, shapes: float, name: str) -> tuple[str, ...]:
    said = (
        (below > _STRAY_SHARE, f"{below:.0%} of the notes lie below its lowest string ({name})"),
        (below <= _STRAY_SHARE, f"all notes lie on or above its lowest string ({name})"),
        (lowest > 0.02, f"{lowest:.0%} of the notes are its open lowest string"),
        (open_share > 0.2, f"{open_share:.0%} of the notes are open strings"),
        (shapes > 0.3, f"{shapes:.0%} of the chords are shapes with open strings"),
    )
    return tuple(text for holds, text in said if holds)
