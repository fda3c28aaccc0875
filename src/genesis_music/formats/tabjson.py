"""Tab JSON, ``"genesis.tab/1"``: the whole transcription, for programs; the only format that loses nothing.

The contract is ``schema/genesis.tab-1.schema.json`` (JSON Schema 2020-12). Written times are exact fractions
``[numerator, denominator]`` of a quarter note; a note's position counts from the start of its measure.
``notes`` holds one entry per sounding note; ``tied`` says that it is written as several noteheads
joined by ties. Numbers are written with all their digits, so reading gives back an equal transcription.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from genesis_music.formats.written import Page
from genesis_music.score import (
    Beat,
    Chord,
    Difficulty,
    Key,
    KeyRegion,
    Measure,
    Reasoned,
    Section,
    TabNote,
    Technique,
    Track,
)
from genesis_music.version import __version__

SCHEMA = "genesis.tab/1"

Json = dict[str, Any]


def write_tab_json(page: Page) -> bytes:
    """Turn a transcription into tab JSON, UTF-8."""
    text = json.dumps(to_document(page), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def to_document(page: Page) -> Json:
    """Turn a transcription into the tab JSON document, as plain dicts and lists."""
    transcription = page.transcription
    source, harmony, tempo_map = transcription.source, transcription.harmony, transcription.tempo_map
    return {
        "schema": SCHEMA,
        "source": {
            "title": source.title,
            "duration": source.duration_seconds,
            "sample_rate": source.sample_rate_hz,
            "sha256": source.sha256,
            "start": source.start_seconds,
        },
        "generator": {
            "name": "genesis-music",
            "version": __version__,
            "engine": transcription.engine,
        },
        "tempo": tempo_map.tempo_bpm,
        "tempo_confidence": tempo_map.confidence,
        "time_signature": [tempo_map.time_signature.numerator, tempo_map.time_signature.denominator],
        "swing": transcription.swing_ratio,
        "key": to_key(harmony.key),
        "key_regions": [to_region(region) for region in harmony.regions],
        "tracks": [_track(track, page.tied) for track in transcription.tracks],
        "measures": [_measure(measure) for measure in tempo_map.measures],
        "beats": [_beat(beat) for beat in tempo_map.beats],
        "chords": [to_chord(chord) for chord in harmony.chords],
        "sections": [to_section(section) for section in harmony.sections],
        "scale": harmony.scale,
        "progression": list(harmony.progression),
        "progression_name": harmony.progression_name,
        "style": to_reasoned(transcription.style),
        "difficulty": to_difficulty(transcription.difficulty),
        "warnings": list(transcription.warnings),
    }


def _pair(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


def to_key(key: Key) -> Json:
    """Tonic as written, mode, confidence."""
    return {"tonic": key.tonic_name, "mode": key.mode, "confidence": key.confidence}


def to_region(region: KeyRegion) -> Json:
    """A stretch in one key."""
    return {"onset": region.onset_seconds, "end": region.end_seconds, **to_key(region.key)}


def _track(track: Track, tied: frozenset[str]) -> Json:
    return {
        "name": track.name,
        "instrument": track.instrument,
        "tuning": list(track.tuning.pitches_midi),
        "tuning_name": track.tuning.name,
        "capo": track.capo,
        "notes": [_note(note, tied) for note in track.notes],
    }


def _note(tab_note: TabNote, tied: frozenset[str]) -> Json:
    note, written = tab_note.note, tab_note.written
    entry: Json = {
        "id": tab_note.id,
        "onset": note.onset_seconds,
        "duration": note.duration_seconds,
        "pitch": note.pitch_midi,
        "string": tab_note.string,
        "fret": tab_note.fret,
        "velocity": note.velocity,
        "confidence": note.confidence,
        "measure": written.measure,
        "position": _pair(written.position_quarters),
        "length": _pair(written.length_quarters),
        "tied": tab_note.id in tied,
        "techniques": [_technique(technique) for technique in tab_note.techniques],
    }
    if note.bend:
        entry["bend"] = [[point.offset_seconds, point.semitones] for point in note.bend]
    if tab_note.octave_shift:
        entry["octave_shift"] = tab_note.octave_shift
    if tab_note.alternatives:
        entry["alternatives"] = [list(place) for place in tab_note.alternatives]
    return entry


def _technique(technique: Technique) -> Json:
    entry: Json = {"kind": technique.kind.value, "confidence": technique.confidence}
    if technique.semitones is not None:
        entry["semitones"] = technique.semitones
    return entry


def _measure(measure: Measure) -> Json:
    return {
        "number": measure.number,
        "onset": measure.onset_seconds,
        "time_signature": [measure.time_signature.numerator, measure.time_signature.denominator],
        "tempo": measure.tempo_bpm,
        "start": _pair(measure.start_quarters),
        "length": _pair(measure.length_quarters),
    }


def _beat(beat: Beat) -> Json:
    return {
        "onset": beat.onset_seconds,
        "measure": beat.measure,
        "beat": beat.beat,
        "position": _pair(beat.quarters),
    }


def to_chord(chord: Chord) -> Json:
    """A chord with its numeral and a voicing, string 1 first."""
    return {
        "onset": chord.onset_seconds,
        "end": chord.end_seconds,
        "label": chord.label,
        "roman": chord.roman,
        "frets": list(chord.frets),
        "root": chord.root,
        "quality": chord.quality,
        "bass": chord.bass,
        "confidence": chord.confidence,
    }


def to_section(section: Section) -> Json:
    """A part of the form."""
    return {"onset": section.onset_seconds, "end": section.end_seconds, "label": section.label}


def to_reasoned(reasoned: Reasoned) -> Json:
    """A judgement with its reasons."""
    return {
        "label": reasoned.label,
        "confidence": reasoned.confidence,
        "reasons": list(reasoned.reasons),
    }


def to_difficulty(difficulty: Difficulty) -> Json:
    """Level 1..10, sub-scores 0..1, hardest measures, reasons."""
    return {
        "level": difficulty.level,
        "subscores": difficulty.subscores,
        "hardest_measures": list(difficulty.hardest_measures),
        "reasons": list(difficulty.reasons),
    }
