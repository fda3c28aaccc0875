"""How good the tab is that comes out of a recording, by every engine, clean and as by telephone.

    python -m benchmarks.accuracy.tab [--engine NAME ...]

The whole command, from the recording to strings and frets, on the GuitarSet recordings of the evaluation material
(standard tuning, no capo), once as they are and once through ``evaluation/phone.py``. Hypothesis: an engine that
hears strings gives tab F1 of 0.70 and more, and loses at most 0.05 of the notes by telephone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.accuracy.notes import EVALUATION, GuitarRecording, guitar_recordings, mean
from genesis_music.audio.load import load_audio
from genesis_music.audio.write import WavWriter
from genesis_music.evaluation.phone import as_by_phone
from genesis_music.evaluation.tablature import TabAccuracy, tab_accuracy, total
from genesis_music.pipeline import transcribe
from genesis_music.settings import Settings
from genesis_music.transcription.engines import ENGINES

RESULTS = Path(__file__).parents[1] / "results" / "accuracy-tab.json"
PHONE_RATE_HZ = 22050
MEASURES: tuple[tuple[str, Callable[[TabAccuracy], float]], ...] = (
    ("onset_f1", lambda accuracy: accuracy.notes.onset_f1),
    ("offset_f1", lambda accuracy: accuracy.notes.offset_f1),
    ("tab_f1", lambda accuracy: accuracy.tab_f1),
    ("string_agreement", lambda accuracy: accuracy.strings.ratio),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One recording by one engine."""

    engine: str
    quality: str
    recording: str
    accuracy: TabAccuracy


def measure(item: GuitarRecording, audio: Path, engine: str, quality: str) -> Row:
    (track,) = transcribe(audio, Settings(engine=engine)).tracks
    row = Row(engine, quality, item.path.stem, tab_accuracy(item.labelled, track.notes))
    print(
        line(f"{engine:12} {quality:6} {row.recording[:40]:40}", [get(row.accuracy) for _, get in MEASURES])
    )
    return row


def by_phone(recording: Path, folder: Path) -> Path:
    path = folder / f"{recording.stem}.wav"
    with (
        load_audio(recording, sample_rate_hz=PHONE_RATE_HZ) as audio,
        WavWriter(path, PHONE_RATE_HZ) as writer,
    ):
        writer.append(as_by_phone(audio.read(0, audio.frames), PHONE_RATE_HZ))
    return path


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """Means over the recordings; strings also over all notes together, as most papers count them."""
    means = {name: round(mean([get(row.accuracy) for row in rows]), 4) for name, get in MEASURES}
    return means | {"string_agreement_all_notes": round(total([r.accuracy.strings for r in rows]).ratio, 4)}


def line(what: str, values: Sequence[float]) -> str:
    return f"{what}  " + "  ".join(f"{value:9.3f}" for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", action="append", choices=sorted(ENGINES), help="all by default")
    arguments = parser.parse_args()
    if not EVALUATION.exists():
        sys.exit(f"The evaluation material is not at {EVALUATION}.")
    print(" " * 60 + "   onset F1  w.offset     tab F1    strings")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for item in guitar_recordings():
            for quality, audio in (("clean", item.path), ("phone", by_phone(item.path, Path(folder)))):
                rows += [measure(item, audio, name, quality) for name in arguments.engine or sorted(ENGINES)]
    summaries = {}
    for engine, quality in sorted({(row.engine, row.quality) for row in rows}):
        chosen = [row for row in rows if (row.engine, row.quality) == (engine, quality)]
        summaries[f"{engine}, {quality}"] = summary(chosen)
        print(line(f"{engine:12} {quality:6} {'mean':40}", [*summaries[f"{engine}, {quality}"].values()]))
    result = {"command": "python -m benchmarks.accuracy.tab", "summary": summaries}
    RESULTS.write_text(json.dumps(result | {"rows": [asdict(row) for row in rows]}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
