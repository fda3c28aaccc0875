"""A TCP proxy that is slow, silent, or refuses: what lies before S3, Redis or PostgreSQL on a bad day."""

import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK_BYTES = 16 * 1024


class FaultyProxy:
    """Listens on a free port of 127.0.0.1 and passes everything on to `target_port` until told otherwise."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._refused = 0.0
        self._flowing = threading.Event()
        self._flowing.set()
        self.port: int = self._listener.getsockname()[1]
        self.delay_seconds = 0.0
        """Every piece of up to CHUNK_BYTES waits this long."""
        self.bytes_up = 0
        """What clients have sent so far."""
        threading.Thread(target=self._accept, daemon=True).start()

    def refuse(self, connections: float = math.inf) -> None:
        """Break every connection and close so many new ones at once."""
        self._refused = connections
        for connection in list(self._open):
            _close(connection)

    def silence(self) -> None:
        """Pass nothing on; connections stay open."""
        self._flowing.clear()

    def heal(self) -> None:
        """Work again."""
        self._refused, self.delay_seconds = 0.0, 0.0
        self._flowing.set()

    def close(self) -> None:
        """Stop listening and break every connection."""
        _close(self._listener)
        self.refuse()
        self._flowing.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    self._connect(client)
                except ConnectionError:
                    _close(client)

    def _connect(self, client: socket.socket) -> None:
        if self._refused:
            self._refused -= 1
            raise ConnectionRefusedError
        server = socket.create_connection(("127.0.0.1", self._target_port))
        self._open |= {client, server}
        threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
        threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(CHUNK_BYTES):
                time.sleep(self.delay_seconds)
                self._flowing.wait()
                sink.sendall(piece)
                self.bytes_up += len(piece) * up
        for connection in (source, sink):
            _close(connection)
            self._open.discard(connection)


def _close(connection: socket.socket) -> None:
    # Without a shutdown a thread that waits in recv or accept would go on waiting.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def faulty_proxy(target_port: int) -> Iterator[FaultyProxy]:
    """A proxy for the length of a block."""
    proxy = FaultyProxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()
