"""What runs in the cluster gets the settings and secrets that it reads, and is started as it wants to be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine

from genesis_music.service import serve, worker
from genesis_music.service.config import ServiceSettings, load_settings
from genesis_music.service.jobs.queue import QUEUES
from genesis_music.service.platform.revision import newest_file, present_revision
from tests.deploy.manifests import (
    NAME,
    OVERLAYS,
    WITH_PODS,
    Object,
    both,
    containers,
    each_pod,
    labels,
    named,
    objects,
    of_kind,
    pods,
    read,
    selected,
    settings_of,
    template,
    templates,
)
from tests.deploy.tools import DEPLOY, checked

BESIDE_SETTINGS = {"GENESIS_SECRETS_DIR"}
"""Read before the settings are: where their secrets lie."""


# --- settings


@cache
def fields_of(path: Path) -> frozenset[str]:
    """Names of the variables that a settings class in a file has."""
    classes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    settings = [
        one for one in classes if any(getattr(base, "id", "") == "BaseSettings" for base in one.bases)
    ]
    fields = (node for one in settings for node in one.body if isinstance(node, ast.AnnAssign))
    return frozenset(
        f"GENESIS_{field.target.id.upper()}" for field in fields if isinstance(field.target, ast.Name)
    )


def known_variables(pod: Object) -> frozenset[str]:
    """Variables that the program in a pod reads."""
    part = pod["metadata"]["labels"][NAME]
    backup, nginx = DEPLOY / "backup/settings.py", DEPLOY / "nginx/start.sh"
    if part == "backup":
        return fields_of(backup)
    if part == "nginx":
        return frozenset(re.findall(r'"\$\{(\w+)[:?]', nginx.read_text()))
    return frozenset(f"GENESIS_{name.upper()}" for name in ServiceSettings.model_fields)


@each_pod
def test_every_variable_is_a_setting_of_the_program(overlay: str, pod: Object) -> None:
    given = {name for name in settings_of(overlay, pod) if re.match("GENESIS_|NGINX_|STORAGE_|API_", name)}
    assert given <= known_variables(pod) | BESIDE_SETTINGS


@each_pod
def test_every_secret_file_is_a_setting_of_the_program(overlay: str, pod: Object) -> None:
    files = {key.upper() for key in secret_keys(overlay, pod) if key.startswith("genesis_")}
    assert files <= known_variables(pod)


def secret_keys(overlay: str, pod: Object) -> set[str]:
    """Names of the files that a pod finds in its folder of secrets."""
    secrets = templates(overlay)
    return {
        key
        for volume in pod["spec"].get("volumes", ())
        for source in volume.get("projected", {}).get("sources", ())
        if "items" not in source["secret"]
        for key in secrets[source["secret"]["name"]]
    }


@pytest.mark.parametrize("part", ["api", "sockets", "api-canary", "worker", "worker-gpu"])
@both
def test_the_service_starts_with_these_settings(
    overlay: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = template(named(overlay, "Deployment", part))
    for key in secret_keys(overlay, pod):
        text = templates(overlay)["service"][key]
        (tmp_path / key).write_text(re.sub(r"\{\{.*?\}\}", "x" * 40, text))
    (tmp_path / "genesis_sentry_dsn").write_text("https://key@sentry.example/1")  # all of it is one secret
    for name, value in settings_of(overlay, pod).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GENESIS_SECRETS_DIR", str(tmp_path))
    settings = load_settings()
    assert not settings.embedded
    assert settings.environment == overlay
    assert settings.public_url.startswith("https://")
    assert settings.storage_encryption
    assert settings.database_replica_url
    assert settings.storage_secret_key.get_secret_value() == "x" * 40


@both
def test_every_address_is_a_service_with_that_port(overlay: str) -> None:
    """Host names without a dot, or of this namespace, in settings, secrets and commands."""
    (space,) = of_kind(overlay, "Namespace")
    texts = [text for secret in templates(overlay).values() for text in secret.values()]
    texts += [value for one in of_kind(overlay, "ConfigMap") for value in one["data"].values()]
    inside = rf"(?:@|//|=|^)([a-z][a-z0-9-]*)(?:\.{space['metadata']['name']}\.svc\.cluster\.local)?:(\d+)"
    found = {(host, int(port)) for text in texts for host, port in re.findall(inside, text, re.MULTILINE)}
    assert {host for host, _ in found} >= {"postgres", "postgres-replica", "redis", "api", "sockets"}
    for host, port in found:
        assert port in [one["port"] for one in named(overlay, "Service", host)["spec"]["ports"]]


# --- the programs


@both
def test_the_queues_all_have_workers(overlay: str) -> None:
    taken = set()
    for part in ("worker", "worker-gpu"):
        (container,) = template(named(overlay, "Deployment", part))["spec"]["containers"]
        assert container["args"][:2] == ["worker", "--queues"]
        taken |= set(container["args"][2].split(","))
    assert taken == set(QUEUES)


@pytest.mark.parametrize(("command", "options"), [("serve", ("--host", "--port")), ("worker", ("--queues",))])
def test_the_commands_know_their_options(command: str, options: tuple[str, ...]) -> None:
    said = subprocess.run(
        [Path(sys.executable).with_name("genesis"), command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for option in options:
        assert option in said


@both
def test_a_worker_has_the_time_to_give_its_job_back(overlay: str) -> None:
    for part in ("worker", "worker-gpu"):
        patience = template(named(overlay, "Deployment", part))["spec"]["terminationGracePeriodSeconds"]
        assert patience >= worker.SHUTDOWN_SECONDS * 2


@both
def test_a_server_has_the_time_to_answer_what_runs(overlay: str) -> None:
    for part in ("api", "api-canary", "sockets"):
        spec = template(named(overlay, "Deployment", part))["spec"]
        pause = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert spec["terminationGracePeriodSeconds"] > serve.GOODBYE_SECONDS * 10 + pause


def test_the_migration_brings_the_tables_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (container,) = template(named("production", "Job", "migrate"))["spec"]["containers"]
    url = f"sqlite:///{tmp_path / 'tables.sqlite'}"
    for name, value in {"DATABASE_URL": url, "REDIS_URL": "redis://x", "STORAGE_URL": "s3://x"}.items():
        monkeypatch.setenv(f"GENESIS_{name}", value)
    monkeypatch.setenv("GENESIS_SECRET_KEYS", "x" * 40)
    assert container["command"] == ["python", "-c"]
    subprocess.run([sys.executable, "-c", *container["args"]], check=True)
    assert present_revision(create_engine(url)) == newest_file()


@both
def test_three_servers_at_least_answer_in_production(overlay: str) -> None:
    least = named(overlay, "HorizontalPodAutoscaler", "api")["spec"]["minReplicas"]
    assert least == (3 if overlay == "production" else 2)
    assert named(overlay, "Deployment", "api-canary")["spec"]["replicas"] == 0


@both
def test_a_canary_is_the_same_program(overlay: str) -> None:
    """All but its name, its track and its number."""
    stable, canary = (named(overlay, "Deployment", name) for name in ("api", "api-canary"))
    pair = [yaml.safe_load(yaml.safe_dump(template(one))) for one in (stable, canary)]
    text = [yaml.safe_dump(one).replace("canary", "stable") for one in pair]
    assert text[0] == text[1]
    chosen = named(overlay, "Service", "api")["spec"]["selector"]
    assert all(selected({"matchLabels": chosen}, labels(template(one))) for one in (stable, canary))


@both
def test_backups_run_on_their_own_every_day(overlay: str) -> None:
    commands = {
        name: one["spec"]["containers"][0]["args"]
        for name, one in pods(overlay)
        if labels(one)[NAME] == "backup"
    }
    assert commands == {
        "Deployment/backup": ["archive-wal"],
        "CronJob/backup-database": ["backup-database"],
        "CronJob/backup-bucket": ["backup-bucket"],
    }
    assert all(one["spec"]["concurrencyPolicy"] == "Forbid" for one in of_kind(overlay, "CronJob"))


def test_what_has_pods_is_all_looked_at() -> None:
    kinds = {one["kind"] for one in objects("staging") if "template" in str(one.get("spec", {}))}
    assert kinds - {"ExternalSecret"} == set(WITH_PODS)


def test_images_of_others_have_the_versions_of_compose() -> None:
    compose = DEPLOY / "compose.yaml"
    theirs = {one["image"] for one in yaml.safe_load(compose.read_text())["services"].values()}
    ours = {one["image"] for overlay in OVERLAYS for _, pod in pods(overlay) for one in containers(pod)}
    assert {image for image in ours if "/genesis-" not in image} <= theirs


@both
def test_prometheus_tells_a_canary_from_what_runs(overlay: str) -> None:
    """By the label ``track``, which ``deploy/release/verdict.py`` asks for; its operator adds ``namespace``."""
    (monitor,) = of_kind(overlay, "PodMonitor")
    seen = [name for name, pod in pods(overlay) if selected(monitor["spec"]["selector"], labels(pod))]
    assert {"Deployment/api", "Deployment/api-canary", "Deployment/worker", "Deployment/backup"} <= set(seen)
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    sources = {one["targetLabel"]: one["sourceLabels"] for one in endpoint["relabelings"]}
    assert sources["track"] == ["__meta_kubernetes_pod_label_genesis_music_track"]


def test_a_release_may_ask_prometheus_and_nobody_else(tmp_path: Path) -> None:
    text = checked("kubectl", "kustomize", DEPLOY / "kubernetes/monitoring")
    role, binding = read(text)
    (rule,) = role["rules"]
    assert (rule["resources"], rule["verbs"]) == (["services/proxy"], ["get"])
    assert f"services/{rule['resourceNames'][0]}/proxy" in (DEPLOY / "release/canary.sh").read_text()
    assert binding["subjects"] == named("production", "RoleBinding", "deployer")["subjects"]
    (tmp_path / "monitoring.yaml").write_text(text)
    checked("kubernetes-validate", "--strict", tmp_path / "monitoring.yaml")
