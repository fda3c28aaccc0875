"""The production stack as a compose file: complete, closed, and impossible to start half configured."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis_music.service.config import ServiceSettings, load_settings
from tests.deploy.tools import DEPLOY, ROOT, checked

FILE = DEPLOY / "compose.yaml"
MODEL: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = MODEL["services"]
REQUIRED = {"GENESIS_PUBLIC_URL", "IMAGE_TAG", "TLS_DIR", "GENESIS_BACKUP_URL", "GENESIS_BACKUP_RECIPIENT"}
APPLICATION = {
    "nginx", "api", "sockets", "worker", "worker-gpu", "redis", "postgres", "postgres-replica", "s3", "backup",
}  # fmt: skip
OBSERVERS = {
    "prometheus", "alertmanager", "grafana", "jaeger", "otel-collector", "elasticsearch", "kibana", "filebeat",
}  # fmt: skip
ELASTIC_JOBS = {"elasticsearch-accounts", "elasticsearch-setup"}
JOBS = {"s3-volume", *ELASTIC_JOBS}
SERVERS = ("api", "sockets")
WORKERS = ("worker", "worker-gpu")

ARROWS = {
    *((("nginx", server)) for server in SERVERS),
    ("nginx", "s3"),  # recordings that browsers fetch by signed links
    *((client, "redis") for client in (*SERVERS, *WORKERS)),
    *((client, store) for client in (*SERVERS, *WORKERS) for store in ("postgres", "postgres-replica", "s3")),
    ("postgres-replica", "postgres"),
    *(("backup", store) for store in ("postgres", "s3")),
    *(("prometheus", watched) for watched in (*SERVERS, *WORKERS, "backup", "otel-collector")),
    *((traced, "otel-collector") for traced in (*SERVERS, *WORKERS)),
    ("otel-collector", "jaeger"),
    ("prometheus", "alertmanager"),
    ("grafana", "prometheus"),
    ("grafana", "alertmanager"),
    ("grafana", "jaeger"),
    ("kibana", "elasticsearch"),
    *((job, "elasticsearch") for job in ("elasticsearch-accounts", "elasticsearch-setup")),
    ("elasticsearch-setup", "kibana"),
    ("kibana", "alertmanager"),
    ("filebeat", "elasticsearch"),
}
"""Sections 1 and 8 of the architecture, and what the stack is made of beside it."""

WAYS = {
    "edge": {"nginx", *SERVERS},
    "files": {"nginx", "s3"},
    "application": {*SERVERS, *WORKERS, "redis"},
    "data": {*SERVERS, *WORKERS, "postgres", "postgres-replica", "s3", "backup"},
    "telemetry": {*SERVERS, *WORKERS, "backup", "prometheus", "otel-collector"},
    "monitoring": OBSERVERS | ELASTIC_JOBS,
}
"""Who is in which inner network."""

each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def networks(name: str) -> set[str]:
    return set(SERVICES[name].get("networks", ()))


def variables() -> dict[str, set[str]]:
    """The variables of the file, and what stands behind each name: nothing, a default, or a demand."""
    found: dict[str, set[str]] = {}
    for name, rest in re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", FILE.read_text()):
        found.setdefault(name, set()).add(rest)
    return found


def test_it_has_the_form_of_a_compose_file() -> None:
    checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", FILE)


def test_every_part_of_the_architecture_is_there() -> None:
    assert set(SERVICES) == APPLICATION | OBSERVERS | JOBS
    assert SERVICES["api"]["deploy"]["replicas"] == 3
    assert {
        name for name in SERVICES if SERVICES[name].get("profiles") == ["observability"]
    } == OBSERVERS | ELASTIC_JOBS


@each_service
def test_a_container_can_do_only_what_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service.get("cap_add", ())) <= {"s3-volume": {"CHOWN"}, "filebeat": {"DAC_READ_SEARCH"}}.get(
        name, set()
    )
    assert service["read_only"] or name in {"elasticsearch", "kibana"}
    assert "privileged" not in service and "pid" not in service
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", ()))
    limits = service["deploy"]["resources"]["limits"]
    assert limits.keys() == {"cpus", "memory", "pids"}


@each_service
def test_a_container_does_not_run_as_root(name: str) -> None:
    """Filebeat reads root's files; one job gives a volume away; ours have their user in the image."""
    service = SERVICES[name]
    ours = "build" in service
    assert ours or re.fullmatch(r"[1-9]\d*:\d+", service["user"]) or name in {"filebeat", "s3-volume"}


