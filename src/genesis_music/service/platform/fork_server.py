"""A program that is loaded once and works in a fresh process for every request (Linux, macOS).

To start Python and to load FFmpeg takes a hundred times longer than to look into a recording. So one process loads
both, without our environment, and forks for each request: the fork shares nothing with others but what was loaded, may
limit itself as it likes, and is killed with all that it has started when its time is over or its work is done. The
loaded process itself never reads what a stranger sent, and ends with its owner, however that ends.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from threading import Lock

_ORDER = struct.Struct("d")
"""What goes with the file descriptor of a request: how many seconds its process may live."""

_TICK_SECONDS = 0.05
_GRACE_SECONDS = 15.0
"""How much longer than its process an answer is waited for: on a busy machine loading takes its time."""

Main = Callable[[list[str]], object]
"""Takes arguments and prints its answer."""


class ForkServer:
    """Answers requests by running ``main(arguments)`` of a module in a process of its own. Safe between threads."""

    def __init__(self, module: str, environment: Callable[[], Mapping[str, str]]) -> None:
        """``environment`` is all that the processes get; it is asked when the first request is made."""
        self._module = module
        self._environment = environment
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def ask(self, arguments: Sequence[str], *, seconds: float, most_bytes: int) -> bytes:
        """Return what ``main`` prints within so many seconds, and nothing that goes beyond ``most_bytes``.

        What a process says that was killed, or has failed, may be any part of an answer.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                ours.sendall(json.dumps(list(arguments)).encode())
                ours.shutdown(socket.SHUT_WR)
                self._hand_over(theirs, seconds)
            try:
                return _heard(ours, time.monotonic() + seconds + _GRACE_SECONDS, most_bytes)
            except TimeoutError:
                self.close()
                return b""

    def close(self) -> None:
        """End the process that is loaded, and all that work; the next request starts another. Safe to repeat."""
        with self._lock:
            self._close()

    def _hand_over(self, connection: socket.socket, seconds: float) -> None:
        with self._lock:
            for again in (True, False):
                try:
                    socket.send_fds(self._running(), [_ORDER.pack(seconds)], [connection.fileno()])
                except OSError:  # it was killed
                    self._close()
                    if not again:
                        raise
                else:
                    return

    def _running(self) -> socket.socket:
        if self._control is None or self._owner != os.getpid():
            self._control, theirs = socket.socketpair()
            self._owner = os.getpid()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", __name__, self._module],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=dict(self._environment()),
                    cwd="/",
                    start_new_session=True,
                )
            atexit.register(self.close)
        return self._control

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
            atexit.unregister(self.close)
        self._control = self._process = None


def _heard(connection: socket.socket, deadline: float, most_bytes: int) -> bytes:
    heard = b""
    while len(heard) <= most_bytes:
        connection.settimeout(max(0.0, deadline - time.monotonic()) or 1e-3)
        try:
            piece = connection.recv(65536)
        except ConnectionError:
            break
        if not piece:
            break
        heard += piece
    return heard


def serve(main: Main) -> None:
    """Fork for every request that comes over standard input, until its other end is closed."""
    control = socket.socket(fileno=os.dup(0))
    os.dup2(1, 0)
    ends: dict[int, float] = {}
    while True:
        ready, _, _ = select.select([control], [], [], _TICK_SECONDS if ends else None)
        if ready:
            order, connections, _, _ = socket.recv_fds(control, _ORDER.size, 1)
            if len(order) < _ORDER.size:
                break
            ends[_fork(main, connections[0], control)] = time.monotonic() + _ORDER.unpack(order)[0]
        for pid in [pid for pid, end in ends.items() if _over(pid, end)]:
            del ends[pid]
    for pid in ends:
        _over(pid, time.monotonic())


def _fork(main: Main, connection: int, control: socket.socket) -> int:
    pid = os.fork()
    if pid:
        os.close(connection)
        return pid
    try:
        os.setsid()
        control.close()
        with socket.socket(fileno=connection) as asking, asking.makefile("rb") as file:
            arguments = json.load(file)
            os.dup2(connection, 1)
        main(arguments)
        sys.stdout.flush()
    finally:
        os._exit(0)


def _over(pid: int, end: float) -> bool:
    """Whether a process has ended, or its time is over; then nothing is left of it, nor of what it has started."""
    ended = os.waitpid(pid, os.WNOHANG)[0] == pid
    if not ended and time.monotonic() < end:
        return False
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    if not ended:
        os.kill(pid, signal.SIGKILL)  # it may not have its own group yet
        os.waitpid(pid, 0)
    return True


if __name__ == "__main__":
    serve(import_module(sys.argv[1]).main)
