"""Musical analysis as JSON: key, harmony, form, tempo curve, style and difficulty."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

from genesis_music.formats.tabjson import to_chord, to_difficulty, to_key, to_reasoned, to_region, to_section
from genesis_music.formats.written import Page
from genesis_music.score import Chord, TempoMap, Track

SCHEMA = "genesis.analysis/1"

Json = dict[str, Any]


def write_analysis(page: Page) -> bytes:
    """Turn a transcription into its analysis document, UTF-8, indented."""
    return json.dumps(_document(page), ensure_ascii=False, allow_nan=False, indent=1).encode(
        "utf-8", "replace"
    )


def _document(page: Page) -> Json:
    transcription = page.transcription
    harmony, tempo_map = transcription.harmony, transcription.tempo_map
    return {
        "schema": SCHEMA,
        "title": transcription.source.title,
        "duration": transcription.source.duration_seconds,
        "key": to_key(harmony.key),
        "key_regions": [to_region(region) for region in harmony.regions],
        "scale": harmony.scale,
        "chords": [to_chord(chord) for chord in harmony.chords],
        "chord_statistics": _chord_statistics(harmony.chords),
        "progression": list(harmony.progression),
        "progression_name": harmony.progression_name,
        "sections": [to_section(section) for section in harmony.sections],
        "tempo": _tempo(tempo_map),
        "swing": transcription.swing_ratio,
        "time_signatures": _time_signatures(tempo_map),
        "style": to_reasoned(transcription.style),
        "difficulty": to_difficulty(transcription.difficulty),
        "tracks": [_track(track) for track in transcription.tracks],
        "warnings": list(transcription.warnings),
    }


def _chord_statistics(chords: tuple[Chord, ...]) -> list[Json]:
    """Each chord with its changes and its share of the time, longest first."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for chord in chords:
        seconds[chord.label] += max(chord.end_seconds - chord.onset_seconds, 0.0)
    counts = Counter(chord.label for chord in chords)
    whole = sum(seconds.values()) or 1.0
    return [
        {"label": label, "count": counts[label], "share": round(spent / whole, 4)}
        for label, spent in sorted(seconds.items(), key=lambda item: -item[1])
    ]


def _tempo(tempo_map: TempoMap) -> Json:
    """Median tempo, how steady it is, and the curve: one ``[seconds, quarters per minute]`` per beat."""
    curve = [
        [
            beat.onset_seconds,
            round(60 * float(after.quarters - beat.quarters) / (after.onset_seconds - beat.onset_seconds), 3),
        ]
        for beat, after in pairwise(tempo_map.beats)
    ]
    return {
        "median": tempo_map.tempo_bpm,
        "confidence": tempo_map.confidence,
        "slowest_measure": min(measure.tempo_bpm for measure in tempo_map.measures),
        "fastest_measure": max(measure.tempo_bpm for measure in tempo_map.measures),
        "curve": curve,
    }


def _time_signatures(tempo_map: TempoMap) -> list[Json]:
    """Every change of the time signature with the measure it starts in."""
    changes: list[Json] = []
    for measure in tempo_map.measures:
        signature = [measure.time_signature.numerator, measure.time_signature.denominator]
        if not changes or changes[-1]["time_signature"] != signature:
            changes.append({"measure": measure.number, "time_signature": signature})
    return changes


def _track(track: Track) -> Json:
    """Range, positions and techniques of one track."""
    frets = [note.fret for note in track.notes if note.fret is not None]
    pitches = [note.note.pitch_midi for note in track.notes]
    techniques = Counter(technique.kind.value for note in track.notes for technique in note.techniques)
    return {
        "name": track.name,
        "instrument": track.instrument,
        "notes": len(track.notes),
        "lowest_pitch": min(pitches, default=None),
        "highest_pitch": max(pitches, default=None),
        "highest_fret": max(frets, default=None),
        "open_string_share": round(frets.count(0) / len(frets), 4) if frets else None,
        "techniques": dict(techniques.most_common()),
    }
