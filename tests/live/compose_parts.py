"""Redis and the S3 server as compose runs them: its settings, its script, and the secrets its command makes."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.presign import S3Credentials
from genesis_music.service.platform.redis_server import _program as valkey_program
from genesis_music.service.platform.storage import ObjectStore, StorageUnavailableError
from tests.deploy.tools import DEPLOY
from tests.service.servers import S3Server, TestRedis, await_ready, free_ports, weed_program

COMPOSE = DEPLOY / "compose"
BUCKET = "genesis-files"


def make_secrets(folder: Path) -> Path:
    """The folder of secret files, made as an operator makes it."""
    subprocess.run([COMPOSE / "make-secrets.sh", folder], check=True)
    return folder


class ComposeRedis(TestRedis):
    """Valkey with our settings and accounts; only port, folder and the file's place differ."""

    __test__ = False

    def __init__(self, folder: Path, secrets_folder: Path) -> None:
        [self.port] = free_ports(1)
        self._folder, self._secrets = folder, secrets_folder
        super(TestRedis, self).__init__(self._run)

    @property
    def url(self) -> str:
        written = (self._secrets / "genesis_redis_url").read_text().strip()
        return written.replace("@redis:6379/", f"@127.0.0.1:{self.port}/")

    def _run(self) -> ChildProcess:
        settings = (COMPOSE / "redis" / "valkey.conf").read_text()
        settings = settings.replace("/data", str(self._folder)).replace("/run/secrets", str(self._secrets))
        (self._folder / "valkey.conf").write_text(f"{settings}port {self.port}\nbind 127.0.0.1\n")
        child = ChildProcess(
            [valkey_program(), self._folder / "valkey.conf"], log=self._folder / "valkey.log"
        )
        return await_ready(child, self._ping)

    def _ping(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False


class ComposeS3(S3Server):
    """SeaweedFS by our script; beside the S3 gateway it listens to nobody but itself."""

    def __init__(self, folder: Path, secrets_folder: Path) -> None:
        self._folder, self._secrets = folder, secrets_folder
        self._ports = free_ports(8)
        self.endpoint = f"http://127.0.0.1:{self._ports[0]}"
        self.credentials = S3Credentials(
            (secrets_folder / "genesis_storage_access_key").read_text(),
            (secrets_folder / "genesis_storage_secret_key").read_text(),
        )
        (folder / "data").mkdir()
        super(S3Server, self).__init__(self._run)

    @property
    def ports(self) -> list[int]:
        """All ports of its parts, the gateway's first."""
        return self._ports

    def url(self, prefix: str | None = None, endpoint: str | None = None) -> str:
        """As ``S3Server.url``, in the bucket of compose."""
        where = endpoint or self.endpoint
        return f"s3://{BUCKET}/{prefix or secrets.token_hex(6)}?endpoint={where}&region=us-east-1"

    def _run(self) -> ChildProcess:
        kinds = ("filer", "master", "volume")
        names = ["s3.port.grpc", *(f"{kind}.port{protocol}" for kind in kinds for protocol in ("", ".grpc"))]
        options = [f"-{name}={port}" for name, port in zip(names, self._ports[1:], strict=True)]
        sockets = [f"-{kind}.localSocket={self._folder / kind}.sock" for kind in ("s3", "filer")]
        environment = {
            "SECRETS_DIR": str(self._secrets),
            "DATA_DIR": str(self._folder / "data"),
            "S3_PORT": str(self._ports[0]),
            "WEED": str(weed_program()),
            "MASTER_ADDRESS": f"127.0.0.1:{self._ports[4]}.{self._ports[5]}",
        }
        child = ChildProcess(
            ["/bin/sh", COMPOSE / "s3" / "start-s3.sh", *options, *sockets, "-master.resumeState=false"],
            log=self._folder / "weed.log",
            environment={**os.environ, **environment},
            stop_signal=signal.SIGKILL,
        )
        return await_ready(child, lambda: self._ping() and self._has_bucket())

    def _has_bucket(self) -> bool:
        store = ObjectStore.from_url(self.url("probe"), credentials=self.credentials)
        try:
            return not store.exists("nothing")
        except StorageUnavailableError:
            return False
