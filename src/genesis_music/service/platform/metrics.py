"""What a process counts and measures for Prometheus; without a port for it nothing is loaded and nothing counted.

Instruments are declared beside the code that uses them and begin to count with :func:`start_metrics`.

All processes of one command (uvicorn's, Celery's parent and children) share one port: each writes its values into a
folder (``prometheus_client``'s multiprocess mode), and the one that began adds them up when it is asked. With a port
for each there would be as many targets as processes, other ones after each restart of a child, and what a dead child
had counted would be gone: rates would fall where they should rise.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Read by ``prometheus_client`` when it is loaded, and then by every child."""
_BEGUN_BY = "GENESIS_METRICS_BEGUN_BY"
"""Process id of the one that serves; children inherit it and only write."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Buckets for answers to somebody who waits."""
LONG_SECONDS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Buckets for work."""

_instruments: list[_Instrument] = []
_begun = threading.Event()
_values = threading.Lock()
"""Held while a value changes and while this process forks: a child must not inherit a lock that nobody releases."""


class _Instrument:
    """A metric by name, explanation and labels."""

    kind: ClassVar[str]

    def __init__(self, name: str, text: str, labels: Iterable[str] = (), **options: Any) -> None:
        self.name, self.text, self.labels = name, text, tuple(labels)
        self._options = options
        self._real: Any = None
        _instruments.append(self)
        if _begun.is_set():
            self.begin()

    def begin(self) -> None:
        """Count from now on."""
        import prometheus_client

        make = getattr(prometheus_client, self.kind)
        self._real = make(self.name, self.text, self.labels, registry=None, **self._options)

    def _change(self, change: Callable[[Any], object], labels: dict[str, str]) -> None:
        if self._real is None:
            return
        with _values:
            change(self._real.labels(**labels) if self.labels else self._real)


class Counter(_Instrument):
    """Something that only grows."""

    kind = "Counter"

    def add(self, amount: float = 1.0, **labels: str) -> None:
        """Count."""
        self._change(lambda real: real.inc(amount), labels)


class Level(_Instrument):
    """Something of living processes that goes up and down; what a process had goes with it."""

    kind = "Gauge"

    def __init__(self, name: str, text: str, labels: Iterable[str] = ()) -> None:
        super().__init__(name, text, labels, multiprocess_mode="livesum")

    def add(self, amount: float = 1.0, **labels: str) -> None:
        """Change it by so much."""
        self._change(lambda real: real.inc(amount), labels)


class Histogram(_Instrument):
    """How often what size was seen; ``buckets`` are upper edges."""

    kind = "Histogram"

    def __init__(
        self, name: str, text: str, labels: Iterable[str] = (), *, buckets: tuple[float, ...] = SECONDS
    ) -> None:
        super().__init__(name, text, labels, buckets=buckets)

    def observe(self, value: float, **labels: str) -> None:
        """Take a value."""
        self._change(lambda real: real.observe(value), labels)


def declared() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Kind and labels of every instrument that is loaded, by name."""
    return {one.name: (one.kind, one.labels) for one in _instruments}


def start_metrics() -> Path | None:
    """Count from now on in this process; the folder to serve from, if it is the first one of its command.

    To be called before any fork, and again in processes that were started anew. Safe to repeat.
    """
    if _begun.is_set():
        return None
    served = _BEGUN_BY in os.environ
    if not served:
        _make_folder()
    os.register_at_fork(
        before=_values.acquire, after_in_parent=_values.release, after_in_child=_values.release
    )
    _begun.set()
    for instrument in _instruments:
        instrument.begin()
    return None if served else Path(os.environ[_FOLDER])


def _make_folder() -> None:
    folder = tempfile.mkdtemp(prefix="genesis-metrics-")
    os.environ[_FOLDER], os.environ[_BEGUN_BY] = folder, str(os.getpid())
    atexit.register(_remove, folder, os.getpid())


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child may run this as well
        shutil.rmtree(folder, ignore_errors=True)
