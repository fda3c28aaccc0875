"""The embedded Redis: for this machine and this user alone, one per folder, gone with its owner."""

import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from genesis_music.errors import EngineError, OutputError
from genesis_music.service.platform import redis_server
from genesis_music.service.platform.redis_client import connect_redis
from genesis_music.service.platform.redis_server import RedisServer, embedded_redis
from tests.service.servers import until

FOLDER = 'a "folder" of Zoë\\s'

OWNER = """
import sys, time
from pathlib import Path
from genesis_music.service.platform.redis_server import RedisServer
server = RedisServer(Path(sys.argv[1]), persistent=True)
print(server.url, flush=True)
time.sleep(1000)
"""


def patient(url: str) -> Redis:
    return connect_redis(url, answer_seconds=60)


def gone(url: str) -> bool:
    try:
        connect_redis(url).ping()
    except RedisError:
        return True
    return False


def test_it_runs_while_the_block_runs_and_leaves_nothing_behind():
    with embedded_redis() as url:
        client = patient(url)
        client.set("a", "1")
        assert client.get("a") == b"1"
        folder = Path(str(client.config_get("dir")["dir"]))
        assert folder.is_dir()
    assert gone(url)
    assert not folder.exists()


def test_it_listens_on_this_machine_only_and_asks_for_the_password():
    with embedded_redis() as url:
        client = patient(url)
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        assert client.config_get("bind")["bind"] == "127.0.0.1"
        with pytest.raises(AuthenticationError):
            patient(f"redis://127.0.0.1:{port}").ping()


def test_the_password_is_in_no_command_line_and_in_no_file_others_can_read(tmp_path: Path):
    with embedded_redis(tmp_path / "redis") as url:
        password = url.split(":")[2].split("@")[0]
        listed = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True).stdout
        assert "valkey-server" in listed
        assert password not in listed
        settings = tmp_path / "redis" / "redis.conf"
        assert password in settings.read_text()
        assert stat.S_IMODE(settings.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "redis").stat().st_mode) == 0o700


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_persistent_one_keeps_what_it_holds(tmp_path: Path, end: str):
    server = RedisServer(tmp_path / FOLDER, persistent=True)
    client = patient(server.url)
    client.set("a", "1")
    client.execute_command("WAITAOF", 1, 0, 0)
    getattr(server.child, end)()
    server.restart()
    assert client.get("a") == b"1"
    server.stop()
    again = RedisServer(tmp_path / FOLDER, persistent=True)
    assert patient(again.url).get("a") == b"1"
    again.stop()


def test_an_owner_that_is_killed_takes_it_along_and_the_next_one_finds_everything(tmp_path: Path):
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    url = owner.stdout.readline().strip()
    client = patient(url)
    client.set("a", "1")
    owner.send_signal(signal.SIGKILL)
    successor = RedisServer(tmp_path, persistent=True)  # at once: it waits until the folder is free
    try:
        assert patient(successor.url).get("a") == b"1"
        until(lambda: gone(url))
    finally:
        successor.stop()
        owner.wait(20)
        owner.stdout.close()


def test_two_never_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with embedded_redis(tmp_path), monkeypatch.context() as hasty:
        hasty.setattr(redis_server, "START_SECONDS", 0.3)
        with pytest.raises(OutputError, match="Another Genesis service uses"):
            RedisServer(tmp_path)
    with embedded_redis(tmp_path):
        pass


def test_one_that_does_not_start_says_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(redis_server, "_program", lambda: "/bin/false")
    with pytest.raises(EngineError, match=r"redis\.log"):
        RedisServer(tmp_path)


def test_a_port_that_was_taken_meanwhile_is_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], redis_server.free_port()])
        monkeypatch.setattr(redis_server, "free_port", lambda: next(ports))
        server = RedisServer(tmp_path)
        assert patient(server.url).ping()
        server.stop()
