"""Enharmonic spelling: which letter and accidental a pitch gets in a key.

Pitches are spelled on the line of fifths (… Bb F C G D …): the twelve names nearest to the key, from three
fifths below the tonic's signature to eight above. So a key's own notes carry its accidentals, and the raised
sixth and seventh of minor keys are sharps (G# in A minor, not Ab).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

_LETTERS = "FCGDAEB"
_FIFTHS_BELOW = 3


@dataclass(frozen=True, slots=True)
class Spelling:
    """A written pitch: letter, semitones of its accidental (-2..2), scientific octave (4 holds middle C)."""

    step: str
    alter: int
    octave: int


@cache
def spell_pitch(pitch_midi: int, fifths: int) -> Spelling:
    """Spell a MIDI pitch in the key signature of ``fifths`` sharps (negative: flats)."""
    lowest = fifths - _FIFTHS_BELOW
    place = lowest + (pitch_midi * 7 - lowest) % 12
    alter, letter = divmod(place + 1, 7)
    return Spelling(_LETTERS[letter], alter, (pitch_midi - alter) // 12 - 1)
