"""Speed and memory of the whole command, beside the ``basic-pitch`` command on the same file.

    benchmarks/peer.sh && python -m benchmarks.speed --peer build/peer/bin/basic-pitch

Hypothesis: a transcription with all files costs at most 0.4 (30 s), 0.6 (180 s), 0.2 (60 min) of the peer's wall
time, the network is most of it, the cost per minute is flat, and 60 minutes stay under 500 MB.

The recording is the bundled example (or ``--recording``), looped. Times are wall times of whole processes (start
of the interpreter included), the median of ``--repeats`` for short files, peers taken in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/speed.json"
SAMPLE_RATE_HZ = 44_100
MINUTES = (0.5, 1, 3, 10, 60)
# As installed: both commands may keep their compiled modules; the first, compiling run does not count.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
BARS = {0.5: 0.4, 3: 0.6, 60: 0.2}


@dataclass(frozen=True)
class Run:
    """One whole process."""

    wall_seconds: float
    peak_megabytes: float
    processor_seconds: float
    stage_seconds: dict[str, float]


def looped(recording: Path, minutes: float, folder: Path) -> Path:
    """Write a WAV of the recording repeated up to a length, without holding it in memory."""
    once = decode(recording)
    path = folder / f"{minutes:g}-minutes.wav"
    wanted = int(minutes * 60 * SAMPLE_RATE_HZ)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE_HZ, layout="mono")
        for start in range(0, wanted, len(once)):
            block = once[: min(len(once), wanted - start)]
            frame = av.AudioFrame.from_ndarray(block[None], format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE_HZ
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decode(recording: Path) -> np.ndarray:
    """Decode to 16-bit mono."""
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
    with av.open(str(recording)) as container:
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def measure(command: list[str]) -> Run:
    """Run a command to its end; what it took, and the stage times it prints (if it does)."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        output.seek(0)
        lines = output.read().splitlines()
    if status != 0:
        raise SystemExit(f"{command[0]} failed: {lines[-3:]}")
    events = [json.loads(line) for line in lines if line.startswith('{"event": "complete"')]
    stages = events[0]["stage_seconds"] if events else {}
    processor = round(usage.ru_utime + usage.ru_stime, 3)
    return Run(round(wall, 3), round(usage.ru_maxrss / 1024, 1), processor, stages)


def median(runs: list[Run]) -> Run:
    """The run with the median wall time."""
    middle = statistics.median_low(run.wall_seconds for run in runs)
    return next(run for run in runs if run.wall_seconds == middle)


def compare(audio: Path, peer: Path | None, repeats: int, folder: Path) -> tuple[Run, Run | None]:
    """Measure both commands in turn on one file."""
    genesis = str(Path(sys.executable).with_name("genesis"))
    ours: list[Run] = []
    theirs: list[Run] = []
    for index in range(repeats):
        out = folder / f"out-{index}"
        ours.append(measure([genesis, "transcribe", str(audio), "--out", str(out), "--no-cache", "--json"]))
        if peer:
            out.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as peer_out:
                theirs.append(measure([str(peer), "--model-serialization", "onnx", peer_out, str(audio)]))
    return median(ours), median(theirs) if theirs else None


def main() -> None:
    """Measure, print a table, write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", type=Path, help="the basic-pitch command")
    parser.add_argument("--recording", type=Path, default=ROOT / "examples/morning-porch.ogg")
    parser.add_argument("--minutes", type=float, nargs="+", default=MINUTES)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        compare(looped(arguments.recording, 0.2, Path(name)), arguments.peer, 1, Path(name))
        for minutes in arguments.minutes:
            audio = looped(arguments.recording, minutes, Path(name))
            repeats = arguments.repeats if minutes <= 3 else 1
            ours, theirs = compare(audio, arguments.peer, repeats, Path(name))
            rows.append(row(minutes, ours, theirs))
            print(table_line(rows[-1]), flush=True)
            audio.unlink()
    results = {"command": "make bench-speed", **machine(), "help_seconds": help_seconds(), "rows": rows}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def help_seconds() -> float:
    """Wall time of ``genesis --help``, the best of ten."""
    genesis = str(Path(sys.executable).with_name("genesis"))
    return min(measure([genesis, "--help"]).wall_seconds for _ in range(10))


def row(minutes: float, ours: Run, theirs: Run | None) -> dict[str, object]:
    """One line of the results."""
    listening = ours.stage_seconds.get("Listening", 0.0)
    return {
        "minutes": minutes,
        "genesis": asdict(ours),
        "basic_pitch": asdict(theirs) if theirs else None,
        "ratio": round(ours.wall_seconds / theirs.wall_seconds, 3) if theirs else None,
        "bar": BARS.get(minutes),
        "in_process_seconds_per_minute": round(sum(ours.stage_seconds.values()) / minutes, 3),
        "listening_share": round(listening / sum(ours.stage_seconds.values()), 3),
    }


def table_line(entry: dict[str, object]) -> str:
    """Print one row for people."""
    return "  ".join(f"{key} {value}" for key, value in entry.items() if key not in {"basic_pitch"})


def machine() -> dict[str, object]:
    """What it ran on."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}


if __name__ == "__main__":
    main()
