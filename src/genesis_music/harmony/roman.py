"""Chords to Roman numerals: case tells the third, ``b``/``#`` a borrowed root, ``V7/V`` a secondary dominant."""

from __future__ import annotations

from genesis_music.harmony.qualities import QUALITIES, Quality
from genesis_music.harmony.scale import key_pitch_classes
from genesis_music.score import Chord, Key

_MAJOR_DEGREES = ("I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII")
_MINOR_DEGREES = ("I", "bII", "II", "III", "#III", "IV", "#IV", "V", "VI", "#VI", "VII", "#VII")
_DIATONIC_TRIADS = {
    "major": {0: "major", 2: "minor", 4: "minor", 5: "major", 7: "major", 9: "minor", 11: "dim"},
    "minor": {0: "minor", 2: "dim", 3: "major", 5: "minor", 7: "minor", 8: "major", 10: "major"},
}
_SUFFIXES = {
    "major": "",
    "minor": "",
    "m7": "7",
    "m9": "9",
    "m6": "6",
    "m7b5": "ø7",
    "dim": "°",
    "dim7": "°7",
    "aug": "+",
    "m(maj7)": "(maj7)",
}


def roman_numeral(chord: Chord, key: Key) -> str:
    """The chord's numeral in the key, e.g. ``"ii7"``, ``"bVII"``, ``"V7/V"``, ``"viiø7"``; empty for no chord.

    A dominant seventh (or ninth) outside the scale whose fifth below is a diatonic triad other than the tonic is
    written as that triad's dominant, and a diminished chord a semitone below one as its ``vii°``.
    """
    if chord.root is None:
        return ""
    quality = QUALITIES[chord.quality]
    degree = (chord.root - key.tonic) % 12
    return _secondary(degree, quality, key) or _numeral(degree, quality, key.mode)


def _numeral(degree: int, quality: Quality, mode: str) -> str:
    names = _MAJOR_DEGREES if mode == "major" else _MINOR_DEGREES
    name = names[degree]
    if mode == "minor" and degree == 11 and quality.is_diminished:
        name = "VII"
    numeral = name.replace("V", "v").replace("I", "i") if quality.is_minor else name
    return numeral + _SUFFIXES.get(quality.name, quality.suffix)


def _secondary(degree: int, quality: Quality, key: Key) -> str:
    """``V7/x`` or ``vii°/x`` when the chord leads into a diatonic triad and does not belong to the key."""
    triads = _DIATONIC_TRIADS[key.mode]
    tones = {(key.tonic + degree + i) % 12 for i in quality.intervals}
    own = key_pitch_classes(key) | ({(key.tonic + 11) % 12} if key.mode == "minor" else set())
    if tones <= own:
        return ""
    dominant = quality.third == 4 and 10 in quality.colours
    if dominant or (quality.name == "major" and degree == 2 and key.mode == "major"):
        return _leading(degree, 5, "V" + quality.suffix, triads, key.mode)
    if quality.is_diminished:
        return _leading(degree, 1, "vii" + _SUFFIXES[quality.name], triads, key.mode)
    return ""


def _leading(degree: int, up: int, numeral: str, triads: dict[int, str], mode: str) -> str:
    target = (degree + up) % 12
    if degree == 0 or target == 0 or triads.get(target, "dim") == "dim":
        return ""
    return f"{numeral}/{_numeral(target, QUALITIES[triads[target]], mode)}"
