"""Speed and memory of the engines alone: audio in memory to activations.

    python -m benchmarks.engine_speed

Hypothesis: the guitar engine needs at most 0.02 x real time on 2 cores, processor time of both together, and no more
memory for ten minutes than for one (apart from the recording itself). Every figure comes from a process of its own; the
model is loaded before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.speed import ROOT
from genesis_music.audio.load import load_audio
from genesis_music.audio.recording import ArrayAudio
from genesis_music.transcription.engines import ENGINES, get_engine

RESULTS = ROOT / "benchmarks/results/engine-speed.json"
RECORDING = ROOT / "examples/morning-porch.ogg"
MINUTES = (1.0, 10.0)
BAR = 0.02


@dataclass(frozen=True)
class Measured:
    """Times in multiples of the recording's length; memory without the recording."""

    engine: str
    minutes: float
    processor_share: float
    wall_share: float
    peak_megabytes: float


def measure(engine_name: str, minutes: float) -> Measured:
    engine = get_engine(engine_name)
    with load_audio(RECORDING, sample_rate_hz=engine.sample_rate_hz) as audio:
        once = audio.read(0, audio.frames)
    samples = np.resize(once, round(minutes * 60 * engine.sample_rate_hz))
    for _ in engine.activations(ArrayAudio(once, engine.sample_rate_hz)):
        break
    before, started = _processor_seconds(), time.monotonic()
    for _ in engine.activations(ArrayAudio(samples, engine.sample_rate_hz)):
        pass
    wall, processor = time.monotonic() - started, _processor_seconds() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - samples.nbytes / 2**20
    return Measured(engine_name, minutes, processor / 60 / minutes, wall / 60 / minutes, peak)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "MINUTES"), help="measure in this process")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asdict(measure(options.one[0], float(options.one[1])))))
        return
    rows = []
    print("engine        minutes  processor x  wall x  MB")
    for engine in ENGINES:
        for minutes in MINUTES:
            command = [sys.executable, "-m", "benchmarks.engine_speed", "--one", engine, str(minutes)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
            rows.append(Measured(**json.loads(done.stdout)))
            row = rows[-1]
            shares = f"{row.processor_share:11.4f}  {row.wall_share:6.4f}"
            print(f"{engine:13} {minutes:7g}  {shares}  {row.peak_megabytes:.0f}")
    report = {
        "command": "python -m benchmarks.engine_speed",
        "bar": BAR,
        "rows": [asdict(row) for row in rows],
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
