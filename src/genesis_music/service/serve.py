"""``genesis serve``: the whole service on one machine, or one server of many.

Embedded (the default): SQLite, a Redis-compatible child process, a folder for files and a worker as another child
process, for one person on 127.0.0.1 without sign-in. Production (``GENESIS_MODE=production``): only the server
processes; everything else is at the addresses of the environment.
"""

from __future__ import annotations

import errno
import fcntl
import ipaddress
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

from genesis_music.errors import InputError
from genesis_music.service.config import Mode, ServiceSettings, checked_settings, faults_named, refuse_slips
from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.redis_server import RedisServer
from genesis_music.service.starting import require_parts
from genesis_music.service.welcome import Welcome

DATABASE_FILE, FILES_FOLDER, REDIS_FOLDER = "genesis.sqlite", "files", "redis"
KEY_FILE, LOCK_FILE, WORKER_LOG = "secret.key", "service.lock", "worker.log"
WATCH_SECONDS = 1.0
GOODBYE_SECONDS = 3
"""How long open connections may hold up the end of the service."""

HANGING_SECONDS = 60
"""A server process that is silent for so long is replaced; on a busy machine a start takes many seconds."""


def serve(host: str, port: int, data_dir: Path, processes: int = 1, welcome: Welcome | None = None) -> None:
    """Serve until told to stop; ``welcome`` is for the embedded service.

    Raises:
        InputError: an address, port or folder cannot be used; settings are missing.
        UnavailableError: the database, Redis or the storage does not answer.
    """
    if os.environ.get("GENESIS_MODE", Mode.EMBEDDED) == Mode.EMBEDDED:
        serve_embedded(host, port, data_dir, welcome)
    else:
        serve_production(host, port, processes)


def serve_production(host: str, port: int, processes: int) -> None:
    """Run server processes with the settings of the environment."""
    from genesis_music.service.wiring import begin_process

    settings = checked_settings()
    if settings.metrics_port == port:
        raise InputError(f"GENESIS_METRICS_PORT: {port} is the public port; choose one that is not.")
    with listening(host, port):
        pass  # said plainly now rather than by every process
    require_parts(settings)
    begin_process(settings, "api")  # before its children: one of all has to serve the metrics
    uvicorn.run(
        "genesis_music.service.serve:server_process",
        factory=True,
        host=host,
        port=port,
        workers=processes,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=GOODBYE_SECONDS * 10,
        timeout_worker_healthcheck=HANGING_SECONDS,
    )


def server_process() -> ASGIApp:
    """Build the application in one of several processes; it ends with the command that started it, even killed."""
    from genesis_music.service.app import from_environment

    command = multiprocessing.parent_process()
    if command is not None:
        threading.Thread(target=_end_after, args=(command,), name="parent", daemon=True).start()
    return from_environment()


def _end_after(command: multiprocessing.process.BaseProcess) -> None:
    command.join()
    os.kill(os.getpid(), signal.SIGTERM)


def serve_embedded(host: str, port: int, data_dir: Path, welcome: Welcome | None = None) -> None:
    """Run everything on this machine, from one folder."""
    _check_local(host)
    signal.signal(signal.SIGTERM, _stop)
    os.umask(0o077)
    with ExitStack() as stack:
        sock = stack.enter_context(listening(host, port))
        folder = stack.enter_context(owned(data_dir))
        redis = RedisServer(folder / REDIS_FOLDER)
        stack.callback(redis.stop)
        settings = embedded_settings(folder, redis.url, _address(sock))
        _prepare(settings)
        children = Children(settings, redis)
        stack.callback(children.stop)
        server = _Server(_config(settings), lambda: _ready(settings, children, welcome))
        try:
            server.run(sockets=[sock])
        except KeyboardInterrupt:
            print("Stopping …", file=sys.stderr)


def embedded_settings(folder: Path, redis_url: str, public_url: str) -> ServiceSettings:
    """Make the settings of the embedded service; limits and the like may still come from the environment.

    Raises:
        SettingsError: one of those makes no sense.
    """
    refuse_slips()
    with faults_named():
        return ServiceSettings(
            mode=Mode.EMBEDDED,
            public_url=public_url,
            database_url=f"sqlite:///{folder / DATABASE_FILE}",
            database_replica_url="",
            redis_url=redis_url,
            storage_url=(folder / FILES_FOLDER).as_uri(),
            secret_keys=(SecretStr(_secret_key(folder / KEY_FILE)),),
            data_dir=folder,
        )


