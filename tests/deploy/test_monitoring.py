"""Rules, routes, dashboards and collectors, as the programs that read them see them."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from genesis_music.service.platform.metrics import declared
from genesis_music.service.platform.metrics_server import Quantity
from tests.deploy.tools import DEPLOY, ROOT, checked

MONITORING = DEPLOY / "monitoring"
PROMETHEUS = MONITORING / "prometheus"
RULES = PROMETHEUS / "genesis.rules.yaml"
RECORDING = PROMETHEUS / "genesis.recording.yaml"
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yaml"))
ALERTMANAGER = MONITORING / "alertmanager" / "alertmanager.yml"
RUNBOOKS = ROOT / "docs" / "operations" / "runbooks"
DASHBOARDS = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))
KIBANA = MONITORING / "kibana"

MODULES = ("wiring", "worker", "app", "readings", "jobs.watch", "platform.metrics_server")
"""Where everything that is counted, measured or read is declared, or imported from."""
OTHERS = {"genesis_backup_last_success_timestamp_seconds"}
"""What other programs write: the backup."""
ADDED = {"job", "instance", "le"}
"""Labels that Prometheus or a histogram adds."""
NAMED = (
    "http_requests_total http_request_seconds socket_connections socket_events_total jobs_total job_seconds "
    "job_attempts_total queue_length queue_oldest_seconds dead_letters stage_seconds model_seconds "
    "cache_requests_total breaker_state note_confidence audio_seconds_total build_info"
)
"""What operators were promised."""


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def rules(path: Path) -> list[dict[str, Any]]:
    return [rule for group in load(path)["groups"] for rule in group["rules"]]


@cache
def metrics() -> dict[str, set[str]]:
    """Labels of everything that the service shows Prometheus, by the names of the samples."""
    loaded = [importlib.import_module(f"genesis_music.service.{name}") for name in MODULES]
    known = {name: set(labels) for name, (_, labels) in declared().items()}
    for name in [name for name, (kind, _) in declared().items() if kind == "Histogram"]:
        labels = known[name]
        known |= {f"{name}_{part}": labels for part in ("bucket", "sum", "count")}
    quantities = [
        thing for module in loaded for thing in vars(module).values() if isinstance(thing, Quantity)
    ]
    return known | {one.name: set(one.labels) for one in quantities}


def faults_of(query: str) -> list[str]:
    """Metrics of ours in a query that do not exist, and labels that they do not have."""
    recorded = {rule["record"] for rule in rules(RECORDING)}
    faults = [name for name in re.findall(r"genesis:\w+(?::\w+)?", query) if name not in recorded]
    for name, selector in re.findall(r"\b(genesis_\w+)(\{[^}]*\})?", query):
        if name in OTHERS:
            continue
        labels = set(re.findall(r"(\w+)\s*[=!]~?", selector))
        if name not in metrics():
            faults.append(name)
        elif unknown := labels - metrics()[name] - ADDED:
            faults.append(f"{name}: {unknown}")
    return faults


def queries(dashboard: Path) -> Iterator[str]:
    for panel in json.loads(dashboard.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("grafana_build", MONITORING / "grafana" / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------- Prometheus


def test_every_metric_that_was_promised_exists() -> None:
    missing = {f"genesis_{name}" for name in NAMED.split()} - metrics().keys()
    assert not missing


def test_prometheus_takes_its_configuration_and_rules() -> None:
    checked("promtool", "check", "config", PROMETHEUS / "prometheus.yml")


def test_prometheus_takes_the_configuration_of_a_cluster(tmp_path: Path) -> None:
    """Debian's Prometheus knows no Kubernetes: its part is looked at here, the rest by promtool."""
    config = load(PROMETHEUS / "prometheus.kubernetes.yml")
    for job in config["scrape_configs"]:
        for discovery in job.pop("kubernetes_sd_configs", []):
            assert discovery["role"] in {"pod", "node"}
            assert discovery.keys() <= {"role", "namespaces", "selectors"}
            job["static_configs"] = [{"targets": ["localhost:1"]}]
        job.pop("authorization", None)
        job.pop("tls_config", None)  # files of a pod
    for name in config["rule_files"]:
        (tmp_path / name).write_text((PROMETHEUS / name).read_text())
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    checked("promtool", "check", "config", tmp_path / "prometheus.yml")


