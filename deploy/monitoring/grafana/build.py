#!/usr/bin/env python3
"""Write the dashboards beside this file from the short descriptions below: ``deploy/monitoring/grafana/build.py``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
WIDTH, PANEL_WIDTH, PANEL_HEIGHT = 24, 8, 7
REQUESTS = 'route!~"/health.*"'
DISK, DISKS = "node_filesystem", 'fstype!~"tmpfs|overlay|squashfs"'
HTTP, HTTP_SECONDS = "genesis_http_requests_total", "genesis_http_request_seconds"
CONFIDENCE = "genesis_note_confidence"


@dataclass(frozen=True)
class Panel:
    """One graph: a query for each legend. ``lines`` are heights that mean something (an alert's threshold)."""

    title: str
    queries: dict[str, str]
    unit: str = "short"
    text: str = ""
    lines: tuple[float, ...] = ()


def quantile(share: float, name: str, by: str = "", selector: str = "") -> str:
    """A percentile of a histogram over the dashboard's interval."""
    labels = ", ".join(filter(None, ["le", by]))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({name}_bucket{{{selector}}}[$__rate_interval])))"


def rate(name: str, by: str, selector: str = "") -> str:
    """Growth of a counter a second."""
    return f"sum by ({by}) (rate({name}{{{selector}}}[$__rate_interval]))"


def top(query: str) -> str:
    """The eight largest."""
    return f"topk(8, {query})"


def mean(name: str, by: str) -> str:
    """The mean of what a histogram saw."""
    return f"{rate(name + '_sum', by)} / ({rate(name + '_count', by)} > 0)"


def hourly(part: str, whole: str) -> str:
    """How much of one there is for each of the other, over an hour."""
    return f"sum(rate({part}[1h])) / (sum(rate({whole}[1h])) > 0)"


