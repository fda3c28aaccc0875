"""A real Prometheus with the figures of good and bad canaries: the verdict asks it as it will in production."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from deploy.release.verdict import Verdict
from genesis_music.service.platform.child import ChildProcess
from tests.deploy.tools import DEPLOY
from tests.service.servers import await_ready, fetch, free_ports, unavailable

START = 1_780_000_000
"""Some moment; the queries are asked for one ten minutes later."""
SECONDS, STEP = 900, 15
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5)


def counted(namespace: str, track: str, errors_per_second: float, slow_share: float) -> list[str]:
    """Lines of counters that grow: ten requests a second, probes beside them that always answer well and fast."""
    lines = []
    for seconds in range(0, SECONDS, STEP):
        where, total = f'namespace="{namespace}",track="{track}",method="GET"', 10.0 * seconds
        probes = f'{where},route="/health/ready"'
        for status, count in (
            ("200", total - errors_per_second * seconds),
            ("503", errors_per_second * seconds),
        ):
            lines.append(
                _line(
                    "requests_total", f'{where},route="/api/v1/transcribe",status="{status}"', count, seconds
                )
            )
        lines.append(_line("requests_total", f'{probes},status="200"', 1000.0 * seconds, seconds))
        for bucket in (*BUCKETS, "+Inf"):
            fast = total * (1 - slow_share) if bucket == "+Inf" or bucket < 2.5 else total
            value = total if bucket == "+Inf" else fast if bucket >= 0.25 else 0.0  # type: ignore[operator]
            lines.append(
                _line(
                    "request_seconds_bucket",
                    f'{where},route="/api/v1/transcribe",le="{bucket}"',
                    value,
                    seconds,
                )
            )
    return lines


def _line(name: str, labels: str, value: float, seconds: int) -> str:
    return f"genesis_http_{name}{{{labels}}} {value} {START + seconds}"


def families() -> str:
    """OpenMetrics: every series of a family together."""
    lines = [
        *counted("fine", "stable", 0.01, 0.0),
        *counted("fine", "canary", 0.01, 0.0),
        *counted("failing", "stable", 0.01, 0.0),
        *counted("failing", "canary", 2.0, 0.0),
        *counted("slow", "stable", 0.01, 0.0),
        *counted("slow", "canary", 0.01, 0.3),
        *counted("idle", "stable", 0.01, 0.0),
    ]
    lines.sort(key=lambda line: line.partition("}")[0])  # the moments of a series stay in order
    requests = [line for line in lines if "requests_total" in line]
    buckets = [line for line in lines if "seconds_bucket" in line]
    head = "# TYPE genesis_http_requests counter", "# TYPE genesis_http_request_seconds histogram"
    return "\n".join([head[0], *requests, head[1], *buckets, "# EOF\n"])


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that holds the figures."""
    folder = tmp_path_factory.mktemp("prometheus")
    if not (promtool := shutil.which("promtool")) or not (program := shutil.which("prometheus")):
        unavailable("Prometheus is not installed: apt install prometheus")
    (folder / "figures").write_text(families())
    made = ["tsdb", "create-blocks-from", "openmetrics", folder / "figures", folder / "data"]
    subprocess.run([promtool, *made], check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("global: {}\n")
    [port] = free_ports(1)
    options = {
        "config.file": folder / "prometheus.yml",
        "storage.tsdb.path": folder / "data",
        "storage.tsdb.retention.time": "20y",
        "web.listen-address": f"127.0.0.1:{port}",
    }
    command = [program, *(f"--{name}={value}" for name, value in options.items())]
    child = ChildProcess(command, log=folder / "prometheus.log")
    try:
        yield await_up(child, f"http://127.0.0.1:{port}")
    finally:
        child.stop()


def await_up(child: ChildProcess, url: str) -> str:
    def answers() -> bool:
        try:
            return bool(fetch(f"{url}/-/ready"))
        except (URLError, OSError):
            return False

    await_ready(child, answers)
    return url


@pytest.mark.parametrize(
    ("namespace", "verdict", "said"),
    [
        ("fine", Verdict.HEALTHY, "0.1% errors"),
        ("failing", Verdict.SICK, "20.0% errors, stable 0.1%"),
        ("slow", Verdict.SICK, "stable 0.2"),
        ("idle", Verdict.UNKNOWN, "0 requests"),
        ("nowhere", Verdict.UNKNOWN, "0 requests"),
    ],
)
def test_the_verdict_on_a_canary(namespace: str, verdict: Verdict, said: str, prometheus: str) -> None:
    where = ["--prometheus", prometheus, "--namespace", namespace, "--time", str(START + 600)]
    done = subprocess.run(
        [sys.executable, Path(DEPLOY / "release/verdict.py"), *where],
        capture_output=True,
        text=True,
        check=False,
    )
    assert Verdict(done.returncode) is verdict, done.stdout + done.stderr
    assert said in done.stdout
