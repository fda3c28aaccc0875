"""Times of the endpoints under a mix of requests (locust), what a request costs, and whether memory stays flat."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.service.meters import CpuMeter, memory_of, resident_megabytes
from benchmarks.service.world import Person, World

LOCUSTFILE = Path(__file__).with_name("locustfile.py")


@dataclass(frozen=True)
class Endpoint:
    """Times of one kind of request in milliseconds; ``failures`` are 4xx, 5xx and broken connections."""

    name: str
    requests: int
    failures: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Endpoints:
    """A run: ``cpu_ms_per_request`` by part, memory of all API processes together."""

    users: int
    seconds: float
    requests: int
    failures: int
    requests_per_second: float
    cpu_ms_per_request: dict[str, float]
    megabytes_before: float
    megabytes_peak: float
    megabytes_after: float
    endpoints: list[Endpoint]


def measure_endpoints(
    world: World, people: Sequence[Person], songs: Sequence[str], *, users: int, requests: int
) -> Endpoints:
    """Let ``users`` clients send ``requests``, as fast as they are answered; ``songs`` are the first person's."""
    _run_locust(world, people, songs, users, max(200, requests // 20))  # caches, pools and allocators fill
    processes = {"api": world.api.pid} | world.servers()
    before, meter, started = resident_megabytes(world.api.pid), CpuMeter(processes), time.monotonic()
    with memory_of(world.api.pid) as memory:
        rows = _run_locust(world, people, songs, users, requests)
    seconds, cpu = time.monotonic() - started, meter.seconds()
    count = sum(row["num_requests"] for row in rows)
    return Endpoints(
        users=users,
        seconds=round(seconds, 1),
        requests=count,
        failures=sum(row["num_failures"] for row in rows),
        requests_per_second=round(count / seconds, 1),
        cpu_ms_per_request={name: round(1000 * used / count, 2) for name, used in cpu.items()},
        megabytes_before=round(before, 1),
        megabytes_peak=memory.peak_megabytes,
        megabytes_after=round(memory.samples_megabytes[-1], 1),
        endpoints=sorted(map(_endpoint, rows), key=lambda row: row.name),
    )


def _run_locust(
    world: World, people: Sequence[Person], songs: Sequence[str], users: int, requests: int
) -> list[dict[str, Any]]:
    plan = world.folder / "plan.json"
    tokens = [person.token for person in people]
    plan.write_text(json.dumps({"requests": requests, "tokens": tokens, "songs": list(songs)}))
    command = [sys.executable, "-m", "locust", "-f", LOCUSTFILE, "--headless", "--json", "--skip-log-setup"]
    options = ["-u", str(users), "-r", str(users), "-H", world.url, "-t", "600s"]
    environment = world.environment | {"BENCH_PLAN": str(plan), "PATH": ""}
    run = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
    rows: list[dict[str, Any]] = json.loads(run.stdout or "[]")
    if not rows:
        raise SystemExit(f"locust said nothing: {run.stderr[-2000:]}")
    return rows


def _endpoint(row: dict[str, Any]) -> Endpoint:
    times = {float(time_ms): int(count) for time_ms, count in row["response_times"].items()}
    name = row["name"] if " " in row["name"] else f"{row['method']} {row['name']}"
    p50, p95, p99 = (_percentile(times, share) for share in (0.5, 0.95, 0.99))
    return Endpoint(name, row["num_requests"], row["num_failures"], p50, p95, p99)


def _percentile(times: dict[float, int], share: float) -> float:
    """From a histogram, as locust rounds its times."""
    wanted, seen = share * sum(times.values()), 0
    for time_ms in sorted(times):
        seen += times[time_ms]
        if seen >= wanted:
            return time_ms
    return 0.0
