"""Tab, rhythm and harmony → the few numbers that tell styles apart, each in 0..1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.harmony.qualities import QUALITIES
from genesis_music.score import Harmony, TabNote, TechniqueKind, TempoMap, Track

FloatArray = NDArray[np.float64]

STRUM_SECONDS = 0.04
"""Notes that start within this time are one chord or strum."""
MANY_EVENTS_PER_SECOND = 8.0
SLOW_BPM, FAST_BPM = 60.0, 200.0
TECHNIQUE_SCALE = 5.0
"""A technique on one note in five counts in full."""
ON_GRID = 0.09
"""Distance from a subdivision, in beats, within which an onset counts as on it."""


@dataclass(frozen=True, slots=True)
class StyleFeatures:
    """All in 0..1; shares are of onset events, of notes (techniques) or of chord time (harmony)."""

    swing: float
    off_beat: float
    sixteenths: float
    density: float
    tempo: float
    chordal: float
    single_line: float
    ringing: float
    staccato: float
    low_register: float
    sevenths: float
    extensions: float
    power_chords: float
    blues_form: float
    minor: float
    borrowed: float
    bends: float
    slides: float
    palm_mutes: float
    slurs: float


@dataclass(frozen=True)
class _Events:
    """Onset events: time in beats, number of notes, longest note and distance to the next event in seconds."""

    beats: FloatArray
    sizes: FloatArray
    lengths: FloatArray
    gaps: FloatArray
    seconds: float


def style_features(tracks: Sequence[Track], tempo_map: TempoMap, harmony: Harmony) -> StyleFeatures:
    """Measure a piece with at least one note."""
    notes = sorted((n for track in tracks for n in track.notes), key=lambda n: n.note.onset_seconds)
    events = _events(notes, tempo_map)
    phase = events.beats % 1.0
    tempo = (tempo_map.tempo_bpm - SLOW_BPM) / (FAST_BPM - SLOW_BPM)
    return StyleFeatures(
        swing=_swing(phase),
        off_beat=float(np.mean((phase > 0.2) & (phase < 0.8))),
        sixteenths=float(np.mean(_near(phase, 0.25) | _near(phase, 0.75))),
        density=min(len(phase) / events.seconds / MANY_EVENTS_PER_SECOND, 1.0),
        tempo=float(np.clip(tempo, 0.0, 1.0)),
        chordal=float(np.mean(events.sizes >= 3)),
        single_line=float(np.mean(events.sizes == 1)),
        ringing=float(np.mean(events.lengths > 1.5 * events.gaps)),
        staccato=float(np.mean(events.lengths < 0.6 * events.gaps)),
        low_register=float(np.mean([n.note.pitch_midi < 52 for n in notes])),
        **_harmony_features(harmony),
        **_technique_features(notes),
    )


def _events(notes: Sequence[TabNote], tempo_map: TempoMap) -> _Events:
    onset = np.array([n.note.onset_seconds for n in notes])
    length = np.array([n.note.duration_seconds for n in notes])
    starts = np.flatnonzero(np.diff(onset, prepend=-np.inf) > STRUM_SECONDS)
    first = onset[starts]
    seconds = max(float(onset[-1] + length[-1] - onset[0]), 1.0)
    gaps = np.diff(first, append=first[-1] + length[-1])
    per_beat = float(tempo_map.time_signature.beat_quarters)
    return _Events(
        beats=np.array([tempo_map.quarters_at(float(time)) / per_beat for time in first]),
        sizes=np.diff(starts, append=len(onset)).astype(float),
        lengths=np.maximum.reduceat(length, starts),
        gaps=np.maximum(gaps, 1e-3),
        seconds=seconds,
    )


def _near(phase: FloatArray, place: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(phase - place) < ON_GRID)


def _swing(phase: FloatArray) -> float:
    """0 when the off-beats lie at half the beat, 1 when they lie at two thirds."""
    off = phase[(phase > 0.4) & (phase < 0.8)]
    return float(np.clip((np.median(off) - 0.5) * 6.0, 0.0, 1.0)) if len(off) >= 4 else 0.0


def _harmony_features(harmony: Harmony) -> dict[str, float]:
    chords = [chord for chord in harmony.chords if chord.root is not None]
    seconds = np.array([chord.end_seconds - chord.onset_seconds for chord in chords])
    total = max(float(seconds.sum()), 1e-9)

    def share(chosen: Sequence[bool]) -> float:
        return float(seconds[np.array(chosen, dtype=bool)].sum()) / total

    colours = [QUALITIES[chord.quality].colours for chord in chords]
    return {
        "sevenths": share([10 in colour or 11 in colour for colour in colours]),
        "extensions": share([bool({2, 9, 11} & set(colour)) for colour in colours]),
        "power_chords": share([chord.quality == "5" for chord in chords]),
        "blues_form": float("blues" in (harmony.progression_name or "") or "blues" in harmony.scale),
        "minor": float(harmony.key.mode == "minor"),
        "borrowed": share([chord.roman.startswith("b") for chord in chords]),
    }


def _technique_features(notes: Sequence[TabNote]) -> dict[str, float]:
    def share(*kinds: TechniqueKind) -> float:
        weight = sum(t.confidence for note in notes for t in note.techniques if t.kind in kinds)
        return min(TECHNIQUE_SCALE * weight / len(notes), 1.0)

    return {
        "bends": share(TechniqueKind.BEND, TechniqueKind.VIBRATO),
        "slides": share(TechniqueKind.SLIDE),
        "palm_mutes": share(TechniqueKind.PALM_MUTE),
        "slurs": share(TechniqueKind.HAMMER_ON, TechniqueKind.PULL_OFF),
    }
