"""What a format has to know about an instrument: its General MIDI program and its clef."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """How an instrument sounds and is written.

    ``gm_program`` is zero-based; ``clef`` is ``"G"`` or ``"F"``; ``octaves_below_clef`` says how far it
    sounds below what its clef shows (a guitar: 1).
    """

    gm_program: int
    clef: str
    octaves_below_clef: int


_VOICES = (
    ("bass", Voice(33, "F", 1)),
    ("ukulele", Voice(24, "G", 0)),
    ("nylon", Voice(24, "G", 1)),
    ("classical", Voice(24, "G", 1)),
    ("distort", Voice(30, "G", 1)),
    ("electric", Voice(27, "G", 1)),
)

STEEL_GUITAR = Voice(25, "G", 1)


def voice_of(instrument: str) -> Voice:
    """Voice of an instrument by words in its name; any other instrument is a steel-string guitar."""
    name = instrument.casefold()
    return next((voice for word, voice in _VOICES if word in name), STEEL_GUITAR)


def instrument_of(gm_program: int) -> str:
    """Name the fretted instrument that plays a General MIDI program; guitar for anything else."""
    if 32 <= gm_program <= 39:
        return "bass"
    return "electric guitar" if 26 <= gm_program <= 31 else "acoustic guitar"
