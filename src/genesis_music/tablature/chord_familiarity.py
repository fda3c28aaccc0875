"""How common a chord is among guitarists: from the open chords of the first lessons to altered extensions."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_music.score import Chord, Tuning

OPEN_SHAPES = {
    "major": (0, 2, 4, 7, 9),
    "minor": (2, 4, 9),
    "7": (0, 2, 4, 7, 9, 11),
    "m7": (2, 4, 9),
    "maj7": (0, 2, 5, 7, 9),
    "sus": (2, 4, 9),
    "add9": (0, 7),
    "5": (2, 4, 9),
}
"""Roots (pitch classes) of the chords that a first-year player knows as open shapes, by family."""

FAMILIES = {
    "major": "major",
    "minor": "minor",
    "7": "7",
    "m7": "m7",
    "maj7": "maj7",
    "sus2": "sus",
    "sus4": "sus",
    "add9": "add9",
    "5": "5",
}
"""Family of a chord quality (``harmony``'s names); qualities in none of them are extended or altered."""

EXTENDED = frozenset({"6", "m6", "9", "m9", "maj9", "7sus4"})

FAMILY_RARITY = {
    "major": 0.35,
    "minor": 0.35,
    "5": 0.15,
    "7": 0.5,
    "m7": 0.5,
    "maj7": 0.55,
    "sus": 0.5,
    "add9": 0.5,
}
"""Rarity where no open shape exists (a movable barré or power chord)."""

EASY_MOVABLE = {("major", 5): 0.2, ("minor", 11): 0.25}
"""F and Bm: barré chords, yet the first everyone meets."""

EXTENDED_RARITY = 0.7
ALTERED_RARITY = 0.9
FOREIGN_BASS_RARITY = 0.1
WORTH_NAMING = 0.3
STANDARD_LOWEST_PITCH_CLASS = 4


def chord_rarity(chord: Chord, tuning: Tuning, capo: int) -> float:
    """0 for a beginner's open chord to 1 for an altered one over a foreign bass; capo allowed for."""
    if chord.root is None:
        return 0.0
    shift = capo + _tuned_above_standard(tuning)
    root = (chord.root - shift) % 12
    family = FAMILIES.get(chord.quality)
    if family is None:
        rarity = EXTENDED_RARITY if chord.quality in EXTENDED else ALTERED_RARITY
    elif root in OPEN_SHAPES[family]:
        rarity = 0.0
    else:
        rarity = EASY_MOVABLE.get((family, root), FAMILY_RARITY[family])
    if chord.bass is not None and chord.bass != chord.root:
        rarity += FOREIGN_BASS_RARITY
    return min(rarity, 1.0)


def _tuned_above_standard(tuning: Tuning) -> int:
    """Semitones that all strings are tuned above (+) or below (-) standard; 0 when not all the same."""
    standard = (64, 59, 55, 50, 45, 40)
    differences = {pitch - usual for pitch, usual in zip(tuning.pitches_midi, standard, strict=False)}
    return differences.pop() if len(differences) == 1 else 0


def rarity_between(
    chords: Sequence[tuple[Chord, float]], start_seconds: float, end_seconds: float
) -> tuple[float, tuple[str, ...]]:
    """Rarity (times confidence) over the chords' time in the span; labels of the rare ones, rarest first."""
    total = weighted = 0.0
    rare: dict[str, float] = {}
    for chord, rarity in chords:
        overlap = min(chord.end_seconds, end_seconds) - max(chord.onset_seconds, start_seconds)
        if overlap <= 0.0 or chord.root is None:
            continue
        total += overlap
        # A name that harmony doubts says little about what is fretted.
        weighted += overlap * rarity * chord.confidence
        if rarity * chord.confidence >= WORTH_NAMING:
            rare[chord.label] = rarity * chord.confidence
    return (weighted / total if total else 0.0), tuple(sorted(rare, key=lambda label: -rare[label]))
