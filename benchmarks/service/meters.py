"""Processor time and memory of process trees, percentiles of times."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

MEGABYTE = 1024**2
SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Percentiles:
    """Of times in milliseconds."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    longest_ms: float


def percentiles(seconds: Sequence[float]) -> Percentiles:
    """Summarise times; there has to be one at least."""
    ordered = sorted(seconds)
    cuts = statistics.quantiles(ordered, n=100, method="inclusive") if len(ordered) > 1 else ordered * 99
    p50, p95, p99, longest = (round(1000 * value, 2) for value in (cuts[49], cuts[94], cuts[98], ordered[-1]))
    return Percentiles(len(ordered), p50, p95, p99, longest)


class CpuMeter:
    """Processor seconds that named process trees take, also in children that have ended meanwhile."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = dict(processes)
        self._before = self._now()

    def seconds(self) -> dict[str, float]:
        """Since this object was made."""
        return {name: seconds - self._before[name] for name, seconds in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: sum(map(_cpu_seconds, tree(pid))) for name, pid in self._processes.items()}


@dataclass
class MemoryMeter:
    """Resident memory of a process tree, sampled while a block runs."""

    samples_megabytes: list[float] = field(default_factory=list)

    @property
    def peak_megabytes(self) -> float:
        """The most that was seen."""
        return round(max(self.samples_megabytes), 1)


@contextmanager
def memory_of(pid: int) -> Iterator[MemoryMeter]:
    """Watch the memory of the processes that a process has when the block begins.

    What it starts meanwhile, to look into an upload and the like, is short-lived and limited by itself; between its
    fork and its own program it would even be counted as a second copy of its parent.
    """
    lasting = tree(pid)
    meter, ended = MemoryMeter([_resident_megabytes(lasting)]), threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            meter.samples_megabytes.append(_resident_megabytes(lasting))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield meter
    finally:
        ended.set()
        thread.join()
        meter.samples_megabytes.append(_resident_megabytes(lasting))


def resident_megabytes(pid: int) -> float:
    """Memory of a process and all below it."""
    return _resident_megabytes(tree(pid))


def _resident_megabytes(processes: Sequence[psutil.Process]) -> float:
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total / MEGABYTE


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _cpu_seconds(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(sum(process.cpu_times()[:4]))  # its own and those of children that have ended
    return 0.0
