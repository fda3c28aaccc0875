"""A real Prometheus watches a real service, its rules fire, and a real Alertmanager tells the right people."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis_music.service.platform.child import ChildProcess
from tests.deploy.test_monitoring import DASHBOARDS, KIBANA, MONITORING, queries
from tests.live.monitors import PAGERDUTY_KEY, PAGERDUTY_PATH, SLACK_PATH, Monitor, alertmanager, prometheus
from tests.service.conftest import Person, make_person
from tests.service.jobs.conftest import opened_workshop, own_redis
from tests.service.jobs.harness import JobHarness
from tests.service.receivers import Inbox, inbox
from tests.service.servers import TestRedis, await_ready, free_ports, scratch, until
from tests.service.smtp_server import SmtpServer, running_smtp_server

__all__ = ["own_redis"]


@dataclass
class Watch:
    """The service, those who watch it, and those who are told."""

    harness: JobHarness
    person: Person
    prometheus: Monitor
    alertmanager: Monitor
    hooks: Inbox
    mailbox: SmtpServer

    def firing(self, alert: str) -> bool:
        return bool(self.prometheus.query(f'ALERTS{{alertname="{alert}", alertstate="firing"}}'))

    def told(self, path: str, text: str) -> list[Any]:
        """What was posted to an address and speaks of something."""
        posts = [post.json() for post in list(self.hooks.posts) if post.path == path]
        return [post for post in posts if text in json.dumps(post)]

    def letters(self, text: str) -> list[EmailMessage]:
        return [one for one in list(self.mailbox.messages) if text in plain(one)]


@pytest.fixture(scope="module")
def watch(own_redis: TestRedis) -> Iterator[Watch]:
    """One API server and one worker; the sockets are the API's own here."""
    api, worker = free_ports(2)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch("monitoring"))
        places = {name: folder / name for name in ("service", "alertmanager", "prometheus")}
        for place in places.values():
            place.mkdir()
        hooks = stack.enter_context(inbox())
        mailbox = stack.enter_context(running_smtp_server())
        database = f"sqlite:///{places['service'] / 'genesis.sqlite'}"
        harness = stack.enter_context(
            opened_workshop(database, own_redis, places["service"], metrics_port=worker, max_attempts=1)
        )
        harness.start_api(metrics_port=api)
        alerts = stack.enter_context(
            alertmanager(places["alertmanager"], hooks.url, mailbox.server_address[1])
        )
        targets = {"api": api, "sockets": api, "worker": worker}
        metrics = stack.enter_context(prometheus(places["prometheus"], targets, alerts.url))
        person = make_person(harness.platform, "ada@example.com")
        watch = Watch(harness, person, metrics, alerts, hooks, mailbox)
        until(lambda: len(metrics.query("up == 1")) == len(targets))
        yield watch


def plain(letter: EmailMessage) -> str:
    """What is to be read in a letter."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@contextmanager
def sentry_bridge(alertmanager_url: str, secret: str, folder: Path) -> Iterator[str]:
    """The bridge as an operator runs it."""
    [port] = free_ports(1)
    (folder / "secret").write_text(secret)
    told = {
        "SENTRY_SECRET_FILE": str(folder / "secret"),
        "ALERTMANAGER_URL": alertmanager_url,
        "PORT": str(port),
    }
    child = ChildProcess([sys.executable, MONITORING / "sentry" / "bridge.py"], environment=told)
    try:
        await_ready(child, lambda: hook(f"http://127.0.0.1:{port}/", b"{}", "x") == 401)
        yield f"http://127.0.0.1:{port}/"
    finally:
        child.stop()


def hook(url: str, body: bytes, secret: str, resource: str = "event_alert") -> int:
    """Post as Sentry does; 0 when nobody answers."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Sentry-Hook-Resource": resource, "Sentry-Hook-Signature": signature}
    try:
        return httpx.post(url, content=body, headers=headers, timeout=10).status_code
    except httpx.TransportError:
        return 0


def alert(name: str, **labels: str) -> dict[str, Any]:
    """An alert as another program would send it."""
    about = {"summary": f"{name} happened.", "runbook_url": f"docs/operations/runbooks/{name}.md"}
    return {"labels": {"alertname": name, "environment": "production", **labels}, "annotations": about}


