"""Spans reach a collector as one tree, without personal data, and never hold anybody up."""

from __future__ import annotations

import subprocess
import sys

import pytest

from genesis_music.service.platform.tracing import EXPORT_SECONDS, SHUTDOWN_SECONDS
from tests.service.receivers import ReceivedSpan, inbox

START = """
import os, sys, time
from genesis_music.service.platform import context, tracing
from genesis_music.service.platform.tracing import span, start_tracing, stop_tracing
tracing.SHUTDOWN_SECONDS, tracing.EXPORT_SECONDS = {limits!r}
start_tracing({endpoint!r}, process="test", release="1.2.3", environment="tests")
"""
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def run(endpoint: str, program: str, longest_seconds: float = 0.0) -> subprocess.CompletedProcess[str]:
    """Run a program; ``longest_seconds`` instead of the usual limits: a busy machine takes longer."""
    limits = (longest_seconds or SHUTDOWN_SECONDS, longest_seconds or EXPORT_SECONDS)
    command = [sys.executable, "-c", START.format(endpoint=endpoint, limits=limits) + program]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def received(program: str) -> dict[str, ReceivedSpan]:
    with inbox() as collector:
        done = run(collector.url, program + "\nstop_tracing()", longest_seconds=60.0)
        assert done.returncode == 0, done.stderr
        return {one.name: one for one in collector.spans()}


def test_what_another_process_began_goes_on_in_its_trace() -> None:
    spans = received(f"""
with context.continued("00-{TRACE}-{PARENT}-01", "request-1"):
    with span("outer", "consumer", {{"genesis.job.id": "7"}}):
        with span("inner") as inner:
            assert context.span_id.get() == inner.span_id
            assert context.trace_parent() == f"00-{TRACE}-{{inner.span_id}}-01"
""")
    assert {one.trace_id for one in spans.values()} == {TRACE}
    assert spans["outer"].parent_id == PARENT
    assert spans["inner"].parent_id == spans["outer"].span_id
    assert spans["outer"].attributes == {"genesis.job.id": "7"}


def test_an_error_marks_its_span_and_says_nothing_of_anybody() -> None:
    spans = received("""
try:
    with span("bad"), span("inner"):
        raise ValueError("no mail for ann@example.com")
except ValueError:
    pass
with span("good"):
    pass
""")
    assert spans["bad"].failed and spans["inner"].failed and not spans["good"].failed
    assert spans["bad"].attributes["error.type"] == "ValueError"
    assert "ann@example.com" not in str(spans)
    assert spans["bad"].trace_id != spans["good"].trace_id


def test_a_forked_child_sends_its_spans_as_well() -> None:
    spans = received("""
with span("parent"):
    if os.fork() == 0:
        with span("child"):
            pass
        stop_tracing()
        os._exit(0)
    os.wait()
""")
    assert spans["child"].parent_id == spans["parent"].span_id


def test_a_collector_that_is_away_holds_nobody_up() -> None:
    with inbox() as collector:
        nowhere = collector.url
    done = run(
        nowhere,
        "with span('x'):\n    pass\nbegan = time.monotonic()\nstop_tracing()\nprint(time.monotonic() - began < 30)",
    )
    assert done.stdout == "True\n"


def test_without_an_address_nothing_is_loaded() -> None:
    program = (
        "with span('x') as one:\n    one.fail(ValueError())\n    one.note({'a': 1})\n"
        "stop_tracing()\nprint([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    assert run("", program).stdout == "[]\n"


@pytest.mark.parametrize(
    "parent", ["", "nonsense", f"00-{TRACE}", f"ff-{TRACE}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01"]
)
def test_what_is_no_trace_begins_a_new_one(parent: str) -> None:
    spans = received(f"with context.continued({parent!r}, ''), span('x'):\n    pass")
    assert spans["x"].parent_id == ""
    assert spans["x"].trace_id != TRACE
