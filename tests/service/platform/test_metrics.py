"""Metrics of several processes on one port; without a port nothing is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.receivers import scrape
from tests.service.servers import free_ports

DECLARE = """
import os, sys, time
from genesis_music.service.platform.metrics import Counter, Histogram, Level, start_metrics
from genesis_music.service.platform.metrics_server import Quantity, Reading, serve_metrics
done = Counter("genesis_test_total", "Done.", ("what",))
took = Histogram("genesis_test_seconds", "Took.")
open_now = Level("genesis_test_open", "Open.")
"""
READINGS = """
depth = Quantity("genesis_test_depth", "How deep.", ("where",))
def broken():
    raise ValueError("for ann@example.com")
readings = [Reading("well", lambda: [depth(7, where="well")]), Reading("broken", broken)]
"""
SERVE = """
serve_metrics(start_metrics(), "127.0.0.1", {port}, readings)
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", DECLARE + program], capture_output=True, text=True, timeout=120, check=False
    )


class Running:
    """A program that goes on until its input ends."""

    def __init__(self, program: str) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", DECLARE + program + "\nprint('ready', flush=True)\nsys.stdin.read()\n"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n"

    def __enter__(self) -> None:
        """It runs already."""

    def __exit__(self, *_: object) -> None:
        self.child.communicate(timeout=60)


def test_without_a_port_nothing_is_loaded_and_counting_does_nothing() -> None:
    program = "done.add(what='x')\ntook.observe(1)\nopen_now.add()\nprint('prometheus_client' in sys.modules)"
    assert run(program).stdout == "False\n"


def test_what_children_counted_stays_when_they_end_and_what_was_open_goes() -> None:
    [port] = free_ports(1)
    program = f"""{READINGS}{SERVE.format(port=port)}
done.add(what="parent")
for _ in range(3):
    if os.fork() == 0:
        done.add(2, what="child")
        took.observe(0.3)
        open_now.add(5)
        os._exit(0)
    os.wait()
open_now.add()
"""
    with Running(program):
        shown = scrape(port)
    assert shown.total("genesis_test_total", what="parent") == 1
    assert shown.total("genesis_test_total", what="child") == 6
    assert shown.total("genesis_test_seconds_bucket", le="0.5") == 3
    assert shown.total("genesis_test_open") == 1


def test_a_process_that_was_started_anew_counts_with_the_one_that_serves() -> None:
    [port] = free_ports(1)
    child = "assert start_metrics() is None\\ndone.add(what='spawned')"
    program = f"""{READINGS}{SERVE.format(port=port)}
import subprocess
subprocess.run([sys.executable, "-c", {DECLARE!r} + "{child}"], check=True)
"""
    with Running(program):
        assert scrape(port).total("genesis_test_total", what="spawned") == 1


def test_what_cannot_be_read_is_said_and_holds_up_nothing_else() -> None:
    [port] = free_ports(1)
    slow = """
from genesis_music.service.platform import metrics_server
metrics_server.PATIENCE_SECONDS = 8
readings.append(Reading("slow", lambda: time.sleep(60) or []))
"""
    with Running(READINGS + slow + SERVE.format(port=port)):
        shown = scrape(port)
    assert shown.values("genesis_test_depth", where="well") == [7]
    up = {one.labels["reading"]: one.value for one in shown.samples if one.name == "genesis_reading_up"}
    assert up == {"well": 1, "broken": 0, "slow": 0}


def test_a_port_in_use_is_said_with_its_variable() -> None:
    [port] = free_ports(1)
    with Running(READINGS + SERVE.format(port=port)):
        refused = run(READINGS + SERVE.format(port=port))
    assert refused.returncode == 1
    assert f"GENESIS_METRICS_PORT: port {port} is in use" in refused.stderr


def test_the_folder_goes_with_the_process(tmp_path: Path) -> None:
    program = f"import tempfile\ntempfile.tempdir = {str(tmp_path)!r}\nprint(start_metrics().name)"
    assert run(program).stdout.startswith("genesis-metrics-")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), 9)", "os._exit(1)"])
def test_what_a_killed_child_counted_is_not_lost(ending: str) -> None:
    [port] = free_ports(1)
    program = f"""{READINGS}{SERVE.format(port=port)}
if os.fork() == 0:
    done.add(what="killed")
    {ending}
os.wait()
"""
    with Running(program):
        assert scrape(port).total("genesis_test_total", what="killed") == 1
