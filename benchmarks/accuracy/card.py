"""Put the figures of the last accuracy runs into the model card of the guitar model.

python -m benchmarks.accuracy.card
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CARD = ROOT / "docs" / "models" / "guitar.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- tables: python -m benchmarks.accuracy.card -->", "<!-- end of tables -->"


def table(header: Sequence[str], rows: Sequence[Sequence[str | float]]) -> Iterator[str]:
    """Lines of a Markdown table; numbers with three decimals."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(cell if isinstance(cell, str) else f"{cell:.3f}" for cell in row) + " |"
    yield ""


def results(topic: str) -> Any:
    return json.loads((RESULTS / f"accuracy-{topic}.json").read_text("utf-8"))


def tab_tables() -> Iterator[str]:
    """The finished tab, mean and recording by recording."""
    document = results("tab")
    header = (
        "engine, quality",
        "onset F1",
        "with offset",
        "tab F1",
        "strings",
        "strings, all notes together",
    )
    yield "The whole command, mean over the six GuitarSet recordings:\n"
    yield from table(header, [(name, *means.values()) for name, means in document["summary"].items()])
    yield "Recording by recording:\n"
    rows = [
        (row["recording"], row["engine"], row["quality"], *figures(row["accuracy"]))
        for row in sorted(document["rows"], key=lambda row: (row["recording"], row["quality"], row["engine"]))
    ]
    yield from table(("recording", "engine", "quality", "onset F1", "with offset", "tab F1", "strings"), rows)


def figures(accuracy: dict[str, Any]) -> tuple[float, float, float, float]:
    """Onset F1, F1 with offset, tab F1, share of right strings."""
    notes, strings = accuracy["notes"], accuracy["strings"]
    return (
        notes["onset_f1"],
        notes["offset_f1"],
        accuracy["tab_f1"],
        strings["agreed"] / max(strings["notes"], 1),
    )


def note_tables() -> Iterator[str]:
    """Engine and decoder alone, beside the peer."""
    document = results("notes")
    engines = document["engines"]
    yield f"Onset F1 / with offset of engine and decoder alone, beside {document['peer']}:\n"
    rows = []
    for name, peer in document["peer_recordings"].items():
        ours = [row["ours"] for e in engines.values() for row in e["recordings"] if row["recording"] == name]
        cells = [f"{found['onset_f1']:.3f} / {found['offset_f1']:.3f}" for found in (*ours, peer)]
        rows.append((name.rsplit(".", 1)[0], *cells))
    yield from table(("recording", *engines, "peer"), rows)


def mix_tables() -> Iterator[str]:
    """Made-up bands."""
    means = results("mixes")["mean"]
    yield "Made-up bands that were not taken apart (`benchmarks/accuracy/mixes.py`), onset F1:\n"
    header = ("engine", "against the guitars' notes", "against guitars' and bass's")
    yield from table(header, [(name, *values.values()) for name, values in means.items()])


def main() -> None:
    before, _, rest = CARD.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [BEGIN, "", *tab_tables(), *note_tables(), *mix_tables(), END]
    CARD.write_text(before + "\n".join(lines) + after, "utf-8")


if __name__ == "__main__":
    main()
