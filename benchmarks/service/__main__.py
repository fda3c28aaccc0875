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
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed: compiled modules are kept
    scale = SMALL if arguments.small else FULL
    results: dict[str, Any] = {"command": "make bench-service", "scale": asdict(scale), "machine": _machine()}
    if "start" in arguments.parts:
        results["start"] = [asdict(start) for start in measure_start()]
    if set(arguments.parts) - {"start"}:
        with whole_service(API_PROCESSES) as world:
            for part, measure in _parts(world, scale).items():
                if part in arguments.parts:
                    results[part] = asdict(measure())
                    print(part, "is measured", flush=True)
                    _keep(results, arguments)
    _keep(results, arguments)
    print_tables(results)


def _keep(results: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Write what there is so far; parts that were not asked for stay as they were measured before."""
    path = arguments.results or (None if arguments.small else RESULTS)
    if path is not None:
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(before | results, indent=1) + "\n")


def _parts(world: World, scale: Scale) -> dict[str, Callable[[], Any]]:
    """What is measured in the running service, in this order."""
    people = world.people(scale.people)
    return {
        "song": lambda: _song(world, people[0], scale),
        "endpoints": lambda: measure_endpoints(
            world, people, _songs(world), users=scale.users, requests=scale.requests
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


def _songs(world: World) -> list[str]:
    """Ids of the finished transcriptions, which are the first person's."""
    with world.platform.database.writing() as session:
        finished = session.query(Transcription.id).filter(Transcription.result_prefix.is_not(None))
        return [str(id_) for (id_,) in finished]


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
    parser.add_argument("--small", action="store_true", help="a try; writes no results unless told where")
    parser.add_argument("--results", type=Path, help="file for the results, instead of the committed one")
    parser.add_argument(
        "--parts", nargs="+", choices=parts, default=parts, help="others stay as they were measured before"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