def test_one_machine_and_a_cluster_have_the_same_jobs() -> None:
    """Alerts select by them; in a cluster they are the names of the pods."""
    machine = {job["job_name"] for job in load(PROMETHEUS / "prometheus.yml")["scrape_configs"]}
    cluster = load(PROMETHEUS / "prometheus.kubernetes.yml")["scrape_configs"]
    (selected,) = re.findall(r"in \(([\w,-]+)\)", json.dumps(cluster))
    names = {job["job_name"] for job in cluster} | set(selected.split(","))
    assert machine - names == {"page"}  # a cluster's certificates are cert-manager's
    wanted = set(re.findall(r'job=~?"([^"]+)"', RULES.read_text()))
    assert {name for one in wanted for name in one.split("|")} <= machine | names


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.name.removesuffix(".test.yaml"))
def test_alerts_fire_when_they_should_and_only_then(path: Path) -> None:
    checked("promtool", "test", "rules", path)


def test_every_alert_is_tried_with_a_cause_and_without() -> None:
    tries: dict[str, set[bool]] = {rule["alert"]: set() for rule in rules(RULES)}
    for path in RULE_TESTS:
        for case in load(path)["tests"]:
            for one in case["promql_expr_test"]:
                (name,) = re.findall(r'alertname="(\w+)"', one["expr"])
                tries[name].add(bool(one["exp_samples"]))
    assert [name for name, found in tries.items() if found != {True, False}] == []


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for rule in rules(RULES):
        name = rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, name
        assert rule["labels"]["subject"], name
        assert rule["annotations"]["summary"].endswith("."), name
        assert rule["annotations"]["runbook_url"] == f"docs/operations/runbooks/{name}.md"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    names = {rule["alert"] for rule in rules(RULES)} | {
        "ErrorsInLogs",
        "SentryIssue",
    }  # Kibana's and Sentry's
    runbooks = {path.stem: path.read_text() for path in RUNBOOKS.glob("*.md")}
    assert runbooks.keys() == names
    for name, text in runbooks.items():
        assert text.startswith(f"# {name}\n"), name
        for part in ("## What it means", "## What to look at", "## What to do"):
            assert part in text, f"{name}: {part}"
        assert len(text.splitlines()) <= 60, f"{name} is longer than a page"


@pytest.mark.parametrize("path", [RULES, RECORDING], ids=["alerts", "recording"])
def test_rules_ask_only_for_what_exists(path: Path) -> None:
    assert [(rule["expr"], faults) for rule in rules(path) if (faults := faults_of(rule["expr"]))] == []


# ---------------------------------------------------------------- Alertmanager


def test_alertmanager_takes_its_configuration_and_words() -> None:
    checked("amtool", "check-config", ALERTMANAGER)


@pytest.mark.parametrize(
    ("severity", "receiver"),
    [("critical", "critical"), ("warning", "warning"), ("info", "info"), ("none", "warning")],
)
def test_an_alert_finds_its_readers(severity: str, receiver: str) -> None:
    told = checked(
        "amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", f"severity={severity}"
    )
    assert told.split()[0] == receiver


def test_critical_wakes_warnings_show_and_the_rest_is_mailed() -> None:
    receivers = {one["name"]: one.keys() - {"name"} for one in load(ALERTMANAGER)["receivers"]}
    assert receivers == {
        "critical": {"pagerduty_configs", "slack_configs"},
        "warning": {"slack_configs"},
        "info": {"email_configs"},
    }


def test_secrets_of_alertmanager_are_files() -> None:
    config = load(ALERTMANAGER)
    told = {**config["global"], **config["receivers"][0]["pagerduty_configs"][0]}
    for name, value in told.items():
        if re.search("url|key|password", name) and name != "client_url":
            assert name.endswith("_file") and value.startswith("/run/secrets/"), name


def test_alerts_are_silenced_only_by_alerts_that_exist() -> None:
    names = {rule["alert"] for rule in rules(RULES)}
    for rule in load(ALERTMANAGER)["inhibit_rules"]:
        matchers = " ".join(rule["source_matchers"] + rule["target_matchers"])
        for pattern in re.findall(r'alertname !?=~? "?([\w.*|]+)', matchers):
            for one in pattern.split("|"):
                assert any(re.fullmatch(one, name) for name in names), one


# ---------------------------------------------------------------- Grafana