@each_service
def test_somebody_asks_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    if "healthcheck" in service:
        assert service["healthcheck"].get("test") or name in {*JOBS, "otel-collector", "jaeger"}
    else:
        dockerfile = ROOT / service["build"]["dockerfile"]
        assert "HEALTHCHECK" in dockerfile.read_text()


@each_service
def test_it_waits_for_what_it_needs(name: str) -> None:
    conditions = {"service_healthy", "service_completed_successfully"}
    for needed, wait in SERVICES[name].get("depends_on", {}).items():
        assert needed in SERVICES
        assert wait["condition"] in conditions or needed == "jaeger"


def test_networks_are_the_arrows_of_the_architecture() -> None:
    assert {way: {name for name in SERVICES if way in networks(name)} for way in WAYS} == WAYS
    for client, server in ARROWS:
        assert networks(client) & networks(server) & WAYS.keys(), f"{client} cannot reach {server}"


def test_the_perimeter_reaches_no_database_and_the_queue_nobody_but_the_service() -> None:
    inner = WAYS.keys()
    strangers = [
        ("nginx", "postgres"), ("nginx", "redis"), ("nginx", "worker"), ("redis", "postgres"), ("redis", "s3"),
        ("redis", "backup"), *((observer, store) for observer in OBSERVERS for store in ("postgres", "redis", "s3")),
        *((observer, "nginx") for observer in OBSERVERS),
    ]  # fmt: skip
    for one, other in strangers:
        assert not networks(one) & networks(other) & inner, f"{one} reaches {other}"


def test_inner_networks_have_no_way_out_and_the_way_out_none_to_each_other() -> None:
    for way in WAYS:
        assert MODEL["networks"][way]["internal"] is True
    assert MODEL["networks"]["outbound"]["driver_opts"] == {"com.docker.network.bridge.enable_icc": "false"}
    goes_out = {name for name in SERVICES if "outbound" in networks(name)}
    assert goes_out == {*SERVERS, *WORKERS, "backup", "alertmanager"}
    for one, other in combinations(sorted(SERVICES), 2):
        assert not networks(one) & networks(other) & {"public"}


def test_only_the_perimeter_listens_to_the_world() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", ()):
            assert name == "nginx" or port.startswith("127.0.0.1:"), f"{name}: {port}"
    assert SERVICES["nginx"]["ports"] == ["80:8080", "443:8443"]


@each_service
def test_images_have_exact_versions(name: str) -> None:
    image = SERVICES[name]["image"]
    assert (
        image.endswith(":${IMAGE_TAG}")
        if "build" in SERVICES[name]
        else re.search(r":v?\d+\.\d+(\.\d+)?", image)
    )


@each_service
def test_what_it_is_built_from_and_mounts_is_there(name: str) -> None:
    service = SERVICES[name]
    if "build" in service:
        assert_there(ROOT / service["build"]["dockerfile"])
    for volume in service.get("volumes", ()):
        source = volume.split(":")[0] if isinstance(volume, str) else volume.get("source", "")
        if source.startswith("./"):
            assert_there(DEPLOY / source)
        elif source and source[0] not in "/$":
            assert source in MODEL["volumes"]


def assert_there(path: Path) -> None:
    assert path.exists(), path


def test_every_setting_is_one_that_the_service_has() -> None:
    known = {f"GENESIS_{name.upper()}" for name in ServiceSettings.model_fields}
    known |= {"GENESIS_SECRETS_DIR"} | settings_of_the_backup()
    used = set(re.findall(r"GENESIS_\w+", FILE.read_text() + (DEPLOY / ".env.example").read_text()))
    used |= set(re.findall(r"GENESIS_\w+", (DEPLOY / "nginx" / "start.sh").read_text()))
    used |= {name.upper() for name in MODEL["secrets"] if name.startswith("genesis_")}
    assert used <= known, used - known


