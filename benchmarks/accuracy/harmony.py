"""How well key and chords are recognised.

``python -m benchmarks.accuracy.harmony`` measures and writes ``benchmarks/results/accuracy-harmony.json``:

* from audio: the held-out recordings through the project's own engine, note decoder and beat tracker;
* from notes: all other GuitarSet annotations with their true beats and with tracked beats (``--notes``). The chord
  model's few weights were learned on these, so the held-back figures of ``training.harmony --leave-out`` belong
  beside them.

Chords are scored against the *instructed* chords (a solo does not play them) by maj/min WCSR.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from genesis_music.audio.load import load_audio
from genesis_music.evaluation.guitarset import HELD_OUT, Excerpt, read_excerpt
from genesis_music.evaluation.harmony import annotated_key, annotated_tempo_map, majmin_wcsr, same_key
from genesis_music.harmony import analyse_harmony
from genesis_music.rhythm.beats import track_beats
from genesis_music.score import Note, TempoMap
from genesis_music.transcription.decoder import decode_notes
from genesis_music.transcription.engines import get_engine

REPOSITORY = Path(__file__).parents[2]
GUITARSET = REPOSITORY.parent / "shared" / "eval" / "guitarset"
RESULT = REPOSITORY / "benchmarks" / "results" / "accuracy-harmony.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One recording or group: share of keys right and mean WCSR, 0..1."""

    material: str
    beats: str
    excerpts: int
    key_right: float
    wcsr: float
    found: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", action="store_true", help="also measure all annotations (a minute)")
    options = parser.parse_args()
    rows = _from_audio()
    if options.notes:
        rows += _from_notes()
    for row in rows:
        print(
            f"{row.material:28s} {row.beats:10s} {row.excerpts:4d}  key {row.key_right:.3f}  "
            f"WCSR {row.wcsr:.3f}  {row.found}"
        )
    stored = {
        "command": "python -m benchmarks.accuracy.harmony --notes",
        "rows": [asdict(row) for row in rows],
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _from_audio() -> list[Row]:
    engine = get_engine("basic-pitch")
    rows = []
    for name in HELD_OUT:
        excerpt = read_excerpt(GUITARSET / "annotation" / f"{name}.jams")
        path = next(
            p
            for kind in ("mic.flac", "hex_cln.mp3")
            if (p := GUITARSET / "audio" / f"{name}_{kind}").exists()
        )
        with load_audio(path, sample_rate_hz=engine.sample_rate_hz) as audio:
            notes = decode_notes(engine.activations(audio), engine.format)
        tracked = track_beats(notes, duration_seconds=excerpt.duration_seconds)
        rows.append(_row(excerpt, notes, tracked, "tracked"))
        rows.append(_row(excerpt, notes, annotated_tempo_map(excerpt), "true"))
    means = [
        _mean("mean, from audio", [r for r in rows if r.beats == kind], kind) for kind in ("tracked", "true")
    ]
    return rows + means


def _from_notes() -> list[Row]:
    paths = sorted((GUITARSET / "annotation").glob("*.jams"))
    excerpts = [read_excerpt(path) for path in paths if path.stem not in HELD_OUT]
    result = []
    for part in ("comp", "solo"):
        chosen = [excerpt for excerpt in excerpts if excerpt.name.endswith(part)]
        rows: list[Row] = []
        for excerpt in chosen:
            notes = [labelled.note for labelled in excerpt.notes]
            rows.append(_row(excerpt, notes, annotated_tempo_map(excerpt), "true"))
            tracked = track_beats(notes, duration_seconds=excerpt.duration_seconds)
            rows.append(_row(excerpt, notes, tracked, "tracked"))
        result += [
            _mean(f"true notes, {part}", [row for row in rows if row.beats == kind], kind)
            for kind in ("true", "tracked")
        ]
    return result


def _row(excerpt: Excerpt, notes: Sequence[Note], tempo_map: TempoMap, beats: str) -> Row:
    harmony = analyse_harmony(notes, tempo_map)
    right = float(same_key(harmony.key, annotated_key(excerpt)))
    wcsr = majmin_wcsr(excerpt.instructed_chords, harmony.chords)
    found = f"{harmony.key} ({harmony.key.confidence:.2f}), {harmony.progression_name}"
    return Row(excerpt.name, beats, 1, right, round(wcsr, 4), found)


def _mean(material: str, rows: Sequence[Row], beats: str) -> Row:
    return Row(
        material,
        beats,
        len(rows),
        round(fmean(row.key_right for row in rows), 4),
        round(fmean(row.wcsr for row in rows), 4),
    )


if __name__ == "__main__":
    main()
