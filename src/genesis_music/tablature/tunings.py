"""Named and custom tunings, and the instruments they belong to.

People name a tuning from the low string to the high one ("D A D G A D"); :class:`~genesis_music.score.Tuning`
lists string 1, the highest, first. The conversion happens here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from genesis_music.errors import SettingsError
from genesis_music.score import PITCH_NAMES_FLAT, PITCH_NAMES_SHARP, Tuning

MIN_STRINGS = 4
MAX_STRINGS = 8
HIGHEST_PITCH_MIDI = 127


@dataclass(frozen=True, slots=True)
class Instrument:
    """A fretted instrument: its default tuning and its number of frets (counted from the nut)."""

    name: str
    tuning: Tuning
    frets: int


def _low_to_high(name: str, *pitches_midi: int) -> Tuning:
    return Tuning(name, tuple(reversed(pitches_midi)))


STANDARD = _low_to_high("standard", 40, 45, 50, 55, 59, 64)

TUNINGS: Mapping[str, Tuning] = MappingProxyType(
    {
        tuning.name: tuning
        for tuning in (
            STANDARD,
            _low_to_high("drop-d", 38, 45, 50, 55, 59, 64),
            _low_to_high("double-drop-d", 38, 45, 50, 55, 59, 62),
            _low_to_high("dadgad", 38, 45, 50, 55, 57, 62),
            _low_to_high("open-d", 38, 45, 50, 54, 57, 62),
            _low_to_high("open-e", 40, 47, 52, 56, 59, 64),
            _low_to_high("open-g", 38, 43, 50, 55, 59, 62),
            _low_to_high("open-a", 40, 45, 52, 57, 61, 64),
            _low_to_high("open-c", 36, 43, 48, 55, 60, 64),
            _low_to_high("half-step-down", 39, 44, 49, 54, 58, 63),
            _low_to_high("full-step-down", 38, 43, 48, 53, 57, 62),
            _low_to_high("drop-c#", 37, 44, 49, 54, 58, 63),
            _low_to_high("drop-c", 36, 43, 48, 53, 57, 62),
            _low_to_high("drop-b", 35, 42, 47, 52, 56, 61),
            _low_to_high("baritone", 35, 40, 45, 50, 54, 59),
            _low_to_high("7-string", 35, 40, 45, 50, 55, 59, 64),
            _low_to_high("7-string-drop-a", 33, 40, 45, 50, 55, 59, 64),
            _low_to_high("8-string", 30, 35, 40, 45, 50, 55, 59, 64),
            _low_to_high("bass-4", 28, 33, 38, 43),
            _low_to_high("bass-drop-d", 26, 33, 38, 43),
            _low_to_high("bass-5", 23, 28, 33, 38, 43),
            _low_to_high("bass-6", 23, 28, 33, 38, 43, 48),
            _low_to_high("ukulele", 67, 60, 64, 69),
            _low_to_high("ukulele-low-g", 55, 60, 64, 69),
            _low_to_high("ukulele-baritone", 50, 55, 59, 64),
        )
    }
)
"""Every named tuning by its name."""

INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(
    {
        "guitar": Instrument("guitar", STANDARD, 24),
        "bass": Instrument("bass", TUNINGS["bass-4"], 24),
        "ukulele": Instrument("ukulele", TUNINGS["ukulele"], 18),
    }
)
"""Every instrument by its name."""

_ALIASES = {
    "eadgbe": "standard",
    "e-standard": "standard",
    "guitar": "standard",
    "eb-standard": "half-step-down",
    "d-standard": "full-step-down",
    "drop-c-sharp": "drop-c#",
    "drop-db": "drop-c#",
    "bass": "bass-4",
    "bass-standard": "bass-4",
    "uke": "ukulele",
}
_ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}
_NOTE = re.compile(r"([A-Ga-g])([#♯b♭]?)(-?\d)?")
_COMPACT = re.compile(r"(?:[A-G][#♯b♭]?){4,8}")
# The usual pitches of n strings: a note named without an octave means the one nearest to these.
_USUAL = {
    4: ("bass-4", "ukulele", "ukulele-baritone"),
    5: ("bass-5",),
    6: ("standard",),
    7: ("7-string",),
    8: ("8-string",),
}


def parse_tuning(text: str) -> Tuning:
    """Turn what a user writes into a tuning.

    Accepts a name of :data:`TUNINGS` (``"drop D"``, ``"Half_Step_Down"``), or 4 to 8 strings from low to
    high: note names (``"D A D G A D"``, ``"DADGAD"``, each taken in the octave nearest to the instrument's
    usual strings), notes with octaves (``"E2 A2 D3 G3 B3 E4"``, C4 = middle C) or MIDI numbers.

    Raises:
        SettingsError: the text is neither, or it has fewer than 4 or more than 8 strings.
    """
    name = re.sub(r"[\s_-]+", "-", text.strip().lower())
    name = _ALIASES.get(name, name)
    if name in TUNINGS:
        return TUNINGS[name]
    tokens = _tokens(text.strip())
    if not MIN_STRINGS <= len(tokens) <= MAX_STRINGS:
        raise _unknown(text)
    pitches = _numbers(tokens) or _notes(tokens, text)
    if not all(0 <= pitch <= HIGHEST_PITCH_MIDI for pitch in pitches):
        raise SettingsError(f"Tuning {text!r} has a pitch outside MIDI 0..127; check the octaves.")
    return _named(tuple(reversed(pitches)))


def _tokens(text: str) -> list[str]:
    if _COMPACT.fullmatch(text):
        return re.findall(r"[A-G][#♯b♭]?", text)
    return [token for token in re.split(r"[\s,;/]+|(?<=[A-Ga-g#♯b♭])-(?=[A-Ga-g])", text) if token]


def _unknown(text: str) -> SettingsError:
    return SettingsError(
        f"Unknown tuning {text!r}: give a name ({', '.join(TUNINGS)}) "
        "or 4 to 8 strings from low to high, such as 'D A D G A D' or 'E2 A2 D3 G3 B3 E4'."
    )


def _numbers(tokens: Sequence[str]) -> list[int]:
    return [int(token) for token in tokens] if all(token.isdecimal() for token in tokens) else []


def _notes(tokens: Sequence[str], text: str) -> list[int]:
    matches = [_NOTE.fullmatch(token) for token in tokens]
    octaves = [match[3] for match in matches if match]
    if len(octaves) < len(tokens) or len({octave is None for octave in octaves}) > 1:
        raise _unknown(text)
    classes = ["c d ef g a b".index(match[1].lower()) + _ACCIDENTALS[match[2]] for match in matches if match]
    if octaves[0] is not None:
        return [pitch + 12 * (int(octave) + 1) for pitch, octave in zip(classes, octaves, strict=True)]
    readings = [_nearest(classes, TUNINGS[usual].pitches_midi[::-1]) for usual in _USUAL[len(tokens)]]
    return min(readings, key=lambda reading: reading[0])[1]


def _nearest(classes: Sequence[int], usual: Sequence[int]) -> tuple[int, list[int]]:
    """Put each pitch class next to the usual string; also how far all of them lie from it in semitones."""
    pitches = [near + (pitch - near + 6) % 12 - 6 for pitch, near in zip(classes, usual, strict=True)]
    return sum(abs(pitch - near) for pitch, near in zip(pitches, usual, strict=True)), pitches


def _named(pitches_midi: tuple[int, ...]) -> Tuning:
    for tuning in TUNINGS.values():
        if tuning.pitches_midi == pitches_midi:
            return tuning
    return Tuning(" ".join(pitch_name(pitch) for pitch in reversed(pitches_midi)), pitches_midi)


def pitch_name(pitch_midi: int, *, flats: bool = False) -> str:
    """Name a pitch with its octave: 40 is ``"E2"``."""
    names = PITCH_NAMES_FLAT if flats else PITCH_NAMES_SHARP
    return f"{names[pitch_midi % 12]}{pitch_midi // 12 - 1}"
