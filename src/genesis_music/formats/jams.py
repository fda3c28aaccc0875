"""JAMS 0.3.5 (Humphrey et al., ISMIR 2014), the annotation format of music research, as GuitarSet uses it.

One ``note_midi`` annotation per string, with ``data_source`` "0" for the lowest string; then beats,
tempo, chords in Harte's syntax, key and sections. Written as plain JSON: the ``jams`` package is not needed.
Several tracks follow each other; ``annotation_rules`` names the track. Notes that no string holds have
an annotation of their own without ``data_source``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from genesis_music.formats.written import Page
from genesis_music.harmony.qualities import harte_label
from genesis_music.score import Chord, KeyRegion, TempoMap, Track, spell

JAMS_VERSION = "0.3.5"

Json = dict[str, Any]


def write_jams(page: Page) -> bytes:
    """Turn a transcription into a JAMS document, UTF-8."""
    return json.dumps(_document(page), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _document(page: Page) -> Json:
    source, tempo_map = page.transcription.source, page.transcription.tempo_map
    harmony = page.transcription.harmony
    annotations = [note for track in page.transcription.tracks for note in _strings(track, page)]
    annotations += [
        _annotation("beat_position", _beats(tempo_map), page),
        _annotation("tempo", _tempi(tempo_map, source.duration_seconds), page),
        _annotation("chord", (_chord(chord) for chord in harmony.chords), page),
        _annotation("key_mode", (_key(region) for region in harmony.regions), page),
        _annotation(
            "segment_open",
            (
                _observation(s.onset_seconds, s.end_seconds - s.onset_seconds, s.label, None)
                for s in harmony.sections
            ),
            page,
        ),
    ]
    return {
        "annotations": annotations,
        "file_metadata": {
            "title": source.title,
            "artist": "",
            "release": "",
            "duration": source.duration_seconds,
            "identifiers": {"sha256": source.sha256},
            "jams_version": JAMS_VERSION,
        },
        "sandbox": {},
    }


def _annotation(
    namespace: str, data: Iterable[Json], page: Page, *, source: str = "", rules: str = ""
) -> Json:
    return {
        "namespace": namespace,
        "annotation_metadata": {
            "annotation_tools": "Genesis Music",
            "annotation_rules": rules,
            "annotator": {},
            "corpus": "",
            "curator": {"name": "", "email": ""},
            "data_source": source,
            "validation": "",
            "version": "",
        },
        "data": list(data),
        "sandbox": {},
        "time": 0,
        "duration": page.transcription.source.duration_seconds,
    }


def _observation(time: float, duration: float, value: Any, confidence: float | None) -> Json:
    """One observation; JAMS knows no time before the start, so what begins earlier is cut there."""
    start = max(time, 0.0)
    return {
        "time": start,
        "duration": max(time + duration - start, 0.0),
        "value": value,
        "confidence": confidence,
    }


def _strings(track: Track, page: Page) -> Iterator[Json]:
    strings: dict[int | None, list[Json]] = {string: [] for string in range(track.tuning.strings, 0, -1)}
    for tab_note in track.notes:
        note = tab_note.note
        strings.setdefault(tab_note.string, []).append(
            _observation(note.onset_seconds, note.duration_seconds, note.pitch_midi, note.confidence)
        )
    for string, data in strings.items():
        source = "" if string is None else str(track.tuning.strings - string)
        yield _annotation("note_midi", data, page, source=source, rules=track.name)


def _beats(tempo_map: TempoMap) -> Iterator[Json]:
    signatures = {measure.number: measure.time_signature for measure in tempo_map.measures}
    for beat in tempo_map.beats:
        signature = signatures.get(beat.measure, tempo_map.measures[-1].time_signature)
        value = {
            "position": beat.beat,
            "measure": beat.measure,
            "num_beats": signature.numerator,
            "beat_units": signature.denominator,
        }
        if beat.onset_seconds >= 0:
            yield _observation(beat.onset_seconds, 0.0, value, tempo_map.confidence)


def _tempi(tempo_map: TempoMap, duration: float) -> Iterator[Json]:
    """One tempo per stretch of measures with the same tempo (to a tenth of a beat per minute)."""
    changes: list[tuple[float, float]] = []
    for measure in tempo_map.measures:
        if not changes or round(measure.tempo_bpm, 1) != round(changes[-1][1], 1):
            changes.append((measure.onset_seconds, measure.tempo_bpm))
    ends = [*(time for time, _ in changes[1:]), max(duration, changes[-1][0])]
    for (time, tempo), end in zip(changes, ends, strict=True):
        yield _observation(time, end - time, tempo, tempo_map.confidence)


def _chord(chord: Chord) -> Json:
    label = harte_label(chord)
    if chord.root is not None and chord.bass is not None and chord.bass != chord.root:
        label += f"/{_DEGREES[(chord.bass - chord.root) % 12]}"
    return _observation(chord.onset_seconds, chord.end_seconds - chord.onset_seconds, label, chord.confidence)


def _key(region: KeyRegion) -> Json:
    key = region.key
    label = f"{spell(key.tonic, flats=key.uses_flats)}:{key.mode}"
    return _observation(
        region.onset_seconds, region.end_seconds - region.onset_seconds, label, key.confidence
    )


_DEGREES = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
"""Scale degrees of Harte's syntax, by semitones above the root."""
