"""A real Prometheus and a real Alertmanager on this machine, on copies of the configuration with short times."""

from __future__ import annotations

import json
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from genesis_music.service.platform.child import ChildProcess
from tests.deploy.tools import DEPLOY
from tests.service.jobs.harness import answers
from tests.service.servers import await_ready, free_ports, unavailable

MONITORING = DEPLOY / "monitoring"
RULE_FILES = ("genesis.recording.yaml", "genesis.rules.yaml")
PAGERDUTY_KEY, SLACK_PATH, PAGERDUTY_PATH = "a-routing-key", "/slack/secret-path", "/pagerduty"


@dataclass
class Monitor:
    """A program with an HTTP API."""

    url: str
    child: ChildProcess

    def get(self, path: str, **query: str) -> Any:
        with urllib.request.urlopen(
            f"{self.url}{path}?{urllib.parse.urlencode(query)}", timeout=10
        ) as answer:
            return json.load(answer)

    def query(self, text: str) -> list[dict[str, Any]]:
        """Prometheus: the present samples of a query."""
        found: list[dict[str, Any]] = self.get("/api/v1/query", query=text)["data"]["result"]
        return found

    def post_alerts(self, alerts: list[dict[str, Any]]) -> None:
        """Alertmanager: what any other program than Prometheus sends it."""
        request = urllib.request.Request(
            f"{self.url}/api/v2/alerts",
            data=json.dumps(alerts).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()


@contextmanager
def alertmanager(folder: Path, hooks_url: str, smtp_port: int) -> Iterator[Monitor]:
    """Alertmanager with our configuration; Slack, PagerDuty and the mail server are local, its waits are short."""
    config = yaml.safe_load((MONITORING / "alertmanager" / "alertmanager.yml").read_text())
    shutil.copy(MONITORING / "alertmanager" / "genesis.tmpl", folder)
    secrets = {"slack_url": f"{hooks_url}{SLACK_PATH}", "pagerduty_key": PAGERDUTY_KEY}
    for name, value in secrets.items():
        (folder / name).write_text(value)
    told = config["global"]
    told["pagerduty_url"] = f"{hooks_url}{PAGERDUTY_PATH}"
    told["smtp_smarthost"], told["smtp_require_tls"] = f"127.0.0.1:{smtp_port}", False
    del told["smtp_auth_username"], told["smtp_auth_password_file"]  # the local one asks nobody who they are
    for route in (config["route"], *config["route"]["routes"]):
        route |= {name: "1s" for name in ("group_wait", "group_interval") if name in route}
    text = yaml.safe_dump(config).replace("/run/secrets/alertmanager", str(folder))
    (folder / "alertmanager.yml").write_text(text)
    with _running(
        "prometheus-alertmanager",
        folder,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        "--cluster.listen-address=",
    ) as monitor:
        yield monitor


@contextmanager
def prometheus(folder: Path, targets: dict[str, int], alertmanager_url: str) -> Iterator[Monitor]:
    """Prometheus with our rules on local targets (ports by job), every second; alerts wait for a second at most."""
    config = yaml.safe_load((MONITORING / "prometheus" / "prometheus.yml").read_text())
    config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["alerting"]["alertmanagers"][0]["static_configs"] = [
        {"targets": [alertmanager_url.split("//")[1]]}
    ]
    config["scrape_configs"] = [
        {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        for job, port in targets.items()
    ]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    for name in RULE_FILES:
        text = (MONITORING / "prometheus" / name).read_text()
        (folder / name).write_text(re.sub(r"^( +for: ).*$", r"\g<1>1s", text, flags=re.MULTILINE))
    with _running(
        "prometheus",
        folder,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
    ) as monitor:
        yield monitor


@contextmanager
def _running(program: str, folder: Path, *arguments: str) -> Iterator[Monitor]:
    if shutil.which(program) is None:
        unavailable(f"{program} is not installed: apt install {program}")
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    log = folder / "log"
    child = ChildProcess([program, *arguments, f"--web.listen-address=127.0.0.1:{port}"], log=log)
    try:
        await_ready(child, lambda: answers(f"{url}/-/ready"))
        yield Monitor(url, child)
    finally:
        child.stop()
        print(f"--- {program}\n{log.read_text()[-5000:]}")