def test_dashboards_are_what_their_descriptions_say() -> None:
    texts: dict[Path, str] = build().texts()
    assert sorted(texts) == DASHBOARDS
    for path, text in texts.items():
        assert path.read_text() == text, f"run deploy/monitoring/grafana/build.py: {path.name}"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panels_query_parses_and_asks_for_what_exists(path: Path, tmp_path: Path) -> None:
    texts = [query.replace("$__rate_interval", "5m") for query in queries(path)]
    records = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(texts)]
    written = tmp_path / "panels.yaml"
    written.write_text(yaml.safe_dump({"groups": [{"name": path.stem, "rules": records}]}))
    checked("promtool", "check", "rules", written)
    assert [(text, faults) for text in texts if (faults := faults_of(text))] == []


def test_grafana_finds_its_sources_and_dashboards() -> None:
    provisioning = MONITORING / "grafana" / "provisioning"
    sources = {one["uid"] for one in load(provisioning / "datasources" / "genesis.yaml")["datasources"]}
    for path in DASHBOARDS:
        panels = json.loads(path.read_text())["panels"]
        assert {panel["datasource"]["uid"] for panel in panels} <= sources
        assert len({panel["id"] for panel in panels}) == len(panels)
    (receiver,) = load(provisioning / "alerting" / "genesis.yaml")["contactPoints"][0]["receivers"]
    assert receiver["type"] == "prometheus-alertmanager"


# ---------------------------------------------------------------- logs and traces


def test_kibanas_objects_are_whole() -> None:
    objects = [json.loads(line) for line in (KIBANA / "genesis.ndjson").read_text().splitlines()]
    known = {(one["type"], one["id"]) for one in objects}
    assert len(known) == len(objects)
    assert {"index-pattern", "search", "dashboard"} <= {one["type"] for one in objects}
    for one in objects:
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in known, one["id"]
        for text in re.findall(r"\w+(?:JSON|State)\b", " ".join(one["attributes"])):
            json.loads(one["attributes"][text])
        if "panelsJSON" in one["attributes"]:
            panels = json.loads(one["attributes"]["panelsJSON"])
            assert [panel["panelRefName"] for panel in panels] == [ref["name"] for ref in one["references"]]


def test_kibana_tells_the_alertmanager() -> None:
    connector, rule = (json.loads((KIBANA / f"{name}.json").read_text()) for name in ("connector", "rule"))
    assert connector["config"]["url"].endswith(":9093/api/v2/alerts")
    (action,) = rule["actions"]
    (alert,) = json.loads(action["params"]["body"])
    assert alert["labels"]["alertname"] == rule["name"]
    assert alert["labels"]["severity"] == "warning"
    json.loads(rule["params"]["esQuery"])


def test_logs_are_kept_where_they_are_looked_for() -> None:
    template = json.loads((MONITORING / "elasticsearch" / "template.json").read_text())
    lifecycle = json.loads((MONITORING / "elasticsearch" / "lifecycle.json").read_text())
    (pattern,) = template["index_patterns"]
    for name in ("filebeat.yml", "filebeat.kubernetes.yml"):
        beat = load(MONITORING / "filebeat" / name)
        assert re.fullmatch(pattern.replace("*", ".+"), beat["output.elasticsearch"]["index"])
        (source,) = beat["filebeat.inputs"]
        assert [next(iter(parser)) for parser in source["parsers"]] == ["container", "ndjson"]
        assert source["parsers"][1]["ndjson"]["target"] == ""
    assert template["template"]["settings"]["index.lifecycle.name"] == "genesis-logs"
    assert "delete" in lifecycle["policy"]["phases"]


def test_the_collector_takes_spans_and_gives_them_to_jaeger() -> None:
    config = load(MONITORING / "otel-collector" / "config.yaml")
    for kind in ("receivers", "processors", "exporters"):
        used = {name for pipeline in config["service"]["pipelines"].values() for name in pipeline[kind]}
        assert used == config[kind].keys(), kind
    assert set(config["service"]["extensions"]) == config["extensions"].keys()
    assert config["receivers"]["otlp"]["protocols"]["http"]["endpoint"].endswith(":4318")
    assert config["exporters"]["otlp/jaeger"]["endpoint"] == "jaeger:4317"


@pytest.mark.parametrize(
    "path", sorted(MONITORING.rglob("*.y*ml")), ids=lambda path: str(path.relative_to(MONITORING))
)
def test_yaml_is_plain(path: Path) -> None:
    style = "{extends: default, rules: {line-length: {max: 170}, document-start: disable, braces: disable}}"
    checked("yamllint", "--strict", "-d", style, path)