def environment_of(settings: ServiceSettings) -> dict[str, str]:
    """Write embedded settings as the environment of a child process."""
    return {
        "GENESIS_MODE": settings.mode,
        "GENESIS_PUBLIC_URL": settings.public_url,
        "GENESIS_DATABASE_URL": settings.database_url,
        "GENESIS_DATABASE_REPLICA_URL": settings.database_replica_url,
        "GENESIS_REDIS_URL": settings.redis_url,
        "GENESIS_STORAGE_URL": settings.storage_url,
        "GENESIS_SECRET_KEYS": ",".join(key.get_secret_value() for key in settings.secret_keys),
        "GENESIS_DATA_DIR": str(settings.data_dir),
    }


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Take a port; 0 takes any that is free.

    Raises:
        InputError: it is in use, or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise InputError(f"Port {port} is in use: choose another one with --port.") from error
            raise InputError(f"Cannot listen on {host}, port {port}: {error.strerror or error}.") from error
        yield sock


@contextmanager
def owned(data_dir: Path) -> Iterator[Path]:
    """Make the folder and keep every other service out of it.

    Raises:
        InputError: another one uses it, or it cannot be written.
    """
    folder = data_dir.expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / LOCK_FILE).open("a+")
    except OSError as error:
        raise InputError(f"{folder} cannot be used: {error.strerror}. Choose one with --data-dir.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"{folder} is in use by another Genesis: stop that one, or choose a folder with --data-dir."
            ) from error
        yield folder


class Children:
    """Redis and the worker; whichever ends by itself is started again."""

    def __init__(self, settings: ServiceSettings, redis: RedisServer) -> None:
        self._settings = settings
        self._redis = redis
        self._worker: ChildProcess | None = None
        self._ending = threading.Event()
        self._watch = threading.Thread(target=self._look_after, name="children", daemon=True)

    def start(self) -> None:
        """Start the worker, and look after both from now on."""
        self._worker = self._start_worker()
        self._watch.start()

    def stop(self) -> None:
        """End the worker; what it was doing goes back into the queue."""
        self._ending.set()
        if self._worker is not None:
            self._watch.join()
            self._worker.stop(timeout_seconds=15.0)

    def _start_worker(self) -> ChildProcess:
        return ChildProcess(
            [sys.executable, "-m", "genesis_music.service.worker"],
            log=self._settings.data_dir / WORKER_LOG,
            environment=environment_of(self._settings),
        )

    def _look_after(self) -> None:
        while not self._ending.wait(WATCH_SECONDS):
            if self._redis.child.exit_status is not None:
                self._redis.restart()
            if self._worker is None or self._worker.exit_status is not None:
                self._worker = self._start_worker()


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _config(settings: ServiceSettings) -> uvicorn.Config:
    from genesis_music.service.app import from_settings

    return uvicorn.Config(
        from_settings(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )


def _prepare(settings: ServiceSettings) -> None:
    """Bring the tables up to date, and let go of jobs that ran when the last service here ended."""
    from genesis_music.service.accounts.local_user import ensure_local_user
    from genesis_music.service.platform.revision import bring_up_to_date
    from genesis_music.service.wiring import make_attempts, service_platform

    with service_platform(settings) as platform:
        bring_up_to_date(platform.database.primary)
        ensure_local_user(platform.database)
        make_attempts(platform).lost("")


def _ready(settings: ServiceSettings, children: Children, welcome: Welcome | None) -> None:
    children.start()
    print(f"Genesis Music is at {settings.public_url} (Ctrl-C stops it).", flush=True)
    print(f"Everything is kept in {settings.data_dir}.", flush=True)
    if welcome is not None:
        welcome.begin(settings.public_url)


def _check_local(host: str) -> None:
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise InputError(
            f"Without accounts the service is for this machine alone, not for {host}: "
            "use 127.0.0.1, or run it with GENESIS_MODE=production."
        )


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _secret_key(path: Path) -> str:
    """Return the key that signs links and tokens; made at the first start, readable by this user only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
