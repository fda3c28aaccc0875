"""What the whole command costs with each engine.

    python -m benchmarks.command_speed [--minutes 0.5 3 10] [--repeats 3]

Hypothesis: with the guitar model the command is no slower than with Basic Pitch, and memory does not grow with length
(``benchmarks/engine_speed.py`` measures the engines alone). Engines are run in turn on the bundled example,
looped; medians. Processor seconds are given too, because they hold on a busy machine as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.speed import ROOT, Run, looped, machine, measure, median
from genesis_music.transcription.engines import ENGINES

RESULTS = ROOT / "benchmarks/results/command-speed.json"


def command(audio: Path, engine: str, folder: Path) -> list[str]:
    genesis = str(Path(sys.executable).with_name("genesis"))
    options = ["--engine", engine, "--out", str(folder / engine), "--no-cache", "--json"]
    return [genesis, "transcribe", str(audio), *options]


def row(engine: str, minutes: float, run: Run) -> dict[str, object]:
    return {"engine": engine, "minutes": minutes, **asdict(run)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recording", type=Path, default=ROOT / "examples/morning-porch.ogg")
    parser.add_argument("--minutes", type=float, nargs="+", default=(0.5, 3, 10))
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for minutes in arguments.minutes:
            audio = looped(arguments.recording, minutes, folder)
            runs: dict[str, list[Run]] = {engine: [] for engine in sorted(ENGINES)}
            for _ in range(arguments.repeats):
                for engine, measured in runs.items():
                    measured.append(measure(command(audio, engine, folder)))
            for engine, measured in runs.items():
                rows.append(row(engine, minutes, median(measured)))
                print({key: value for key, value in rows[-1].items() if key != "stage_seconds"}, flush=True)
            audio.unlink()
    result = {"command": "python -m benchmarks.command_speed", **machine(), "rows": rows}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
