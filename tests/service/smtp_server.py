"""A small real SMTP server for tests; it keeps what it is sent and can be told to refuse."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread

from tests.service.servers import until


class SmtpServer(socketserver.ThreadingTCPServer):
    """Listens on 127.0.0.1; ``refusals`` maps a command to the answer it gets instead of the usual one."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.messages: list[EmailMessage] = []
        self.commands: list[str] = []
        self.refusals: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def await_messages(self, count: int) -> list[EmailMessage]:
        """The messages, as soon as there are ``count``."""
        until(lambda: len(self.messages) >= count)
        return self.messages


class _Conversation(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self._say("220 tests")
        while line := self.rfile.readline().decode().strip():
            command = line.split()[0].upper()
            self.server.commands.append(line)
            if command in self.server.refusals:
                self._say(self.server.refusals[command])
            elif command == "DATA":
                self._take_message()
            else:
                self._say("221 bye" if command == "QUIT" else "250 ok")

    def _take_message(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".").rstrip(b"\r\n"))
        message = message_from_bytes(b"\n".join(lines) + b"\n", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.server.messages.append(message)
        self._say("250 taken")

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextmanager
def running_smtp_server() -> Iterator[SmtpServer]:
    """A server that runs in a thread until the block ends."""
    with SmtpServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