SERVICE = [
    Panel("Requests a second", {"{{status}}": rate(HTTP, "status", REQUESTS)}, "reqps"),
    Panel(
        "Requests that fail",
        {"5 min": "genesis:http_errors:ratio_rate5m", "1 h": "genesis:http_errors:ratio_rate1h"},
        "percentunit",
        "Answers of 500 and above. The objective is 0.5 %; at 7.2 % somebody is woken.",
        (0.005, 0.072),
    ),
    Panel(
        "Time until an answer begins",
        {
            "median": quantile(0.5, HTTP_SECONDS, "", REQUESTS),
            "95 %": quantile(0.95, HTTP_SECONDS, "", REQUESTS),
        },
        "s",
        lines=(0.5,),
    ),
    Panel(
        "Slowest routes",
        {"{{method}} {{route}}": top(quantile(0.95, HTTP_SECONDS, "method, route", REQUESTS))},
        "s",
    ),
    Panel(
        "Failing routes",
        {"{{method}} {{route}} {{status}}": top(rate(HTTP, "method, route, status", 'status=~"5.."'))},
        "reqps",
    ),
    Panel(
        "Servers and workers that answer",
        {"{{job}}": 'sum by (job) (up{job=~"api|sockets|worker|worker-gpu"})'},
    ),
    Panel("Open sockets", {"{{job}}": "sum by (job) (genesis_socket_connections)"}),
    Panel("Socket events a second", {"{{event}}": rate("genesis_socket_events_total", "event")}, "ops"),
    Panel(
        "Errors and warnings logged",
        {"{{job}} {{level}}": rate("genesis_log_lines_total", "job, level", 'level!="info"')},
        "ops",
    ),
    Panel("Versions", {"{{job}} {{release}}": "count by (job, release) (genesis_build_info)"}),
    Panel("Alerts", {"{{alertname}}": 'sum by (alertname) (ALERTS{alertstate="firing"})'}),
]
WORK = [
    Panel("Jobs that wait", {"{{queue}}": "genesis:queue_length:max"}, lines=(100,)),
    Panel(
        "How long the first has waited",
        {"{{queue}}": "genesis:queue_oldest_seconds:max"},
        "s",
        lines=(300, 1800),
    ),
    Panel("Jobs that run", {"{{queue}}": "max by (queue) (genesis_jobs_running)"}),
    Panel(
        "Jobs that end, a minute",
        {"{{outcome}}": f"60 * {rate('genesis_jobs_total', 'outcome')}"},
        text="refused is the user's to mend, failed is ours.",
    ),
    Panel(
        "Jobs that fail by our fault",
        {"30 min": "genesis:jobs_failed:ratio_rate30m"},
        "percentunit",
        lines=(0.05,),
    ),
    Panel("Dead letters", {"": "genesis:dead_letters:max"}),
    Panel(
        "Attempts that end, a minute",
        {"{{outcome}}": f"60 * {rate('genesis_job_attempts_total', 'outcome')}"},
    ),
    Panel(
        "Time of a job",
        {"median": quantile(0.5, "genesis_job_seconds"), "95 %": quantile(0.95, "genesis_job_seconds")},
        "s",
    ),
    Panel(
        "Time until a worker has it",
        {
            "median": quantile(0.5, "genesis_job_wait_seconds"),
            "95 %": quantile(0.95, "genesis_job_wait_seconds"),
        },
        "s",
    ),
    Panel("Time of each stage (mean)", {"{{stage}}": mean("genesis_stage_seconds", "stage")}, "s"),
    Panel("Time of each network (mean)", {"{{engine}}": mean("genesis_model_seconds", "engine")}, "s"),
    Panel(
        "Music listened to, a second",
        {"seconds of audio": "sum(rate(genesis_audio_seconds_total[$__rate_interval]))"},
    ),
]
STORES = [
    Panel("Parts that answer", {"{{part}}": "min by (part) (genesis_part_up)"}),
    Panel(
        "Circuits",
        {"{{service}}": "max by (service) (genesis_breaker_state)"},
        text="0 closed, 1 half-open, 2 open.",
    ),
    Panel("What could be read", {"{{reading}}": "min by (reading) (genesis_reading_up)"}),
    Panel(
        "Connections to the primary",
        {"taken": "max(genesis_database_connections)", "limit": "max(genesis_database_connections_limit)"},
    ),
    Panel("Readings by server", {"{{server}}": rate("genesis_database_reads_total", "server")}, "ops"),
    Panel("Replica's lag", {"seconds": "max(genesis_replica_lag_seconds)"}, "s", lines=(60,)),
    Panel("Replica's lag in bytes", {"bytes": "max(genesis_replica_lag_bytes)"}, "bytes"),
    Panel("Size of the database", {"bytes": "max(genesis_database_bytes)"}, "bytes"),
    Panel(
        "Memory of Redis",
        {"used": "max(genesis_redis_memory_bytes)", "limit": "max(genesis_redis_memory_limit_bytes)"},
        "bytes",
    ),
    Panel(
        "Hits of the caches",
        {"{{cache}}": "genesis:cache_hits:ratio_rate1h"},
        "percentunit",
        "redis: pages' data. stages: recordings that were heard before.",
    ),
    Panel("What went on without Redis", {"{{part}}": rate("genesis_redis_skipped_total", "part")}, "ops"),
    Panel(
        "Age of the last backup",
        {"{{kind}}": "time() - genesis_backup_last_success_timestamp_seconds"},
        "s",
        lines=(93600,),
    ),
    Panel(
        "Space that is left",
        {"{{instance}} {{mountpoint}}": f"{DISK}_avail_bytes{{{DISKS}}} / {DISK}_size_bytes{{{DISKS}}}"},
        "percentunit",
        lines=(0.15, 0.05),
    ),
]
ACCURACY = [
    Panel(
        "Mean confidence of notes",
        {"1 h": "genesis:note_confidence:mean1h", "1 d": "avg_over_time(genesis:note_confidence:mean1h[1d])"},
        "percentunit",
        "A proxy: no reference says what was played. It falls with worse recordings as well as with a worse network.",
    ),
    Panel(
        "Transcriptions by confidence",
        {
            "below 0.5": hourly(f'{CONFIDENCE}_bucket{{le="0.5"}}', f"{CONFIDENCE}_count"),
            "below 0.7": hourly(f'{CONFIDENCE}_bucket{{le="0.7"}}', f"{CONFIDENCE}_count"),
        },
        "percentunit",
    ),
    Panel(
        "Seconds of network for a second of music",
        {"1 h": "genesis:model_seconds_per_audio_second:rate1h"},
        "s",
    ),
    Panel(
        "Recordings that were of no use",
        {"refused": hourly('genesis_jobs_total{outcome="refused"}', "genesis_jobs_total")},
        "percentunit",
    ),
    Panel(
        "Length of a recording (mean)",
        {"seconds": hourly("genesis_audio_seconds_total", f"{CONFIDENCE}_count")},
        "s",
    ),
]
DASHBOARDS = {
    "service": ("Genesis: service", SERVICE),
    "work": ("Genesis: workers and pipeline", WORK),
    "stores": ("Genesis: data stores", STORES),
    "accuracy": ("Genesis: accuracy proxies", ACCURACY),
}


def dashboard(uid: str, title: str, panels: list[Panel]) -> dict[str, Any]:
    """A dashboard as Grafana provisions it."""
    return {
        "uid": f"genesis-{uid}",
        "title": title,
        "tags": ["genesis"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["genesis"], "title": "Genesis", "asDropdown": True}],
        "panels": [_graph(index, panel) for index, panel in enumerate(panels)],
    }


def _graph(index: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "prometheus"}
    row, column = divmod(index, WIDTH // PANEL_WIDTH)
    place = {"x": column * PANEL_WIDTH, "y": row * PANEL_HEIGHT, "w": PANEL_WIDTH, "h": PANEL_HEIGHT}
    steps = [{"color": "transparent", "value": None}, *({"color": "red", "value": at} for at in panel.lines)]
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.text,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "custom": {"thresholdsStyle": {"mode": "line" if panel.lines else "off"}},
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(65 + number), "datasource": source, "expr": expr, "legendFormat": legend}
            for number, (legend, expr) in enumerate(panel.queries.items())
        ],
    }


def texts() -> dict[Path, str]:
    """Every dashboard's file."""
    return {
        FOLDER / f"{uid}.json": json.dumps(dashboard(uid, title, panels), indent=1) + "\n"
        for uid, (title, panels) in DASHBOARDS.items()
    }


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text)
