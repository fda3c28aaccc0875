"""``genesis serve --workers N`` in production mode: several processes, one address, one end."""

from __future__ import annotations

import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from genesis_music.service.config import ServiceSettings
from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.container import Platform
from genesis_music.service.serve import environment_of
from tests.service.processes import alive, command_line, descendants
from tests.service.servers import free_ports, until
from tests.service.test_serve import GENESIS

WORKERS = 2
PATIENCE_SECONDS = 400.0
"""Three programs start, perhaps on a busy machine."""


class Served:
    """Server processes of one command."""

    def __init__(self, settings: ServiceSettings, folder: Path) -> None:
        [self.port] = free_ports(1)
        self.log = folder / "serve.log"
        command = [*GENESIS, "serve", f"--port={self.port}", f"--workers={WORKERS}"]
        self.child = ChildProcess(command, log=self.log, environment=environment_of(settings))

    def await_workers(self) -> list[int]:
        """The processes that serve, once all of them do."""
        until(lambda: self.child.exit_status is not None or len(self.ready()) == WORKERS, PATIENCE_SECONDS)
        assert self.child.exit_status is None, self.log.read_text()
        return self.workers()

    def workers(self) -> list[int]:
        """The processes beside the command itself, which only looks after them."""
        return [pid for pid in descendants(self.child.pid) if "spawn_main" in command_line(pid)]

    def ready(self) -> list[int]:
        """Those that serve: each says so in the log when it begins."""
        return [pid for pid in self.workers() if f"Started server process [{pid}]" in self.log.read_text()]

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return int(answer.status)

    def answers(self) -> bool:
        try:
            return self.get("/health/ready") == 200
        except (urllib.error.URLError, ConnectionError):
            return False


@pytest.fixture
def served(platform: Platform, tmp_path: Path) -> Iterator[Served]:
    service = Served(platform.settings, tmp_path)
    yield service
    everything = [service.child.pid, *descendants(service.child.pid)]
    service.child.stop(timeout_seconds=30)
    for pid in filter(alive, everything):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_every_process_answers(served: Served) -> None:
    """While one is frozen another must be the one that answers."""
    for pid in served.await_workers():
        os.kill(pid, signal.SIGSTOP)
        try:
            assert served.get("/api/v1/auth/options") == 200
        finally:
            os.kill(pid, signal.SIGCONT)


def test_it_ends_when_told_to_and_leaves_no_process(served: Served) -> None:
    workers = served.await_workers()
    everything = descendants(served.child.pid)
    served.child.send(signal.SIGTERM)
    assert served.child.wait(PATIENCE_SECONDS) == 0, served.log.read_text()
    until(lambda: not any(alive(pid) for pid in [*workers, *everything]))
    assert "Traceback" not in served.log.read_text()


def test_a_process_that_died_is_replaced(served: Served) -> None:
    dead = served.await_workers()[0]
    os.kill(dead, signal.SIGKILL)
    until(lambda: dead not in served.workers() and len(served.ready()) == WORKERS, PATIENCE_SECONDS)
    until(served.answers)


def test_when_the_command_is_killed_its_processes_end(served: Served) -> None:
    workers = served.await_workers()
    os.kill(served.child.pid, signal.SIGKILL)
    until(lambda: not any(alive(pid) for pid in workers))


def test_a_database_that_is_away_ends_the_start_with_one_line(platform: Platform, tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://genesis:secret@127.0.0.1:{free_ports(1)[0]}/genesis"
    changed = platform.settings.model_copy(update={"database_url": nowhere, "database_replica_url": ""})
    served = Served(changed, tmp_path)
    assert served.child.wait(PATIENCE_SECONDS) == 1
    text = served.log.read_text()
    assert "GENESIS_DATABASE_URL" in text
    assert "secret" not in text and "Traceback" not in text


if sys.platform != "linux":  # /proc says which processes serve
    pytest.skip("looks into /proc", allow_module_level=True)
