"""The error recovery flow of the specification, all eight steps, with a real worker, server, mailbox and webhook."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from redis import Redis

from genesis_music.service.platform.migrate import migrate
from genesis_music.service.transcriptions import keys
from genesis_music.service.wiring import make_jobs
from tests.faults.people import webhook_receiver
from tests.service.conftest import Person, make_person
from tests.service.fragile_worker import FAULT
from tests.service.jobs.conftest import own_redis
from tests.service.jobs.harness import JobHarness
from tests.service.jobs.test_sockets import Follower
from tests.service.platform.test_sentry import events, sentry
from tests.service.platforms import make_platform, make_settings
from tests.service.servers import TestRedis, until
from tests.service.smtp_server import SmtpServer, running_smtp_server
from tests.service.transcriptions.conftest import PORCH

__all__ = ["own_redis"]

WORKER = "tests.service.fragile_worker"
SUPPORT = "help@example.com"
ATTEMPTS = 2
PATIENCE_SECONDS = 400.0
"""Programs start and work, perhaps on a busy machine."""


@dataclass
class Outside:
    """Everybody whom a failure is told."""

    harness: JobHarness
    url: str
    person: Person
    mailbox: SmtpServer
    hooked: Any
    reported: list[bytes]

    def __call__(self, method: str, path: str, **what: Any) -> Any:
        answer = httpx.request(
            method, f"{self.url}/api/v1{path}", headers=self.person.headers, timeout=60, **what
        )
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def outside(own_redis: TestRedis, tmp_path: Path) -> Iterator[Outside]:
    with ExitStack() as stack:
        mailbox = stack.enter_context(running_smtp_server())
        hook, hooked = stack.enter_context(webhook_receiver())
        dsn, reported = stack.enter_context(sentry())
        redis = stack.enter_context(Redis.from_url(own_redis.url))
        database = (f"sqlite:///{tmp_path / 'genesis.sqlite'}", "")
        settings = make_settings(database, own_redis.url, tmp_path, max_attempts=ATTEMPTS)
        platform = make_platform(settings, redis)
        stack.callback(platform.database.close)
        migrate(platform.database.primary)
        told = {
            "GENESIS_SMTP_URL": mailbox.url,
            "GENESIS_SENTRY_DSN": dsn,
            "GENESIS_SUPPORT_EMAIL": SUPPORT,
            "GENESIS_WEBHOOK_PRIVATE_HOSTS": urlsplit(hook).netloc,
        }
        harness = JobHarness(platform, make_jobs(platform), tmp_path, told)
        stack.callback(harness.jobs.queue.close)
        stack.callback(harness.stop)
        harness.start_worker(WORKER)
        url = harness.start_api(patience_seconds=PATIENCE_SECONDS)
        person = make_person(platform, "ada@example.com")
        made = Outside(harness, url, person, mailbox, hooked, reported)
        made("POST", "/webhooks", json={"url": hook})
        yield made
        for log in tmp_path.glob("*.log"):
            print(log.read_text())


def test_a_failure_goes_through_all_eight_steps(outside: Outside) -> None:
    follower = Follower(outside.url, outside.person.signed_in.access.token)
    with PORCH.open("rb") as file:
        accepted = outside("POST", "/transcribe", files={"file": file}, data={"end": "2"})
    path = f"/transcribe/{accepted['transcription_id']}"
    assert follower.ask("subscribe", {"job_id": accepted["job_id"]})["ok"]

    told = follower.await_heard("failed", PATIENCE_SECONDS)  # 1, 3, 6 and 7
    follower.client.disconnect()
    shown = outside("GET", path)["job"]
    assert (shown["status"], shown["attempt"]) == ("failed", ATTEMPTS)  # 4 and 5
    assert (shown["error"]["message"], shown["error"]["retryable"]) == (FAULT, True)
    assert told["error"] == {"code": "engine", "message": FAULT}
    options = [option["action"] for option in told["options"]]  # 8
    assert options == ["retry", "contact-support", "different-audio"]
    assert [option["action"] for option in shown["error"]["options"]] == options
    assert told["options"][1]["email"] == SUPPORT

    until(lambda: len(_reports(outside, accepted["job_id"])) == ATTEMPTS)  # 2
    for report in _reports(outside, accepted["job_id"]):
        assert report["exception"]["values"][-1]["type"] == "EngineError"
        assert report["tags"]["stage"] == "Writing"
    [letter] = outside.mailbox.await_messages(1)  # 6: notified
    body = letter.get_body(("plain",))
    assert letter["To"] == "ada@example.com" and body is not None
    page = f"/t/{accepted['transcription_id']}"
    assert all(text in body.get_content() for text in (FAULT, SUPPORT, accepted["job_id"], page))
    until(lambda: len(outside.hooked()) == 1)
    message = json.loads(outside.hooked()[0])
    assert (message["type"], message["data"]["error"]["message"]) == ("transcription.failed", FAULT)
    storage = outside.harness.platform.storage
    until(lambda: not list(storage.list(keys.RESULTS)))  # 6: partial results are cleaned up

    outside("POST", f"{path}/retry", json={"denoise": "on"})  # 8: different settings
    until(lambda: outside("GET", path)["status"] == "complete", PATIENCE_SECONDS)
    until(lambda: len(outside.hooked()) == 2 and len(outside.mailbox.messages) == 2)
    assert json.loads(outside.hooked()[1])["type"] == "transcription.complete"
    assert outside("GET", f"{path}/result")["tab"]["tracks"]


def _reports(outside: Outside, job_id: str) -> list[dict[str, Any]]:
    found = events(list(outside.reported))
    return [event for event in found if event.get("tags", {}).get("job_id") == job_id]
