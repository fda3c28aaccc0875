"""How much of everything a number of songs a day needs, from measured figures and named assumptions.

    python -m benchmarks.service.capacity [--song-minutes 3.5 --peak-factor 3 …]

The figures are those of benchmarks/results/service.json; every assumption below is an option. docs/capacity.md
explains the model and says what to change at which size.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results/service.json"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
DAY_SECONDS, MONTH_DAYS, MONTH_HOURS = 86_400, 30, 730
API_PROCESSES_MEASURED = 2


@dataclass(frozen=True)
class Assumptions:
    """What no benchmark here can tell; prices in dollars, those of a usual cloud's lists."""

    song_minutes: float = 3.5
    separated_share: float = 0.0
    separation_cpu_seconds_per_minute: float = 120.0
    recording_megabytes: float = 5.0
    recording_days: float = 90.0
    result_days: float = 365.0
    requests_per_song: float = 40.0
    events_per_song: float = 12.0
    served_megabytes_per_song: float = 8.0
    peak_factor: float = 3.0
    utilisation: float = 0.6
    core_hour: float = 0.035
    worker_core_hour: float = 0.02
    object_gigabyte_month: float = 0.023
    database_gigabyte_month: float = 0.12
    served_gigabyte: float = 0.05


@dataclass(frozen=True)
class Figures:
    """What was measured."""

    worker_cpu_seconds_per_minute: float
    worker_megabytes: float
    job_cpu_ms: float
    upload_cpu_ms: float
    request_cpu_ms: float
    event_cpu_ms: float
    database_job_cpu_ms: float
    database_request_cpu_ms: float
    result_kilobytes: float
    row_kilobytes: float


@dataclass(frozen=True)
class Need:
    """What one size needs, at its peak where that counts."""

    songs_a_day: int
    peak_songs_a_second: float
    worker_cores: float
    api_cores: float
    database_cores: float
    requests_a_second: float
    events_a_second: float
    recordings_terabytes: float
    results_terabytes: float
    database_gigabytes: float
    dollars_a_month: float
    cents_a_song: float


def read_figures(results: dict[str, Any]) -> Figures:
    """Pick the figures that the model uses."""
    song, queue, uploads = results["song"], results["queue"], results["uploads"]
    endpoints, sockets = results["endpoints"], results["sockets"]
    return Figures(
        worker_cpu_seconds_per_minute=song["worker_cpu_seconds"] / song["audio_seconds"] * 60,
        worker_megabytes=song["worker_peak_megabytes"],
        job_cpu_ms=queue["service_cpu_ms_per_job"],
        upload_cpu_ms=uploads["cpu_ms_per_upload"]["api"],
        request_cpu_ms=endpoints["cpu_ms_per_request"]["api"],
        event_cpu_ms=sockets["cpu_ms_per_event"]["api"] / API_PROCESSES_MEASURED,
        database_job_cpu_ms=queue["cpu_ms_per_job"]["postgres primary"],
        database_request_cpu_ms=endpoints["cpu_ms_per_request"]["postgres primary"],
        result_kilobytes=song["result_kilobytes"] / song["audio_seconds"] * 60,
        row_kilobytes=song["row_kilobytes"] / song["audio_seconds"] * 60,
    )


def need(songs_a_day: int, figures: Figures, given: Assumptions) -> Need:
    """Work out what a size needs."""
    peak = songs_a_day * given.peak_factor / DAY_SECONDS
    worker = _worker_seconds(figures, given) * peak / given.utilisation
    api = _api_cores(peak, figures, given)
    database_ms = figures.database_job_cpu_ms + given.requests_per_song * figures.database_request_cpu_ms
    database = database_ms / 1000 * peak / given.utilisation
    recordings = songs_a_day * given.recording_days * given.recording_megabytes / 1e6
    results = songs_a_day * given.result_days * figures.result_kilobytes * given.song_minutes / 1e9
    rows = songs_a_day * given.result_days * figures.row_kilobytes * given.song_minutes / 1e6
    dollars = _dollars(songs_a_day, worker, api + 2 * database, recordings + results, rows, given)
    return Need(
        songs_a_day,
        peak,
        worker,
        api,
        database,
        peak * given.requests_per_song,
        peak * given.events_per_song,
        recordings,
        results,
        rows,
        dollars,
        100 * dollars / songs_a_day / MONTH_DAYS,
    )


def _worker_seconds(figures: Figures, given: Assumptions) -> float:
    """Processor seconds of one song."""
    separation = given.separated_share * given.separation_cpu_seconds_per_minute
    return given.song_minutes * (figures.worker_cpu_seconds_per_minute + separation)


def _api_cores(peak: float, figures: Figures, given: Assumptions) -> float:
    """Every API process hears every event, so a part of the cost grows with their number, which it has a part in."""
    own_ms = figures.job_cpu_ms + figures.upload_cpu_ms + given.requests_per_song * figures.request_cpu_ms
    own = own_ms / 1000 * peak / given.utilisation
    hearing = figures.event_cpu_ms / 1000 * peak * given.events_per_song / given.utilisation
    return own / max(1e-9, 1 - hearing) if hearing < 1 else float("inf")


def _dollars(
    songs: int, worker: float, others: float, objects_tb: float, database_gb: float, given: Assumptions
) -> float:
    """A month: workers come and go with the load, the others are there for the peak; two copies of the database."""
    computing = MONTH_HOURS * (worker / given.peak_factor * given.worker_core_hour + others * given.core_hour)
    keeping = (
        1000 * objects_tb * given.object_gigabyte_month + 2 * database_gb * given.database_gigabyte_month
    )
    serving = songs * MONTH_DAYS * given.served_megabytes_per_song / 1000 * given.served_gigabyte
    return computing + keeping + serving


def _number(value: float) -> str:
    return f"{value:,.0f} |" if value >= 100 else f"{value:.2g} |"


def main() -> None:
    """Print the figures and a table of the sizes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for one in fields(Assumptions):
        parser.add_argument(f"--{one.name.replace('_', '-')}", type=float, default=one.default)
    given = Assumptions(**vars(parser.parse_args()))
    figures = read_figures(json.loads(RESULTS.read_text()))
    for one in fields(Figures):
        print(f"{one.name.replace('_', ' '):34} {getattr(figures, one.name):10.3g}")
    needs = [need(size, figures, given) for size in SIZES]
    print()
    for row in fields(Need):
        print(f"| {row.name.replace('_', ' ')} |", *(_number(getattr(one, row.name)) for one in needs))


if __name__ == "__main__":
    main()
