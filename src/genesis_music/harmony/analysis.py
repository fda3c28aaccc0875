"""The whole harmony stage: notes and beats to key, chords, scale, progression and sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genesis_music.harmony.chords import recognise_chords
from genesis_music.harmony.key import estimate_key
from genesis_music.harmony.scale import scale_name
from genesis_music.score import Harmony, Key, KeyRegion, Note, TempoMap


@dataclass(frozen=True, slots=True)
class HarmonySettings:
    """What the user already knows: ``key`` replaces the estimate."""

    key: Key | None = None


def analyse_harmony(
    notes: Sequence[Note],
    tempo_map: TempoMap,
    settings: HarmonySettings = HarmonySettings(),
) -> Harmony:
    """Describe the harmony of the notes; with no notes, C major with confidence 0 and one stretch of ``"N.C."``."""
    key = settings.key or estimate_key(notes)
    chords = recognise_chords(notes, tempo_map, key)
    return Harmony(
        key=key,
        regions=(KeyRegion(chords[0].onset_seconds, chords[-1].end_seconds, key),),
        chords=chords,
        scale=scale_name(notes, key),
        progression=(),
        progression_name=None,
        sections=(),
    )
