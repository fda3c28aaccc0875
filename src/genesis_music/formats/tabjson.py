"""Tab JSON, ``"genesis.tab/1"``: the whole transcription, for programs; the only format that loses nothing.

The contract is ``schema/genesis.tab-1.schema.json`` (JSON Schema 2020-12). Written times are exact
fractions ``[numerator, denominator]`` of a quarter note; a note's position counts from the start of its measure.
``notes`` holds one entry per sounding note; ``tied`` says that it is written as several noteheads
joined by ties. Numbers are written with all their digits, so reading gives back an equal transcription.
"""

from __future__ import annotations

import json
from fractions import Fraction
from importlib.metadata import version
from typing import Any

from genesis_music.formats.written import is_tied
from genesis_music.score import (
    Beat,
    Chord,
    Key,
    KeyRegion,
    Measure,
    Reasoned,
    Section,
    TabNote,
    Technique,
    TempoMap,
    Track,
    Transcription,
)

SCHEMA = "genesis.tab/1"

Json = dict[str, Any]


def write_tab_json(transcription: Transcription) -> bytes:
    """Turn a transcription into tab JSON, UTF-8."""
    text = json.dumps(to_document(transcription), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def to_document(transcription: Transcription) -> Json:
    """Turn a transcription into the tab JSON document, as plain dicts and lists."""
    source, harmony, tempo_map = transcription.source, transcription.harmony, transcription.tempo_map
    return {
        "schema": SCHEMA,
        "source": {
            "title": source.title,
            "duration": source.duration_seconds,
            "sample_rate": source.sample_rate_hz,
            "sha256": source.sha256,
        },
        "generator": {"name": "genesis-music", "version": version("genesis-music"), "engine": transcription.engine},
        "tempo": tempo_map.tempo_bpm,
        "tempo_confidence": tempo_map.confidence,
        "time_signature": [tempo_map.time_signature.numerator, tempo_map.time_signature.denominator],
        "key": _key(harmony.key),
        "key_regions": [_region(region) for region in harmony.regions],
        "tracks": [_track(track, tempo_map) for track in transcription.tracks],
        "measures": [_measure(measure) for measure in tempo_map.measures],
        "beats": [_beat(beat) for beat in tempo_map.beats],
        "chords": [_chord(chord) for chord in harmony.chords],
        "sections": [_section(section) for section in harmony.sections],
        "scale": harmony.scale,
        "progression": list(harmony.progression),
        "progression_name": harmony.progression_name,
        "style": _reasoned(transcription.style),
        "difficulty": {
            "level": transcription.difficulty.level,
            "subscores": transcription.difficulty.subscores,
            "hardest_measures": list(transcription.difficulty.hardest_measures),
            "reasons": list(transcription.difficulty.reasons),
        },
        "warnings": list(transcription.warnings),
    }


def _pair(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


def _key(key: Key) -> Json:
    return {"tonic": key.tonic_name, "mode": key.mode, "confidence": key.confidence}


def _region(region: KeyRegion) -> Json:
    return {"onset": region.onset_seconds, "end": region.end_seconds, **_key(region.key)}


def _track(track: Track, tempo_map: TempoMap) -> Json:
    lengths = {measure.number: measure.length_quarters for measure in tempo_map.measures}
    return {
        "name": track.name,
        "instrument": track.instrument,
        "tuning": list(track.tuning.pitches_midi),
        "tuning_name": track.tuning.name,
        "capo": track.capo,
        "notes": [_note(note, lengths) for note in track.notes],
    }


def _note(tab_note: TabNote, measure_lengths: dict[int, Fraction]) -> Json:
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
        "tied": is_tied(written, measure_lengths),
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


def _chord(chord: Chord) -> Json:
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


def _section(section: Section) -> Json:
    return {"onset": section.onset_seconds, "end": section.end_seconds, "label": section.label}


def _reasoned(reasoned: Reasoned) -> Json:
    return {
        "label": reasoned.label,
        "confidence": reasoned.confidence,
        "reasons": list(reasoned.reasons),
    }
