"""What the sound of notes says about their strings, as evidence for the fingering search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Note
from genesis_music.tablature.fretboard import Neck
from genesis_music.tablature.string_sets import stiffness_evidence

HEARD_STRINGS = 6
"""Engines hear the strings of a six-string guitar; on other instruments they say nothing."""
STIFFNESS_WEIGHT = 1.5
"""How much more stiffness counts than what the engine heard: chosen by ``training/guitar/evidence.py``."""
PRIOR_WEIGHT = 0.5
"""How much of what the engine heard is believed where the strings of the guitar are told from all notes."""


def heard_places(
    notes: Sequence[Note], neck: Neck, *, stiffness_weight: float = STIFFNESS_WEIGHT
) -> list[NDArray[np.float32] | None]:
    """Turn what was heard about strings into log-probabilities of places.

    Two witnesses are added up: what the engine heard, and how stiff the string is, ``stiffness_weight`` times.

    Returns:
        Per note ``[strings, frets + 1]`` (frets from the capo) as
        :func:`~genesis_music.tablature.fingering.assign_fingering` takes it: the note's evidence at the places that
        sound its pitch, 0 elsewhere, so that a note moved by octaves is free. ``None`` for a note without evidence,
        and for all of them on a neck that does not have six strings.
    """
    if neck.strings != HEARD_STRINGS:
        return [None] * len(notes)
    silent = (0.0,) * HEARD_STRINGS
    heard = np.array([note.string_evidence or silent for note in notes]).reshape(-1, HEARD_STRINGS)
    evidence = heard + stiffness_weight * stiffness_evidence(notes, neck, PRIOR_WEIGHT * heard)
    return [
        _places(note, of_strings, neck) if note.string_evidence or note.inharmonicity else None
        for note, of_strings in zip(notes, evidence, strict=True)
    ]


def _places(note: Note, of_strings: NDArray[np.float64], neck: Neck) -> NDArray[np.float32]:
    evidence = np.zeros((neck.strings, neck.frets + 1), dtype=np.float32)
    for place in neck.places(note.pitch_midi):
        evidence[place.string - 1, place.fret] = of_strings[place.string - 1]
    return evidence
