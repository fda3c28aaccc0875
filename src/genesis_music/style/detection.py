"""The finished tab to a style of music and the reasons for calling it that."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_music.score import Harmony, Reasoned, TempoMap, Track

STYLES = (
    "blues",
    "rock",
    "metal",
    "jazz",
    "bossa nova",
    "funk",
    "fingerstyle folk",
    "classical",
    "pop",
    "country",
)


def detect_style(tracks: Sequence[Track], tempo_map: TempoMap, harmony: Harmony) -> Reasoned:
    """Say which style the piece is in, how sure that is, and why; ``"unknown"`` when there are no notes."""
    if not any(track.notes for track in tracks):
        return Reasoned("unknown", 0.0, ("there are no notes",))
    if harmony.progression_name == "12-bar blues":
        return Reasoned("blues", 0.5, ("a 12-bar blues",))
    return Reasoned("pop", 1.0 / len(STYLES), (f"a steady {tempo_map.tempo_bpm:.0f} beats per minute",))
