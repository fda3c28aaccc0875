"""A real nginx that shares requests out among servers, which come and go while it runs."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from genesis_music.service.platform.child import ChildProcess
from tests.service.servers import free_ports, unavailable, until

CONFIGURATION = """
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  log_format answered '$upstream_addr $status';
  access_log {folder}/access.log answered;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 50m;
  upstream api {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://api;
      proxy_set_header Host $host:$server_port;
      proxy_read_timeout 60s;
    }}
  }}
}}
"""


class Balancer:
    """Shares requests out among the servers it was told of last; those it no longer has finish what they began."""

    def __init__(self, folder: Path, servers: Sequence[str]) -> None:
        self._folder = folder
        [self._port] = free_ports(1)
        self.url = f"http://127.0.0.1:{self._port}"
        self._write(servers)
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin") or unavailable("no nginx")
        self._child = ChildProcess(
            [program, "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "error.log"],
            log=folder / "nginx.log",
            stop_signal=signal.SIGQUIT,
        )
        until((folder / "nginx.pid").exists)

    def share_among(self, *servers: str) -> None:
        """From now on these; returns when the first request went to the last of them."""
        self._write(servers)
        seen = self.answered()
        self._child.send(signal.SIGHUP)
        until(lambda: all((self.answered() - seen)[urlsplit(server).netloc] for server in servers))

    def answered(self) -> Counter[str]:
        """How many requests each server has answered."""
        return Counter(line.split()[0] for line in self._log())

    def refused(self) -> list[str]:
        """Answers that were no success: address and status, several where it asked several servers."""
        return [line for line in self._log() if not 200 <= int(line.split()[-1]) < 300]

    def stop(self) -> None:
        """End it."""
        self._child.stop()

    def _log(self) -> list[str]:
        path = self._folder / "access.log"
        return path.read_text().splitlines() if path.exists() else []

    def _write(self, servers: Sequence[str]) -> None:
        lines = " ".join(f"server {urlsplit(server).netloc} max_fails=0;" for server in servers)
        text = CONFIGURATION.format(folder=self._folder, servers=lines, port=self._port)
        (self._folder / "nginx.conf").write_text(text)


@contextmanager
def balancer(folder: Path, *servers: str) -> Iterator[Balancer]:
    """One for the length of a block."""
    folder.mkdir()
    running = Balancer(folder, servers)
    try:
        yield running
    finally:
        running.stop()
