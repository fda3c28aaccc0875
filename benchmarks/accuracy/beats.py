"""How well beats, downbeats and tempo are found.

    python -m benchmarks.accuracy.beats [--folds FOLDER] [--cuts 4]

* from audio: the held-out recordings through the project's own engine and note decoder;
* from the true notes, with ``--folds``: all annotations, each tracked with weights that never saw its player:
  ``FOLDER/02.npz`` is what ``python -m training.beats --without-player 02`` writes.

GuitarSet starts on beat one at 0.000 s, so every piece is also measured on copies cut at random points.
Hypothesis: the start of a file tells nothing, so cut copies score like the whole.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from genesis_music.audio.load import load_audio
from genesis_music.evaluation.beats import (
    BeatReference,
    BeatScores,
    mean_scores,
    reference_of,
    score_beats,
    with_random_cuts,
)
from genesis_music.evaluation.guitarset import HELD_OUT, read_excerpt
from genesis_music.rhythm.beat_network import BeatNetwork, read_beat_network
from genesis_music.rhythm.beats import RhythmSettings, track_beats, track_beats_with
from genesis_music.score import Note, TempoMap
from genesis_music.transcription.decoder import decode_notes
from genesis_music.transcription.engines import DEFAULT_ENGINE, get_engine

REPOSITORY = Path(__file__).parents[2]
GUITARSET = REPOSITORY.parent / "shared" / "eval" / "guitarset"
RESULT = REPOSITORY / "benchmarks" / "results" / "accuracy-beats.json"
PLAYERS = ("00", "01", "02", "03")
SEED = 1

Tracker = Callable[[BeatReference], TempoMap]


@dataclass(frozen=True, slots=True)
class Row:
    """Mean scores of some material, whole or cut at random points."""

    material: str
    pieces: int
    scores: BeatScores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=Path, help="folder with weights that leave out one player each")
    parser.add_argument("--cuts", type=int, default=4, help="randomly cut copies per piece")
    options = parser.parse_args()
    rows = from_audio(options.cuts)
    if options.folds:
        rows += from_true_notes(options.folds, options.cuts)
    for row in rows:
        print(describe(row))
    command = "python -m benchmarks.accuracy.beats" + (" --folds FOLDER" if options.folds else "")
    RESULT.parent.mkdir(exist_ok=True)
    stored = {"command": command, "cuts": options.cuts, "rows": [asdict(row) for row in rows]}
    RESULT.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def describe(row: Row) -> str:
    scores = row.scores
    return (
        f"{row.material:34s} {row.pieces:5d}  beats {scores.beats:.3f} ({scores.beats_whole:.3f} untrimmed)  "
        f"downbeats {scores.downbeats:.3f} ({scores.downbeats_whole:.3f})  tempo {scores.tempo_right:.3f}"
    )


def from_audio(cuts: int) -> list[Row]:
    heard = [heard_reference(name) for name in HELD_OUT]
    rows = [measure(reference.name, [reference], 0, tracked) for reference in heard]
    return [*rows, *whole_and_cut("audio, mean", heard, cuts, tracked)]


def heard_reference(name: str) -> BeatReference:
    """The notes that the engine finds in the recording, with the annotated beats."""
    excerpt = read_excerpt(GUITARSET / "annotation" / f"{name}.jams")
    path = min((GUITARSET / "audio").glob(f"{name}_*"), key=lambda found: found.suffix)
    engine = get_engine(DEFAULT_ENGINE)
    with load_audio(path, sample_rate_hz=engine.sample_rate_hz) as audio:
        notes: list[Note] = decode_notes(engine.activations(audio), engine.format)
    return replace(reference_of(excerpt), notes=tuple(notes))


def tracked(reference: BeatReference) -> TempoMap:
    return track_beats(reference.notes, duration_seconds=reference.duration_seconds)


def tracked_with(network: BeatNetwork, reference: BeatReference) -> TempoMap:
    return track_beats_with(network, reference.notes, reference.duration_seconds, RhythmSettings())


def from_true_notes(folds: Path, cuts: int) -> list[Row]:
    rows: list[Row] = []
    for player in PLAYERS:
        unseen = partial(tracked_with, read_beat_network(folds / f"{player}.npz"))
        paths = sorted((GUITARSET / "annotation").glob(f"{player}_*.jams"))
        pieces = [reference_of(read_excerpt(path)) for path in paths]
        rows += whole_and_cut(f"true notes, player {player}", pieces, cuts, unseen)
    return [
        *rows,
        combined("true notes, all, whole", rows[::2]),
        combined("true notes, all, cut", rows[1::2]),
    ]


def whole_and_cut(
    material: str, pieces: Sequence[BeatReference], cuts: int, track: Tracker
) -> tuple[Row, Row]:
    return measure(f"{material}, whole", pieces, 0, track), measure(f"{material}, cut", pieces, cuts, track)


def measure(material: str, pieces: Sequence[BeatReference], cuts: int, track: Tracker) -> Row:
    """Whole pieces when ``cuts`` is 0, else only the cut copies."""
    chosen = [copy for piece in pieces for copy in with_random_cuts(piece, cuts, SEED)[bool(cuts) :]]
    return Row(material, len(chosen), mean_scores([score_beats(piece, track(piece)) for piece in chosen]))


def combined(material: str, rows: Sequence[Row]) -> Row:
    """Mean over the pieces of several rows."""
    weighted = [row.scores for row in rows for _ in range(row.pieces)]
    return Row(material, len(weighted), mean_scores(weighted))


if __name__ == "__main__":
    main()
