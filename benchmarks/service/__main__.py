"""What the service costs and bears: in production mode with real servers on this one machine, clients included.

    make bench-service        (python -m benchmarks.service; --small for a try)

Hypotheses: ``genesis serve`` answers within 3 s; a job costs the queue and the service less than 50 ms of processor
time; 1,000 followers hear every event; 200 uploads at once are all taken, in bounded memory; memory stays flat over
10,000 requests. Where other programs run beside it, times are worse than they would be; processor times hardly are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.service.endpoints import measure_endpoints
from benchmarks.service.jobs import measure_queue, measure_song
from benchmarks.service.sockets import measure_sockets
from benchmarks.service.start import measure_start
from benchmarks.service.table import print_tables
from benchmarks.service.uploads import measure_uploads
from benchmarks.service.world import Person, World, whole_service
from benchmarks.speed import looped
from genesis_music.service.transcriptions.tables import Transcription

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results/service.json"
EXAMPLE = ROOT / "examples/morning-porch.ogg"
API_PROCESSES = 2


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    people: int
    requests: int
    users: int
    sockets: int
    rounds: int
    uploads: int
    upload_seconds: float
    jobs: int
    song_minutes: float


FULL = Scale(40, 10_000, 16, 1000, 10, 200, 30.0, 500, 3.0)
SMALL = Scale(8, 400, 4, 40, 2, 10, 2.0, 40, 0.5)


def main() -> None:
    """Measure, print tables, write the results."""
    arguments = _arguments()
    scale = SMALL if arguments.small else FULL
    results: dict[str, Any] = {"command": "make bench-service", "scale": asdict(scale), "machine": _machine()}
    if "start" in arguments.parts:
        results["start"] = [asdict(start) for start in measure_start()]
    if set(arguments.parts) - {"start"}:
        with whole_service(API_PROCESSES) as world:
            for part, measure in _parts(world, scale).items():
                if part in arguments.parts:
                    results[part] = asdict(measure())
                    print(part, json.dumps(results[part])[:2000], flush=True)
    print_tables(results)
    if not arguments.small:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def _parts(world: World, scale: Scale) -> dict[str, Callable[[], Any]]:
    """What is measured in the running service, in this order."""
    people = world.people(scale.people)
    return {
        "song": lambda: _song(world, people[0], scale),
        "endpoints": lambda: measure_endpoints(
            world, _with_songs(world, people), users=scale.users, requests=scale.requests
        ),
        "queue": lambda: measure_queue(world, people, scale.jobs),
        "sockets": lambda: measure_sockets(world, people, sockets=scale.sockets, rounds=scale.rounds),
        "uploads": lambda: measure_uploads(
            world, people, uploads=scale.uploads, seconds_each=scale.upload_seconds
        ),
    }


def _song(world: World, person: Person, scale: Scale) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return measure_song(world, person, looped(EXAMPLE, scale.song_minutes, Path(folder)))


def _with_songs(world: World, people: list[Person]) -> list[tuple[Person, list[str]]]:
    """Whoever has songs that are complete."""
    with world.platform.database.writing() as session:
        finished = session.query(Transcription.id).filter(Transcription.result_prefix.is_not(None))
        ids = [str(id_) for (id_,) in finished]
    return [(people[0], ids)]


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gigabytes": round(psutil.virtual_memory().total / 1024**3),
        "python": platform.python_version(),
        "architecture": platform.machine(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ["start", "song", "endpoints", "queue", "sockets", "uploads"]
    parser.add_argument("--small", action="store_true", help="a try; writes no results")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    return parser.parse_args()


if __name__ == "__main__":
    main()
