"""The whole harmony stage: notes and beats to key, chords, scale, progression and sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis_music.harmony.chords import chords_from_evidence
from genesis_music.harmony.evidence import BeatGrid, Evidence, beat_grid, gather_evidence
from genesis_music.harmony.forms import FormFit, fit_form
from genesis_music.harmony.key import key_regions
from genesis_music.harmony.progression import find_progression, measure_numerals, name_progression
from genesis_music.harmony.scale import scale_name
from genesis_music.harmony.sections import find_sections
from genesis_music.harmony.weights import chord_weights, form_weights
from genesis_music.score import Chord, Harmony, Key, KeyRegion, Note, TempoMap


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
    grid = beat_grid(notes, tempo_map)
    evidence = gather_evidence(notes, grid)
    fit = fit_form(evidence, grid, form_weights())
    key = settings.key or fit.key
    grid = grid.with_bar_shift(fit.bar_shift)
    regions = (_whole(grid, key),) if settings.key else key_regions(evidence, grid, key, form_weights())
    chords = _chords(evidence, grid, regions, fit)
    numerals = measure_numerals(chords, tempo_map)
    loop = find_progression(numerals)
    return Harmony(
        key=key,
        regions=regions,
        chords=chords,
        scale=scale_name(notes, key),
        progression=loop,
        progression_name=name_progression(loop),
        sections=find_sections(chords, tempo_map),
    )


def _whole(grid: BeatGrid, key: Key) -> KeyRegion:
    return KeyRegion(float(grid.edges_seconds[0]), float(grid.edges_seconds[-1]), key)


def _chords(
    evidence: Evidence, grid: BeatGrid, regions: Sequence[KeyRegion], fit: FormFit
) -> tuple[Chord, ...]:
    """Chords region by region, each named in its own key; the known progression helps where it is in key."""
    chords: list[Chord] = []
    for region in regions:
        first, stop = np.searchsorted(grid.edges_seconds, (region.onset_seconds, region.end_seconds))
        part = slice(int(first), int(stop))
        hint = (
            fit.part(part) if (fit.key.tonic, fit.key.mode) == (region.key.tonic, region.key.mode) else None
        )
        chords += chords_from_evidence(
            evidence.part(part), grid.part(part), region.key, chord_weights(), hint
        )
    return tuple(chords)
