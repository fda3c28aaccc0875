"""PostgreSQL as the cluster runs it: its committed files, a certificate, a replica made by its script, TLS only."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from genesis_music.service.platform.child import ChildProcess
from tests.deploy.manifests import containers, named, template
from tests.deploy.tools import DEPLOY
from tests.service.servers import (
    await_ready,
    free_ports,
    give_to,
    postgres_program,
    postgres_user,
    run_postgres_tool,
    scratch,
    until,
)

FILES = DEPLOY / "kubernetes/base/foundation/postgres"
PASSWORDS = {
    "genesis": "database_password",
    "replicator": "replication_password",
    "backup": "backup_password",
}


@dataclass
class Pair:
    """A primary and its replica, as two pods would be."""

    folder: Path
    primary_port: int
    replica_port: int

    def connect(self, port: int, user: str = "genesis", **more: str) -> psycopg.Connection:
        """As the service connects: by name, and only to who has a certificate for that name."""
        how = {"sslmode": "verify-full", "sslrootcert": str(self.folder / "tls/ca.crt"), "host": "postgres"}
        how |= {"hostaddr": "127.0.0.1", "user": user, "dbname": "genesis", **more}
        secret = (self.folder / "secrets" / PASSWORDS[user]).read_text()
        return psycopg.connect(**how, port=port, password=secret, connect_timeout=5, autocommit=True)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with scratch("cluster-postgres", owner=postgres_user()) as folder, ExitStack() as stack:
        ports = free_ports(2)
        prepare(folder)
        how = ["-D", folder / "primary", "-c", f"config_file={folder}/primary.conf", *listening(ports[0])]
        primary = start(folder, "primary", [postgres_program("postgres"), *how])
        stack.callback(primary.stop)
        make_roles(folder, ports[0])
        script = ["/bin/bash", FILES / "start-replica.sh", *listening(ports[1])]
        source = f"host=postgres hostaddr=127.0.0.1 port={ports[0]} sslmode=verify-full sslrootcert={folder}/tls/ca.crt"
        replica = start(
            folder,
            "replica",
            script,
            PGDATA=str(folder / "replica"),
            SECRETS_DIR=str(folder / "secrets"),
            PRIMARY=source,
            CONFIG=str(folder / "replica.conf"),
        )
        stack.callback(replica.stop)
        yield await_both(Pair(folder, *ports), primary, replica)


def prepare(folder: Path) -> None:
    """Passwords, a certificate whose key is root's and its group's (as a mounted Secret), the committed settings."""
    (folder / "secrets").mkdir()
    for name in PASSWORDS.values():
        (folder / "secrets" / name).write_text(secrets.token_hex(16))
        (folder / "secrets" / name).chmod(0o644)
    make_certificate(folder / "tls")
    for name in ("primary", "replica"):
        # Only where things are differs from a pod, and how much memory there is.
        text = (FILES / "postgresql.conf").read_text().replace("/run/secrets/tls", str(folder / "tls"))
        text = text.replace("/etc/postgresql/pg_hba.conf", str(FILES / "pg_hba.conf")).replace("1GB", "32MB")
        text = text.replace("'/var/run/postgresql'", f"'{folder}'")
        (folder / f"{name}.conf").write_text(text)
    password = folder / "secrets/database_password"
    how = ["--auth-host=scram-sha-256", "--auth-local=scram-sha-256", "--data-checksums", "--no-sync"]
    run_postgres_tool("initdb", "-D", folder / "primary", "--username=genesis", f"--pwfile={password}", *how)


def make_certificate(folder: Path) -> None:
    folder.mkdir()
    names = ",".join(
        f"DNS:{name}" for name in named("production", "Certificate", "postgres")["spec"]["dnsNames"]
    )
    key, certificate = folder / "tls.key", folder / "tls.crt"
    what = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "1", "-subj", "/CN=genesis"]
    command = ["openssl", "req", "-x509", "-nodes", *what, "-addext", f"subjectAltName={names}"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    (folder / "ca.crt").write_bytes(certificate.read_bytes())
    # As root the server keeps our group, as a pod has that of its volumes: the key is root's, and its group reads it.
    key.chmod(0o440 if postgres_user() else 0o400)


def listening(port: int) -> list[str]:
    return ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1"]


def start(folder: Path, name: str, command: list[str | Path], **environment: str) -> ChildProcess:
    log = folder / f"{name}.log"
    log.touch()
    give_to(postgres_user(), log)
    path = f"{postgres_program('postgres').parent}{os.pathsep}{os.environ['PATH']}"
    return ChildProcess(
        command, log=log, user=postgres_user(), environment={"PATH": path, "HOME": str(folder)} | environment
    )


def make_roles(folder: Path, port: int) -> None:
    """The script that the image runs once; it connects by the socket, as there."""
    password = (folder / "secrets/database_password").read_text()
    environment = {
        "PATH": f"{postgres_program('psql').parent}{os.pathsep}{os.environ['PATH']}",
        "SECRETS_DIR": str(folder / "secrets"), "POSTGRES_USER": "genesis", "POSTGRES_DB": "genesis",
        "PGHOST": str(folder), "PGPORT": str(port), "PGPASSWORD": password,
    }  # fmt: skip
    psql = ["psql", "--username=genesis", "--dbname=postgres", "--command=CREATE DATABASE genesis"]

    def made() -> bool:
        done = subprocess.run(psql, env=environment, capture_output=True, text=True, check=False)
        return done.returncode == 0 or "already exists" in done.stderr

    until(made)
    subprocess.run(["/bin/bash", FILES / "10-roles.sh"], env=environment, check=True, capture_output=True)


def await_both(pair: Pair, primary: ChildProcess, replica: ChildProcess) -> Pair:
    for child, port in ((primary, pair.primary_port), (replica, pair.replica_port)):

        def answers(port: int = port) -> bool:
            try:
                pair.connect(port).close()
            except psycopg.OperationalError:
                return False
            return True

        await_ready(child, answers)
    return pair


def test_the_service_reaches_both_by_name_over_tls(pair: Pair) -> None:
    for port in (pair.primary_port, pair.replica_port):
        with pair.connect(port) as connection:
            version = connection.execute(
                "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            ).fetchone()
            assert version == ("TLSv1.3",)


def test_without_tls_nobody_gets_in(pair: Pair) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        pair.connect(pair.primary_port, sslmode="disable")


def test_another_name_than_the_certificates_is_refused(pair: Pair) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        pair.connect(pair.primary_port, host="elsewhere")


def test_the_replica_follows_through_its_slot(pair: Pair) -> None:
    with pair.connect(pair.primary_port) as connection:
        connection.execute("CREATE TABLE seen AS SELECT 42 AS number")
        slot = connection.execute("SELECT slot_name, active FROM pg_replication_slots").fetchall()
    assert slot == [("replica", True)]

    def seen() -> bool:
        with pair.connect(pair.replica_port) as connection:
            there = connection.execute("SELECT to_regclass('seen') IS NOT NULL").fetchone() == (True,)
            return there and connection.execute("SELECT number FROM seen").fetchone() == (42,)

    until(seen)


@pytest.mark.parametrize("user", ["replicator", "backup"])
def test_the_roles_of_replica_and_backup_see_no_data(user: str, pair: Pair) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        pair.connect(pair.primary_port, user=user)


def test_the_replica_is_told_where_its_primary_is() -> None:
    (container,) = containers(template(named("production", "StatefulSet", "postgres-replica")))
    environment = {one["name"]: one["value"] for one in container["env"]}
    assert (
        environment["PRIMARY"]
        == "host=postgres port=5432 sslmode=verify-full sslrootcert=/run/secrets/tls/ca.crt"
    )
    assert {"mountPath": environment["SECRETS_DIR"], "name": "secrets", "readOnly": True} in container[
        "volumeMounts"
    ]
