"""How many notes each engine finds with its note decoder, beside Basic Pitch's own program.

    python -m benchmarks.accuracy.notes [--peer-python PATH] [--engine NAME ...]

``PATH`` is a Python interpreter that has ``basic-pitch`` 0.4.0 with ONNX; without it the peer's recorded
figures are shown. Hypothesis: judging each onset beside its harmonic relatives finds more of the notes than
thresholds do. Needs the evaluation material beside the checkout.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mido

from genesis_music.audio.load import load_audio
from genesis_music.evaluation.guitarset import HELD_OUT, LabelledNote, read_excerpt
from genesis_music.evaluation.notes import NoteAccuracy, calibration, note_accuracy
from genesis_music.score import Note
from genesis_music.transcription.decoder import decode_notes
from genesis_music.transcription.engines import ENGINES, get_engine

ROOT = Path(__file__).resolve().parents[2]
EVALUATION = ROOT.parent / "shared" / "eval"
RESULTS = ROOT / "benchmarks" / "results" / "accuracy-notes.json"
PEER = Path(__file__).with_name("peer_basic_pitch.py")


SOUNDING_TRANSPOSITION = {"Track00001_S03_Bass_scarbee_rickenbacker_bass_palm_muted": -12}
"""Slakh's sampler plays this stem an octave below its MIDI (the lowest partial of its first note, MIDI 50, lies
at 73 Hz): what sounds is what counts, for us and for the peer.
"""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of the evaluation material with its true notes."""

    corpus: str
    path: Path
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class GuitarRecording:
    """A recording of GuitarSet with its true notes and their strings."""

    path: Path
    labelled: tuple[LabelledNote, ...]


def guitar_recordings(folder: Path = EVALUATION) -> Iterator[GuitarRecording]:
    """The six GuitarSet recordings (one of them an MP3 of the pickup)."""
    for name in HELD_OUT:
        excerpt = read_excerpt(folder / "guitarset" / "annotation" / f"{name}.jams")
        (path, *_) = sorted((folder / "guitarset" / "audio").glob(f"{name}_*"), key=lambda path: path.suffix)
        yield GuitarRecording(path, excerpt.notes)


def recordings(folder: Path = EVALUATION) -> Iterator[Recording]:
    """The GuitarSet recordings and the Slakh stems."""
    for item in guitar_recordings(folder):
        yield Recording("guitarset", item.path, tuple(labelled.note for labelled in item.labelled))
    for path in sorted((folder / "slakh").glob("*.flac")):
        transposition = SOUNDING_TRANSPOSITION.get(path.stem, 0)
        yield Recording("slakh", path, tuple(midi_notes(path.with_suffix(".mid"), transposition)))


def midi_notes(path: Path, transposition: int) -> Iterator[Note]:
    """The notes of a MIDI file as they sound."""
    seconds = 0.0
    sounding: dict[int, float] = {}
    for message in mido.MidiFile(path):
        seconds += message.time
        if message.type not in {"note_on", "note_off"}:
            continue
        onset = sounding.pop(message.note, None)
        if onset is not None:
            yield Note(onset, seconds - onset, message.note + transposition)
        if message.type == "note_on" and message.velocity > 0:
            sounding[message.note] = seconds


def transcribe(path: Path, engine_name: str) -> list[Note]:
    engine = get_engine(engine_name)
    with load_audio(path, sample_rate_hz=engine.sample_rate_hz) as audio:
        return decode_notes(engine.activations(audio), engine.format)


def run_peer(python: Path, items: list[Recording]) -> dict[Path, NoteAccuracy]:
    command = [python, PEER, *(item.path for item in items)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    notes = {path: [Note(start, end - start, pitch) for start, end, pitch in found[path]] for path in found}
    return {item.path: note_accuracy(item.notes, notes[str(item.path)]) for item in items}


def recorded_peer(items: list[Recording]) -> dict[Path, NoteAccuracy]:
    """The peer's figures of the last run that had it."""
    if not RESULTS.exists():
        return {}
    recorded = json.loads(RESULTS.read_text("utf-8"))["peer_recordings"]
    return {
        item.path: NoteAccuracy(**recorded[item.path.name]) for item in items if item.path.name in recorded
    }


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def measure(items: list[Recording], peer: dict[Path, NoteAccuracy], engine: str) -> dict[str, object]:
    """Measure one engine, print its table."""
    rows, pairs = [], []
    print(f"{engine:52}  onset F1 (peer)   with offset (peer)   precision  recall")
    for item in items:
        found = transcribe(item.path, engine)
        ours, theirs = note_accuracy(item.notes, found), peer.get(item.path)
        pairs.append((item.notes, found))
        print(
            f"{item.path.stem[:52]:52}  {ours.onset_f1:.3f}    {_f(theirs and theirs.onset_f1)}    "
            f"{ours.offset_f1:.3f}       {_f(theirs and theirs.offset_f1)}      "
            f"{ours.precision:.3f}      {ours.recall:.3f}",
            flush=True,
        )
        rows.append({"corpus": item.corpus, "recording": item.path.name, "ours": asdict(ours)})
    bins = calibration(pairs)
    print("confidence -> right:", "  ".join(f"{b.confidence:.2f} -> {b.right:.2f} ({b.notes})" for b in bins))
    return {
        "summary": {corpus: summary(items, rows, peer, corpus) for corpus in ("guitarset", "slakh")},
        "calibration": [asdict(b) for b in bins],
        "recordings": rows,
    }


def summary(
    items: list[Recording], rows: list[dict[str, Any]], peer: dict[Path, NoteAccuracy], corpus: str
) -> dict[str, float]:
    """Means over the recordings of a corpus, ours beside the peer's where there are any."""
    chosen = [(item, row["ours"]) for item, row in zip(items, rows, strict=True) if item.corpus == corpus]
    means = {}
    for name in ("onset_f1", "offset_f1"):
        means[f"ours_{name}"] = mean([ours[name] for _, ours in chosen])
        if all(item.path in peer for item, _ in chosen):
            means[f"peer_{name}"] = mean([getattr(peer[item.path], name) for item, _ in chosen])
    print(corpus, {name: round(value, 3) for name, value in means.items()})
    return means


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", type=Path)
    parser.add_argument("--engine", action="append", choices=sorted(ENGINES), help="all by default")
    arguments = parser.parse_args()
    if not EVALUATION.exists():
        sys.exit(f"The evaluation material is not at {EVALUATION}.")
    items = list(recordings())
    peer = run_peer(arguments.peer_python, items) if arguments.peer_python else recorded_peer(items)
    command = "python -m benchmarks.accuracy.notes" + (" --peer-python PATH" if arguments.peer_python else "")
    result = {
        "command": command,
        "peer": "basic-pitch 0.4.0, ONNX, default thresholds",
        "peer_ran_in_this_run": arguments.peer_python is not None,
        "peer_recordings": {path.name: asdict(accuracy) for path, accuracy in peer.items()},
        "engines": {name: measure(items, peer, name) for name in arguments.engine or sorted(ENGINES)},
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def _f(value: float | None) -> str:
    return "  -  " if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
