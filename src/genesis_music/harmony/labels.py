"""Chord labels as people write them → the chord."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from genesis_music.errors import SettingsError
from genesis_music.harmony.qualities import NO_CHORD_LABEL, QUALITIES, chord_label
from genesis_music.score import Chord

_LABEL = re.compile(r"(?P<root>[A-G][#b♯♭]?)(?P<suffix>.*?)(?:/(?P<bass>[A-G][#b♯♭]?))?")
_NO_CHORD = frozenset({NO_CHORD_LABEL.lower(), "nc", "n.c", "-", ""})
_ALIASES = {
    "maj": "major",
    "M": "major",
    "min": "minor",
    "-": "minor",
    "mi": "minor",
    "dom7": "7",
    "M7": "maj7",
    "Δ": "maj7",
    "Δ7": "maj7",
    "min7": "m7",
    "-7": "m7",
    "mi7": "m7",
    "ø": "m7b5",
    "ø7": "m7b5",
    "min7b5": "m7b5",
    "-7b5": "m7b5",
    "°": "dim",
    "o": "dim",
    "°7": "dim7",
    "o7": "dim7",
    "+": "aug",
    "sus": "sus4",
    "7sus": "7sus4",
    "min6": "m6",
    "-6": "m6",
    "M9": "maj9",
    "min9": "m9",
    "-9": "m9",
    "2": "add9",
    "mmaj7": "m(maj7)",
    "mM7": "m(maj7)",
    "m/maj7": "m(maj7)",
}
_QUALITIES: Mapping[str, str] = MappingProxyType(
    {quality.suffix: quality.name for quality in QUALITIES.values()} | _ALIASES
)
_NATURALS = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))


def parse_chord(label: str, onset_seconds: float = 0.0, end_seconds: float = 0.0) -> Chord:
    """Read what a lead sheet prints: ``"F#m7b5"``, ``"C/G"``, ``"Bbmaj7"``, ``"N.C."``.

    Returns:
        The chord over the given time, sure (confidence 1), without numeral and shape; its label in the usual
        spelling of its quality, with the accidentals as they were written.

    Raises:
        SettingsError: it is no chord that is known here.
    """
    text = label.strip()
    if text.lower() in _NO_CHORD:
        return Chord(onset_seconds, end_seconds, None, "", None, NO_CHORD_LABEL)
    match = _LABEL.fullmatch(text)
    quality = _QUALITIES.get(match["suffix"].strip()) if match else None
    if match is None or quality is None:
        raise SettingsError(
            f"Unknown chord {label!r:.40}: write it like Am, F#m7, Bbmaj7, Dsus4, C/G or N.C. "
            f"(endings: {', '.join(filter(None, (one.suffix for one in QUALITIES.values())))})."
        )
    root = _pitch_class(match["root"])
    bass = _pitch_class(match["bass"]) if match["bass"] else root
    flats = any(sign in match["root"] + (match["bass"] or "") for sign in "b♭")
    return Chord(
        onset_seconds, end_seconds, root, quality, bass, chord_label(root, quality, bass, flats=flats)
    )


def _pitch_class(name: str) -> int:
    sign = {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(name[1:], 0)
    return (_NATURALS[name[0]] + sign) % 12
