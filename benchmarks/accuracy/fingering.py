"""Agreement of the fingering with human strings, given the true notes.

``python -m benchmarks.accuracy.fingering`` measures the shipped model on the standard-tuned guitar tracks of
``../shared/eval/tabs`` (which train nothing; the gpx file is not readable by PyGuitarPro) and on the held-out
GuitarSet excerpts, whose players it knows. It writes ``benchmarks/results/accuracy-fingering.json``.

With ``--folds FOLDER`` it measures instead players that a model has not learned from: the folder holds one
model per player, ``<player>.npz``, each made by ``python -m training.fingering --leave-out <player>``. It
writes ``benchmarks/results/accuracy-fingering-players.json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from genesis_music.evaluation.guitarset import HELD_OUT, Excerpt, read_excerpt
from genesis_music.evaluation.tablature import (
    LabelledTrack,
    StringAgreement,
    from_excerpt,
    read_guitar_pro,
    string_agreement,
    total,
)
from genesis_music.tablature.fret_model import FretModel, read_fret_model

REPOSITORY = Path(__file__).parents[2]
EVALUATION = REPOSITORY.parent / "shared" / "eval"
RESULTS = REPOSITORY / "benchmarks" / "results"
COMMAND = "python -m benchmarks.accuracy.fingering"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: notes, the share on the human's string and on the lowest possible fret's."""

    material: str
    notes: int
    agreement: float
    lowest_fret: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=Path, help="folder of models that each leave one player out")
    arguments = parser.parse_args()
    if arguments.folds:
        _write(
            "accuracy-fingering-players.json", f"{COMMAND} --folds FOLDER", _unseen_players(arguments.folds)
        )
    else:
        _write("accuracy-fingering.json", COMMAND, [*_tabs(), *_held_out()])


def _tabs() -> list[Row]:
    songs = {
        path.stem: [track for track in read_guitar_pro(path) if track.is_standard_guitar and track.notes]
        for path in sorted((EVALUATION / "tabs").glob("*.gp[345]"))
    }
    rows = [_row(f"tab: {name}", tracks) for name, tracks in songs.items() if tracks]
    every = [track for tracks in songs.values() for track in tracks]
    return [*rows, _row("tabs, all", every)]


def _held_out() -> list[Row]:
    excerpts = [excerpt for excerpt in _excerpts() if excerpt.name in HELD_OUT]
    return [_row("GuitarSet, held-out excerpts", [from_excerpt(excerpt) for excerpt in excerpts])]


def _unseen_players(folds: Path) -> list[Row]:
    excerpts = [excerpt for excerpt in _excerpts() if excerpt.name not in HELD_OUT]
    rows = []
    for player in sorted({excerpt.player for excerpt in excerpts}):
        with (folds / f"{player}.npz").open("rb") as file:
            model = read_fret_model(file)
        tracks = [from_excerpt(excerpt) for excerpt in excerpts if excerpt.player == player]
        rows.append(_row(f"GuitarSet, player {player} unseen", tracks, model))
    return [*rows, _sum("GuitarSet, each player unseen in turn", rows)]


def _excerpts() -> list[Excerpt]:
    return [read_excerpt(path) for path in sorted((EVALUATION / "guitarset/annotation").glob("*.jams"))]


def _row(material: str, tracks: Sequence[LabelledTrack], model: FretModel | None = None) -> Row:
    ours = total([string_agreement(track, model) for track in tracks])
    lowest = total([_lowest_fret(track) for track in tracks])
    return Row(material, ours.notes, round(ours.ratio, 4), round(lowest.ratio, 4))


def _lowest_fret(track: LabelledTrack) -> StringAgreement:
    opens = [open_ + track.capo for open_ in track.tuning.pitches_midi]
    agreed = sum(
        n.fret == min(n.note.pitch_midi - open_ for open_ in opens if n.note.pitch_midi >= open_)
        for n in track.notes
    )
    return StringAgreement(agreed, len(track.notes))


def _sum(material: str, rows: Sequence[Row]) -> Row:
    notes = sum(row.notes for row in rows)
    agreement = sum(row.agreement * row.notes for row in rows) / notes
    lowest = sum(row.lowest_fret * row.notes for row in rows) / notes
    return Row(material, notes, round(agreement, 4), round(lowest, 4))


def _write(name: str, command: str, rows: Iterable[Row]) -> None:
    rows = list(rows)
    print(f"{'material':64} {'notes':>6} {'agree':>7} {'lowest':>7}")
    for row in rows:
        print(f"{row.material[:64]:64} {row.notes:6} {row.agreement:7.3f} {row.lowest_fret:7.3f}")
    document = {"command": command, "rows": [asdict(row) for row in rows]}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