def test_prometheus_sees_servers_and_workers(watch: Watch) -> None:
    done = watch.harness.submit(watch.person.id)
    watch.harness.await_end(done)
    until(lambda: bool(watch.prometheus.query('genesis_jobs_total{job="worker", outcome="complete"} > 0')))
    for name in ("genesis_queue_length", "genesis_http_requests_total", "genesis_build_info"):
        assert watch.prometheus.query(f'{name}{{job="api"}}'), name
    until(lambda: bool(watch.prometheus.query("genesis:queue_length:max")))


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_prometheus_answers_every_panel(watch: Watch, path: Path) -> None:
    for query in queries(path):
        watch.prometheus.query(query.replace("$__rate_interval", "1m"))


def test_a_dead_letter_shows_in_slack_and_wakes_nobody(watch: Watch) -> None:
    until(lambda: bool(watch.prometheus.query("genesis:dead_letters:max == 0")))
    failed = watch.harness.submit(watch.person.id, {"fail": "ours"})
    watch.harness.await_end(failed)
    until(lambda: bool(watch.told(SLACK_PATH, "DeadLettersGrow")))
    (message,) = watch.told(SLACK_PATH, "DeadLettersGrow")[0]["attachments"]
    assert message["title"].startswith("[WARNING] production: 1 jobs failed for good within an hour")
    assert "docs/operations/runbooks/DeadLettersGrow.md" in message["text"]
    assert not watch.told(PAGERDUTY_PATH, "DeadLettersGrow")
    assert not watch.letters("DeadLettersGrow")


def test_without_a_worker_somebody_is_woken_until_one_is_back(watch: Watch) -> None:
    worker, *_ = watch.harness.children
    worker.stop()
    until(lambda: bool(watch.told(PAGERDUTY_PATH, "NoWorker")))
    (event,) = watch.told(PAGERDUTY_PATH, "NoWorker")
    assert (event["routing_key"], event["event_action"]) == (PAGERDUTY_KEY, "trigger")
    assert event["payload"]["severity"] == "critical"
    assert "No worker answers" in event["payload"]["summary"]
    assert "docs/operations/runbooks/NoWorker.md" in event["payload"]["custom_details"]["alerts"]
    until(lambda: bool(watch.told(SLACK_PATH, "NoWorker")))
    # What follows from it is said by nobody.
    watch.alertmanager.post_alerts([alert("QueueStuck", severity="critical", subject="work", queue="cpu")])
    until(lambda: watch.alertmanager.get("/api/v2/alerts", filter='alertname="QueueStuck"') != [])
    (stuck,) = watch.alertmanager.get("/api/v2/alerts", filter='alertname="QueueStuck"')
    assert stuck["status"]["inhibitedBy"]
    watch.harness.start_worker()
    until(lambda: not watch.firing("NoWorker"))


def test_an_info_goes_by_mail_and_nowhere_else(watch: Watch) -> None:
    watch.alertmanager.post_alerts([alert("CacheMisses", severity="info", subject="cache")])
    until(lambda: bool(watch.letters("CacheMisses")))
    letter = watch.letters("CacheMisses")[0]
    assert letter["To"] == "operators@example.com"
    assert letter["Subject"] == "[INFO] production: CacheMisses happened."
    assert not watch.told(SLACK_PATH, "CacheMisses")
    assert not watch.told(PAGERDUTY_PATH, "CacheMisses")


def test_what_sentry_sends_is_passed_on_if_it_is_signed(watch: Watch, tmp_path: Path) -> None:
    tags = [["stage", "Writing"], ["process", "worker"], ["user", "ada"]]
    event = {"title": "EngineError", "level": "fatal", "web_url": "http://sentry/1", "tags": tags}
    body = json.dumps({"action": "triggered", "data": {"event": event}}).encode()
    with sentry_bridge(watch.alertmanager.url, "a secret", tmp_path) as url:
        assert hook(url, body, "another secret") == 401
        assert hook(url, body, "a secret", resource="installation") == 204
        assert hook(url, body, "a secret") == 204
    until(lambda: bool(watch.told(PAGERDUTY_PATH, "SentryIssue")))
    (message,) = watch.told(PAGERDUTY_PATH, "SentryIssue")
    assert message["payload"]["summary"] == "[CRITICAL] production: Sentry: EngineError."


def test_what_kibana_sends_is_understood(watch: Watch) -> None:
    (action,) = json.loads((KIBANA / "rule.json").read_text())["actions"]
    body = (
        action["params"]["body"].replace("{{context.value}}", "31").replace("{{{context.link}}}", "http://k/")
    )
    watch.alertmanager.post_alerts(json.loads(body))
    until(lambda: bool(watch.told(SLACK_PATH, "ErrorsInLogs")))
    assert watch.told(SLACK_PATH, "31 errors were logged")
