"""``genesis serve`` on one machine, as a person starts and ends it."""

import json
import signal
import socket
import stat
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_music.service.platform.child import ChildProcess
from tests.service.processes import alive, descendants
from tests.service.servers import free_ports, until

EXAMPLE = Path(__file__).parents[2] / "examples/morning-porch.ogg"
GENESIS = [sys.executable, "-c", "from genesis_music.cli import main; main()"]


class Served:
    """A service in a process of its own, with its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "data"
        self.log = folder / "serve.log"
        [self.port] = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.child = self.start()

    def start(self) -> ChildProcess:
        self.log.write_text("")
        command = [
            *GENESIS,
            "serve",
            f"--port={self.port}",
            f"--data-dir={self.folder}",
            f"--example={EXAMPLE}",
        ]
        child = ChildProcess(command, log=self.log, stop_signal=signal.SIGINT)
        until(lambda: child.exit_status is not None or "Ctrl-C" in self.log.read_text())
        assert child.exit_status is None, self.log.read_text()
        return child

    def ready(self) -> bool:
        try:
            return self.get("/health/ready")["status"] == "ok"
        except urllib.error.HTTPError:
            return False

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=60) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    service = Served(tmp_path_factory.mktemp("serve"))
    yield service
    service.child.stop(timeout_seconds=30)


def refused(folder: Path, *options: str) -> str:
    """What a start that fails for a user's mistake says."""
    log = folder / "refused.log"
    child = ChildProcess([*GENESIS, "serve", *options], log=log)
    assert child.wait(60) == 2
    [line] = log.read_text().splitlines()
    return line


def test_it_answers_without_sign_in_once_it_says_so(served):
    until(served.ready)
    assert "items" in served.get("/api/v1/transcribe")
    assert served.url in served.log.read_text()


def test_the_example_is_there_at_the_first_start(served):
    until(lambda: served.get("/api/v1/transcribe")["items"] != [])
    [song] = served.get("/api/v1/transcribe")["items"]
    assert song["title"] == EXAMPLE.stem


def test_an_example_that_does_not_exist_is_named(tmp_path):
    assert "nowhere.ogg" in refused(tmp_path, "--example=nowhere.ogg", f"--data-dir={tmp_path / 'data'}")


def test_its_key_and_its_data_are_readable_by_this_user_only(served):
    for name in ("secret.key", "genesis.sqlite", "redis"):
        assert stat.S_IMODE((served.folder / name).stat().st_mode) & 0o077 == 0


def test_a_second_start_with_the_same_folder_says_that_it_is_in_use(served, tmp_path):
    assert "in use by another Genesis" in refused(tmp_path, "--port=0", f"--data-dir={served.folder}")


def test_a_port_that_is_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = refused(tmp_path, f"--port={port}", f"--data-dir={tmp_path / 'data'}")
    assert f"Port {port} is in use" in message


def test_without_accounts_it_is_for_this_machine_alone(tmp_path):
    assert "this machine alone" in refused(tmp_path, "--host=0.0.0.0", f"--data-dir={tmp_path / 'data'}")


def test_a_setting_that_makes_no_sense_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("GENESIS_TRUSTED_PROXIES", "my-proxy")
    assert "GENESIS_TRUSTED_PROXIES" in refused(tmp_path, "--port=0", f"--data-dir={tmp_path / 'data'}")


def test_killed_it_leaves_no_process_and_starts_again(served):
    until(lambda: served.get("/api/v1/transcribe")["items"] != [])
    until(lambda: len(descendants(served.child.pid)) >= 2)
    children = descendants(served.child.pid)
    served.child.kill()
    until(lambda: not any(alive(pid) for pid in children))
    served.child = served.start()
    until(served.ready)
    assert len(served.get("/api/v1/transcribe")["items"]) == 1, "the example is not added again"


def test_ctrl_c_ends_it_with_all_its_processes(served):
    until(lambda: len(descendants(served.child.pid)) >= 2)
    children = descendants(served.child.pid)
    served.child.send(signal.SIGINT)
    assert served.child.wait(60) == 0
    until(lambda: not any(alive(pid) for pid in children))
