"""The metrics' own port: what all processes of the command have counted, and what is read when somebody asks."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genesis_music.errors import SettingsError

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
"""For all readings together: Prometheus itself waits ten seconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value that was read."""

    quantity: Quantity
    value: float
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is not counted but read: its name, explanation and labels."""

    name: str
    text: str
    labels: tuple[str, ...] = ()

    def __call__(self, value: float, **labels: str) -> Sample:
        """A value of it."""
        return Sample(self, value, labels)


@dataclass(frozen=True, slots=True)
class Reading:
    """Asks a part of the service when Prometheus asks us; what does not answer in time is left out."""

    name: str
    read: Callable[[], Iterable[Sample]]


READING_UP = Quantity(
    "genesis_reading_up", "Whether what is read at every scrape could be read.", ("reading",)
)


def serve_metrics(folder: Path, host: str, port: int, readings: Sequence[Reading]) -> None:
    """Answer on a port of its own from a thread, until the process ends.

    Raises:
        SettingsError: the port cannot be used.
    """
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    registry.register(_Living(folder))
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    registry.register(_Readings(readings))
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        raise SettingsError(f"GENESIS_METRICS_PORT: port {port} {why}; choose another one.") from error
    # A child that outlives this process must not keep its port.
    os.register_at_fork(after_in_child=server.socket.close)


class _Living:
    """Removes the levels of processes that are no more, before the others are added up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for path in self._folder.glob("gauge_live*_*.db"):
            if not _lives(int(path.stem.rpartition("_")[2])):
                path.unlink(missing_ok=True)
        yield from ()

    def describe(self) -> list[GaugeMetricFamily]:
        return []


class _Readings:
    """Reads everything at once, each in a thread; one that hangs is not asked again before it has ended."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._asked = {reading: _Asked(reading) for reading in readings}

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from prometheus_client.core import GaugeMetricFamily

        families: dict[Quantity, GaugeMetricFamily] = {}
        for sample in self._samples():
            quantity = sample.quantity
            family = families.setdefault(
                quantity, GaugeMetricFamily(quantity.name, quantity.text, labels=quantity.labels)
            )
            family.add_metric([sample.labels[label] for label in quantity.labels], sample.value)
        yield from families.values()

    def _samples(self) -> Iterator[Sample]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        for reading, asked in self._asked.items():
            if not asked.is_alive():
                self._asked[reading] = _Asked(reading)
                self._asked[reading].start()
        for reading, asked in self._asked.items():
            samples = asked.answer(deadline)
            yield READING_UP(float(samples is not None), reading=reading.name)
            yield from samples or ()


class _Asked(threading.Thread):
    """A reading under way, which holds up neither a scrape nor the end of the process."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(name=f"reading {reading.name}", daemon=True)
        self._reading = reading
        self._samples: list[Sample] | None = None

    def run(self) -> None:
        try:
            self._samples = list(self._reading.read())
        except Exception as error:
            log.warning("the metrics go without %s: %s", self._reading.name, error)

    def answer(self, deadline: float) -> list[Sample] | None:
        """What was read, or ``None`` when it failed or takes too long."""
        self.join(max(0.0, deadline - time.monotonic()))
        if self.is_alive():
            log.warning("the metrics go without %s: it does not answer", self._reading.name)
        return self._samples


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
