"""Read tab JSON back into a transcription, believing nothing in the file."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

from genesis_music.errors import ScoreError
from genesis_music.formats.checks import check_tempo_map, check_track
from genesis_music.formats.reading import ImportedScore, read_limited
from genesis_music.formats.tabjson import SCHEMA, Json
from genesis_music.score import (
    PITCH_NAMES_FLAT,
    PITCH_NAMES_SHARP,
    Beat,
    BendPoint,
    Chord,
    Difficulty,
    Harmony,
    Key,
    KeyRegion,
    Measure,
    Note,
    Reasoned,
    Section,
    SourceInfo,
    TabNote,
    Technique,
    TechniqueKind,
    TempoMap,
    TimeSignature,
    Track,
    Transcription,
    Tuning,
    WrittenTime,
)


def read_tab_json(path: Path) -> Transcription:
    """Read a ``.tab.json`` file; the result equals the transcription written (but for stage timings).

    Raises:
        ScoreError: the file cannot be read, is no tab JSON, or contradicts itself.
    """
    return parse_tab_json(read_limited(path), path.name)


def read_tab_json_score(path: Path) -> ImportedScore:
    """Read the score in a ``.tab.json`` file; fails like :func:`read_tab_json`."""
    transcription = read_tab_json(path)
    return ImportedScore(
        transcription.source.title, transcription.tempo_map, transcription.tracks, transcription.harmony.key
    )


def parse_tab_json(content: bytes, name: str) -> Transcription:
    """Turn the bytes of a tab JSON file into a transcription; ``name`` is for the error message."""
    try:
        transcription = _transcription(json.loads(content, parse_constant=_no_constant))
        check_tempo_map(transcription.tempo_map)
        for track in transcription.tracks:
            check_track(track, transcription.tempo_map)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        raise ScoreError(f"{name} is not a tab file of schema {SCHEMA}: {error}") from error
    return transcription


def _transcription(document: Json) -> Transcription:
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']!r:.40}")
    difficulty = document["difficulty"]
    return Transcription(
        source=_source(document["source"]),
        engine=_text(document["generator"]["engine"]),
        tempo_map=TempoMap(
            tuple(_beat(entry) for entry in document["beats"]),
            tuple(_measure(entry) for entry in document["measures"]),
            _number(document["tempo_confidence"]),
        ),
        harmony=_harmony(document),
        tracks=tuple(_track(entry) for entry in document["tracks"]),
        style=_reasoned(document["style"]),
        difficulty=Difficulty(
            _number(difficulty["level"]),
            {_text(name): _number(value) for name, value in difficulty["subscores"].items()},
            tuple(_whole(number) for number in difficulty["hardest_measures"]),
            _texts(difficulty["reasons"]),
        ),
        warnings=_texts(document["warnings"]),
        swing_ratio=_optional_number(document["swing"]),
    )


def _source(entry: Json) -> SourceInfo:
    return SourceInfo(
        _text(entry["title"]),
        _number(entry["duration"]),
        _whole(entry["sample_rate"]),
        _text(entry["sha256"]),
        _number(entry.get("start", 0.0)),
    )


def _harmony(document: Json) -> Harmony:
    name = document["progression_name"]
    return Harmony(
        key=_key(document["key"]),
        regions=tuple(
            KeyRegion(_number(entry["onset"]), _number(entry["end"]), _key(entry))
            for entry in document["key_regions"]
        ),
        chords=tuple(_chord(entry) for entry in document["chords"]),
        scale=_text(document["scale"]),
        progression=_texts(document["progression"]),
        progression_name=None if name is None else _text(name),
        sections=tuple(
            Section(_number(entry["onset"]), _number(entry["end"]), _text(entry["label"]))
            for entry in document["sections"]
        ),
    )


def _key(entry: Json) -> Key:
    names = PITCH_NAMES_SHARP if entry["tonic"] in PITCH_NAMES_SHARP else PITCH_NAMES_FLAT
    if entry["mode"] not in ("major", "minor"):
        raise ValueError(f"mode {entry['mode']!r}")
    return Key(names.index(entry["tonic"]), entry["mode"], _number(entry["confidence"]))


def _chord(entry: Json) -> Chord:
    return Chord(
        _number(entry["onset"]),
        _number(entry["end"]),
        _optional_whole(entry["root"]),
        _text(entry["quality"]),
        _optional_whole(entry["bass"]),
        _text(entry["label"]),
        _text(entry["roman"]),
        _number(entry["confidence"]),
        tuple(_optional_whole(fret) for fret in entry["frets"]),
    )


def _track(entry: Json) -> Track:
    return Track(
        _text(entry["name"]),
        _text(entry["instrument"]),
        Tuning(_text(entry["tuning_name"]), tuple(_whole(pitch) for pitch in entry["tuning"])),
        _whole(entry["capo"]),
        tuple(_note(note) for note in entry["notes"]),
    )


def _note(entry: Json) -> TabNote:
    return TabNote(
        id=_text(entry["id"]),
        note=Note(
            _number(entry["onset"]),
            _number(entry["duration"]),
            _whole(entry["pitch"]),
            _number(entry["velocity"]),
            _number(entry["confidence"]),
            tuple(BendPoint(_number(offset), _number(height)) for offset, height in entry.get("bend", ())),
        ),
        written=WrittenTime(
            _whole(entry["measure"]), _fraction(entry["position"]), _fraction(entry["length"])
        ),
        string=_optional_whole(entry["string"]),
        fret=_optional_whole(entry["fret"]),
        octave_shift=_whole(entry.get("octave_shift", 0)),
        techniques=tuple(_technique(technique) for technique in entry["techniques"]),
        alternatives=tuple((_whole(string), _whole(fret)) for string, fret in entry.get("alternatives", ())),
    )


def _technique(entry: Json) -> Technique:
    return Technique(
        TechniqueKind(entry["kind"]), _number(entry["confidence"]), _optional_number(entry.get("semitones"))
    )


def _measure(entry: Json) -> Measure:
    numerator, denominator = entry["time_signature"]
    return Measure(
        _whole(entry["number"]),
        _number(entry["onset"]),
        TimeSignature(_whole(numerator), _whole(denominator)),
        _number(entry["tempo"]),
        _fraction(entry["start"]),
        _fraction(entry["length"]),
    )


def _beat(entry: Json) -> Beat:
    return Beat(
        _number(entry["onset"]), _whole(entry["measure"]), _whole(entry["beat"]), _fraction(entry["position"])
    )


def _reasoned(entry: Json) -> Reasoned:
    return Reasoned(_text(entry["label"]), _number(entry["confidence"]), _texts(entry["reasons"]))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(f"{value!r:.40} is not a number")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise TypeError(f"{value!r:.40} is not a whole number")
    return value


def _optional_whole(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _optional_number(value: Any) -> float | None:
    return None if value is None else _number(value)


def _fraction(pair: Any) -> Fraction:
    numerator, denominator = pair
    return Fraction(_whole(numerator), _whole(denominator))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is not text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r:.40} is not a list")
    return tuple(_text(value) for value in values)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")
