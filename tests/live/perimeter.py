"""A whole installation with nginx in front of it: our templates, a certificate of its own, two API processes."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from genesis_music.service.platform.child import ChildProcess
from tests.deploy.tools import DEPLOY, ROOT
from tests.faults.world import World, whole_service
from tests.live.compose_parts import BUCKET
from tests.service.conftest import Person, make_person
from tests.service.processes import descendants
from tests.service.servers import (
    Postgres,
    S3Server,
    TestRedis,
    await_ready,
    free_ports,
    give_to,
    scratch,
    unavailable,
)

WEB = ROOT / "web" / "build"
START = DEPLOY / "nginx" / "start.sh"
NOBODY = "nobody" if os.geteuid() == 0 else None
"""nginx runs without rights, as in its image."""
WITHOUT_NETWORKS = Path(__file__).with_name("without_networks")
HOME = "192.0.2.1"
"""Where the people of these tests are, who do not try the limits."""


@dataclass(frozen=True)
class Certificate:
    """A key and what signs itself with it."""

    path: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a client needs to believe in it."""
        return ssl.create_default_context(cafile=self.path)


@dataclass
class Nginx:
    """One nginx with our templates."""

    https_port: int
    http_port: int
    certificate: Certificate
    folder: Path
    log: Path
    child: ChildProcess

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https_port}"

    @property
    def plain_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def client(self, address: str = HOME, **options: Any) -> httpx.Client:
        """Somebody at an address, as a trusted proxy tells it."""
        headers = options.pop("headers", {}) | {"X-Forwarded-For": address}
        context = options.pop("verify", None) or self.certificate.context()
        return httpx.Client(base_url=self.url, verify=context, headers=headers, timeout=60.0, **options)

    def requests(self) -> list[dict[str, Any]]:
        """What the access log has so far."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def spilled(self) -> list[str]:
        """Temporary files of bodies that a process of nginx has open, or left in the folder."""
        found = [str(path) for path in (self.folder / "body").rglob("*") if path.is_file()]
        for pid in [self.child.pid, *descendants(self.child.pid)]:
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                target = str(descriptor.readlink())
                if str(self.folder / "body") in target:
                    found.append(target)
        return found


@dataclass
class Perimeter:
    """nginx and the service behind it, with somebody who has an account there."""

    nginx: Nginx
    world: World
    person: Person

    def client(self, address: str = HOME, **options: Any) -> httpx.Client:
        """The person's browser."""
        return self.nginx.client(address, headers=self.person.headers, **options)


def make_certificate(folder: Path, name: str = "localhost") -> Certificate:
    certificate = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    options = ["-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", certificate.key]
    subprocess.run(
        ["openssl", "req", "-x509", *key, *options, "-out", certificate.path], check=True, capture_output=True
    )
    return certificate


@contextmanager
def running_nginx(ports: list[int], variables: Mapping[str, str]) -> Iterator[Nginx]:
    """nginx on two ports of 127.0.0.1, HTTPS first, until the block ends."""
    if not (WEB / "200.html").exists():
        unavailable("the web application is not built: make web")
    https_port, http_port = ports
    with scratch("nginx", owner=NOBODY) as folder:
        certificate = make_certificate(folder)
        (folder / "inline-scripts").write_bytes(
            subprocess.check_output(["node", DEPLOY / "nginx" / "inline-scripts.mjs", WEB])
        )
        log = folder / "nginx.log"
        log.touch()
        for path in folder.iterdir():
            give_to(NOBODY, path)
        environment = {
            "GENESIS_PUBLIC_URL": f"https://localhost:{https_port}",
            "STORAGE_ORIGIN": f"https://localhost:{https_port}",
            "NGINX_TRUSTED_PROXIES": "127.0.0.1",
            "NGINX_TLS_CERTIFICATE": str(certificate.path),
            "NGINX_TLS_KEY": str(certificate.key),
            "NGINX_HTTPS_PORT": f"127.0.0.1:{https_port}",
            "NGINX_HTTP_PORT": f"127.0.0.1:{http_port}",
            "NGINX_RUN_DIR": str(folder / "run"),
            "WEB_ROOT": str(WEB),
            "INLINE_SCRIPTS": str(folder / "inline-scripts"),
            "PATH": f"{os.environ['PATH']}{os.pathsep}/usr/sbin",
        }
        child = ChildProcess([START], log=log, environment=environment | dict(variables), user=NOBODY)
        nginx = Nginx(https_port, http_port, certificate, folder / "run", log, child)
        try:
            await_ready(child, lambda: _answers(nginx))
            yield nginx
        except BaseException:
            print(log.read_text()[-10_000:])
            raise
        finally:
            child.stop()


def _answers(nginx: Nginx) -> bool:
    try:
        return httpx.get(f"{nginx.plain_url}/health/nginx").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def whole_perimeter(postgres: Postgres, redis: TestRedis, s3: S3Server) -> Iterator[Perimeter]:
    """Everything, until the block ends. The API processes are those of their image: without neural networks."""
    ports = free_ports(2)
    variables = {
        "PYTHONPATH": f"{WITHOUT_NETWORKS}{os.pathsep}{ROOT}",
        "GENESIS_WEB_DIR": str(WEB),
        "GENESIS_ANALYTICS_ID": "G-AB12CD34",
        "GENESIS_WEB_SENTRY_DSN": "https://key@sentry.example.org/2",
    }
    with ExitStack() as stack:
        folder = stack.enter_context(scratch("perimeter"))
        world = stack.enter_context(
            whole_service(
                postgres, redis, s3, folder, webhook_host="localhost",
                public_url=f"https://localhost:{ports[0]}", disk_megabytes=512, variables=variables,
            )
        )  # fmt: skip
        servers = " ".join(re.sub("^http://", "", api.url) for api in world.apis)
        page = {name: variables[name] for name in ("GENESIS_ANALYTICS_ID", "GENESIS_WEB_SENTRY_DSN")}
        storage = {"STORAGE_SERVER": re.sub("^http://", "", s3.endpoint), "STORAGE_BUCKET": BUCKET}
        stack.enter_context(_said_on_failure(folder))
        world.await_ready()
        addresses = {"API_SERVERS": servers, "SOCKET_SERVERS": servers}
        nginx = stack.enter_context(running_nginx(ports, addresses | storage | page))
        yield Perimeter(nginx, world, make_person(world.platform, "ada@example.com"))


@contextmanager
def _said_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for log in sorted(folder.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()[-5_000:]}")
        raise
