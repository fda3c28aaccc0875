"""Child processes: they end with their owner, however it ends, and never take a stranger with them."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from genesis_music.service.platform.child import ChildProcess
from tests.service.processes import alive
from tests.service.servers import until

OWNER = """
import sys, threading, time
from genesis_music.service.platform.child import ChildProcess
started = []
starter = threading.Thread(target=lambda: started.append(ChildProcess(["sleep", "1000"])))
starter.start()
starter.join()
print(started[0].pid, flush=True)
if sys.argv[1] == "raise":
    raise SystemExit(3)
time.sleep(1000)
"""

STUBBORN = ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]


def group(pid: int) -> set[int]:
    """The processes of a group, the watcher among them."""
    listed = subprocess.run(["ps", "-eo", "pid,pgid"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()[1:]]
    return {int(process) for process, leader in rows if int(leader) == pid}


@pytest.mark.parametrize("end", ["raise", "SIGTERM", "SIGKILL"])
def test_a_child_ends_with_its_owner(end: str):
    # A thread of the owner starts it and ends: that alone must not end the child.
    owner = subprocess.Popen([sys.executable, "-c", OWNER, end], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    child = int(owner.stdout.readline())
    if end != "raise":
        assert alive(child)
        owner.send_signal(signal.Signals[end])
    owner.wait(20)
    owner.stdout.close()
    until(lambda: not alive(child))
    until(lambda: not any(map(alive, group(child))))


def test_a_child_that_ignores_the_request_is_ended_by_force(tmp_path: Path):
    log = tmp_path / "log"
    child = ChildProcess(STUBBORN, log=log)
    until(lambda: log.exists() and "ready" in log.read_text())
    assert child.stop(timeout_seconds=0.2) == -signal.SIGKILL
    until(lambda: not any(map(alive, group(child.pid))))


def test_a_frozen_child_can_be_stopped():
    child = ChildProcess(["sleep", "1000"])
    child.send(signal.SIGSTOP)
    assert child.stop() == -signal.SIGTERM


def test_stopping_twice_is_fine_and_tells_the_same():
    child = ChildProcess(["sleep", "1000"])
    assert child.exit_status is None
    assert child.stop() == child.stop() == child.kill() == child.exit_status == -signal.SIGTERM


def test_what_a_child_says_goes_to_its_log_with_its_own_environment(tmp_path: Path):
    log = tmp_path / "log"
    for word in ("first", "second"):
        child = ChildProcess(
            ["/bin/sh", "-c", "echo $WORD; echo oops >&2"], log=log, environment={"WORD": word}
        )
        assert child.wait(20) == 0
        child.stop()
    assert log.read_text() == "first\noops\nsecond\noops\n"


def test_a_program_that_is_not_there_is_told_by_its_status(tmp_path: Path):
    child = ChildProcess(["/no/such/program"], log=tmp_path / "log")
    assert child.wait(20) == 127
    assert "/no/such/program" in (tmp_path / "log").read_text()
    child.stop()


def test_words_with_spaces_and_quotes_arrive_as_they_are(tmp_path: Path):
    words = ["a b", "c'd", '"$HOME"', "*", ""]
    child = ChildProcess(["printf", "%s\\n", *words], log=tmp_path / "log")
    child.wait(20)
    child.stop()
    assert (tmp_path / "log").read_text().splitlines() == words


def test_a_child_gets_no_terminal_and_an_empty_input(tmp_path: Path):
    child = ChildProcess(["/bin/sh", "-c", "cat; test -t 0 || echo none"], log=tmp_path / "log")
    assert child.wait(20) == 0
    child.stop()
    assert (tmp_path / "log").read_text() == "none\n"


def test_a_child_knows_no_files_of_its_owner_but_those_it_was_given(tmp_path: Path):
    secret, given = os.open(tmp_path / "secret", os.O_CREAT), os.open(tmp_path / "given", os.O_CREAT)
    child = ChildProcess(["/bin/sh", "-c", "ls -l /proc/$$/fd"], log=tmp_path / "log", kept_open=[given])
    child.wait(20)
    child.stop()
    os.close(secret)
    os.close(given)
    assert "given" in (tmp_path / "log").read_text()
    assert "secret" not in (tmp_path / "log").read_text()


def test_many_children_end_together():
    children = [ChildProcess(["sleep", "1000"]) for _ in range(10)]
    threads = [threading.Thread(target=child.stop) for child in children]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert {child.exit_status for child in children} == {-signal.SIGTERM}