def settings_of_the_backup() -> set[str]:
    source = DEPLOY / "backup" / "settings.py"
    names = re.findall(r"^    ((?:backup|storage)_\w+):", source.read_text(), re.MULTILINE)
    return {f"GENESIS_{name.upper()}" for name in names}


def test_no_secret_is_a_variable() -> None:
    secret = {
        name for name, field in ServiceSettings.model_fields.items() if "SecretStr" in str(field.annotation)
    }
    secret |= {"database_url", "database_replica_url", "redis_url"}
    for name, service in SERVICES.items():
        for variable in service.get("environment", ()):
            assert variable.removeprefix("GENESIS_").lower() not in secret, f"{name}: {variable}"
            assert not re.search(r"(PASSWORD|SECRET|TOKEN)$", variable), f"{name}: {variable}"


def test_the_example_of_the_environment_names_every_variable() -> None:
    example = re.findall(r"^#?([A-Z_]+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE)
    assert set(example) == variables().keys()
    required = {name for name, rests in variables().items() if any(rest.startswith(":?") for rest in rests)}
    given = set(re.findall(r"^([A-Z_]+)=.", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    assert given == required
    assert required == REQUIRED


def test_a_variable_has_one_default_or_says_what_it_has_to_be() -> None:
    for name, rests in variables().items():
        said = {rest for rest in rests if rest}
        assert len(said) == 1, f"{name}: {said}"
        [rest] = said
        assert rest.startswith(":-") or re.match(r":\?set it to .{10,}", rest), f"{name}{rest}"


def docker_compose() -> list[str]:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    has = shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    )
    if not has or has.returncode:
        pytest.skip("Docker's compose is not installed")
    return ["docker", "compose"]


def config(*options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    environment = {"PATH": os.environ["PATH"]} | example | changes
    command = [*docker_compose(), "--file", str(FILE), "--env-file", "/dev/null", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_docker_compose_reads_it() -> None:
    done = config("--profile", "*", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    model = json.loads(done.stdout)
    settings = model["services"]["api"]["environment"]
    assert settings["GENESIS_STORAGE_URL"].endswith("public_endpoint=https://tabs.example.org")
    assert set(model["services"]) == set(SERVICES)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_docker_compose_refuses_to_start_without_a_variable_and_names_it(name: str) -> None:
    done = config("config", "--quiet", **{name: ""})
    assert done.returncode != 0
    assert f"required variable {name} is missing a value: set it to" in done.stderr


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    subprocess.run([DEPLOY / "compose" / "make-secrets.sh", folder], check=True)
    return folder


def test_one_command_makes_every_secret_file(secrets: Path) -> None:
    for secret in MODEL["secrets"].values():
        file = secrets / secret["file"].rpartition("/")[2]
        assert file.exists()
        assert stat.S_IMODE(file.stat().st_mode) == 0o444
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    declared = {secret["file"].rpartition("/")[2] for secret in MODEL["secrets"].values()}
    assert {file.name for file in secrets.iterdir()} - declared == {"redis_password"}


def test_secrets_are_never_made_twice_or_printed(secrets: Path) -> None:
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    done = subprocess.run([DEPLOY / "compose" / "make-secrets.sh", secrets], capture_output=True, check=True)
    assert {file.name: file.read_bytes() for file in secrets.iterdir()} == before
    assert done.stdout == b"" == done.stderr


def test_the_service_understands_its_secret_files(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = SERVICES["api"]["environment"]
    monkeypatch.setenv("GENESIS_STORAGE_URL", environment["GENESIS_STORAGE_URL"].partition("&")[0])
    monkeypatch.setenv("GENESIS_SECRETS_DIR", str(secrets))
    settings = load_settings()
    password = (secrets / "postgres_password").read_text()
    assert settings.database_url == f"postgresql+psycopg://genesis:{password}@postgres:5432/genesis"
    assert len(settings.secret_keys[0].get_secret_value()) >= 32
    assert settings.smtp_url.get_secret_value() == ""


def test_every_secret_that_is_used_is_declared_and_the_other_way_round() -> None:
    used = {
        one if isinstance(one, str) else one["source"]
        for s in SERVICES.values()
        for one in s.get("secrets", ())
    }
    assert used == set(MODEL["secrets"])
