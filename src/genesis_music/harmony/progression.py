"""Chords to the loop they repeat and the name musicians give it."""

from __future__ import annotations

from collections.abc import Sequence

PROGRESSIONS: dict[str, tuple[str, ...]] = {
    "12-bar blues": ("I", "I", "I", "I", "IV", "IV", "I", "I", "V", "IV", "I", "I"),
}


def name_progression(numerals: Sequence[str]) -> str | None:
    """The common name of a progression, or ``None``."""
    plain = tuple(numerals)
    return next((name for name, known in PROGRESSIONS.items() if known == plain), None)
