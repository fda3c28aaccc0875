"""What the sound of notes says about their strings, as evidence for the fingering search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Note
from genesis_music.tablature.fretboard import Neck

HEARD_STRINGS = 6
"""Engines hear the strings of a six-string guitar; on other instruments they say nothing."""


def heard_places(notes: Sequence[Note], neck: Neck) -> list[NDArray[np.float32] | None]:
    """Turn what was heard about strings into log-probabilities of places.

    Returns:
        Per note ``[strings, frets + 1]`` (frets from the capo) as
        :func:`~genesis_music.tablature.fingering.assign_fingering` takes it: the note's evidence at the places that
        sound its pitch, 0 elsewhere, so that a note moved by octaves is free. ``None`` for a note without evidence,
        and for all of them on a neck that does not have six strings.
    """
    if neck.strings != HEARD_STRINGS:
        return [None] * len(notes)
    return [_places(note, neck) if note.string_evidence else None for note in notes]


def _places(note: Note, neck: Neck) -> NDArray[np.float32]:
    evidence = np.zeros((neck.strings, neck.frets + 1), dtype=np.float32)
    for place in neck.places(note.pitch_midi):
        evidence[place.string - 1, place.fret] = note.string_evidence[place.string - 1]
    return evidence
