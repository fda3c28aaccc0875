"""How soon ``genesis serve`` answers on a laptop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.service.meters import CpuMeter, resident_megabytes, tree
from benchmarks.service.world import GENESIS, START_SECONDS, await_answer, wait_until
from genesis_music.service.platform.child import ChildProcess
from tests.service.servers import free_ports, scratch

MOST_AT_FIRST = 3
"""Processes before the worker has one that works: server, Redis, worker."""


@dataclass(frozen=True)
class Start:
    """From the command to the first answer; processor time of all its processes until then."""

    folder: str
    seconds: float
    cpu_seconds: float
    megabytes: float


def measure_start() -> list[Start]:
    """Start it twice in one folder: the first time it makes its database. A start before that compiles modules."""
    with scratch("compiling") as folder:
        _start(folder, "compiling")
    with scratch("start") as folder:
        return [_start(folder, kind) for kind in ("new", "used")]


def _start(folder: Path, kind: str) -> Start:
    [port] = free_ports(1)
    command = [GENESIS, "serve", f"--port={port}", f"--data-dir={folder / 'data'}"]
    started = time.monotonic()
    child = ChildProcess(command, log=folder / "serve.log", environment={"GENESIS_MODE": "embedded"})
    try:
        meter = CpuMeter({"all": child.pid})
        await_answer(f"http://127.0.0.1:{port}/health/live", child)
        seconds, cpu = time.monotonic() - started, sum(meter.seconds().values())
        wait_until(
            lambda: len(tree(child.pid)) > MOST_AT_FIRST, START_SECONDS
        )  # the worker's child is there too
        return Start(kind, round(seconds, 2), round(cpu, 2), round(resident_megabytes(child.pid), 1))
    finally:
        child.stop(timeout_seconds=30.0)
