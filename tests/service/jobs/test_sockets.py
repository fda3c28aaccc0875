"""Followers of jobs, with the real clients, through two real server processes."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import socketio
from socketio.exceptions import BadNamespaceError
from socketio.exceptions import ConnectionError as Refused

from genesis_music.service.accounts.tables import Role
from genesis_music.service.app import asgi
from genesis_music.service.jobs.tables import Job, JobStatus
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.publisher import RedisPublisher
from genesis_music.service.sockets import Sockets
from genesis_music.service.wiring import make_jobs
from tests.service.conftest import Person, make_person, served
from tests.service.jobs.conftest import opened_workshop
from tests.service.jobs.harness import JobHarness
from tests.service.jobs.tiny import TinyHandler
from tests.service.servers import START_SECONDS, until

PROJECT = Path(__file__).parent.parent / "socketio"


@dataclass
class Stage:
    """A worker, two servers, and people."""

    harness: JobHarness
    urls: list[str]
    owner: Person
    stranger: Person
    admin: Person


@pytest.fixture(scope="module")
def stage(own_redis, tmp_path_factory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with opened_workshop(f"sqlite:///{folder / 'genesis.sqlite'}", own_redis, folder) as harness:
        people = [
            make_person(harness.platform, f"{name}@example.com", role)
            for name, role in (("ada", Role.USER), ("ben", Role.USER), ("root", Role.ADMIN))
        ]
        urls = [harness.start_api(patience_seconds=180, access_token_seconds=900) for _ in range(2)]
        yield Stage(harness, urls, *people)


class Follower:
    """A client that keeps what it hears."""

    def __init__(self, url, token, **options):
        self.heard = []
        self.gone = False
        self.client = socketio.Client(reconnection=False, request_timeout=60)
        self.client.on("*", lambda event, data: self.heard.append((event, data)))
        self.client.on("disconnect", self._leave)
        auth = {"token": token} if token else None
        self.client.connect(url, auth=auth, transports=["websocket"], wait_timeout=30, **options)

    def _leave(self, *_):
        self.gone = True

    def ask(self, event, payload):
        return self.client.call(event, payload, timeout=30)

    def names(self):
        return [event for event, _ in self.heard]

    def await_heard(self, name, seconds=START_SECONDS):
        until(lambda: name in self.names(), seconds)
        return next(data for event, data in self.heard if event == name)


@pytest.fixture
def follow(stage) -> Iterator:
    followers = []

    def connect(person, server=0, **options):
        token = person.signed_in.access.token if person else None
        followers.append(Follower(stage.urls[server], token, **options))
        return followers[-1]

    yield connect
    for follower in followers:
        follower.client.disconnect()


def test_followers_on_both_servers_hear_a_job_to_its_end(stage, follow):
    job_id = stage.harness.submit(stage.owner.id, {"seconds": 3})
    followers = [follow(stage.owner, 0), follow(stage.owner, 1), follow(stage.admin, 1)]
    for follower in followers:
        answer = follower.ask("subscribe", {"job_id": str(job_id)})
        assert answer["ok"] and answer["data"]["job_id"] == str(job_id)
    for follower in followers:
        assert follower.await_heard("complete")["status"] == "complete"
    assert stage.harness.job(job_id).status is JobStatus.COMPLETE


def test_who_begins_to_follow_while_a_job_goes_on_is_told_nothing_older_than_what_is_heard(
    sqlite_platform, redis_server, tmp_path, monkeypatch
):
    platform = replace(sqlite_platform, publisher=RedisPublisher(redis_server.url))
    person = make_person(platform, "ada@example.com")
    harness = JobHarness(platform, make_jobs(platform, TinyHandler(platform)), tmp_path)
    job_id = harness.submit(person.id)
    lease = harness.attempts.claim(job_id, "worker")
    with served(asgi(platform)) as port:
        follower = Follower(f"http://127.0.0.1:{port}", person.signed_in.access.token)

        def go_on() -> bool:
            harness.attempts.advance(lease, stage="listening", percent=50)
            return any(data["percent"] == 50 for _, data in follower.heard)

        def overtaken(one: Sockets, id_: UUID) -> Job | None:
            found = find(one, id_)
            readings.append(found)
            if len(readings) == 2:  # the first asks only whose job it is
                until(go_on)
            return found

        find, readings = Sockets._find, []
        monkeypatch.setattr(Sockets, "_find", overtaken)
        answer = follower.ask("subscribe", {"job_id": str(job_id)})
        follower.client.disconnect()
    harness.jobs.queue.close()
    assert answer["data"]["percent"] == 50


def test_who_comes_late_is_told_the_end_at_once(stage, follow):
    job_id = stage.harness.submit(stage.owner.id, {"fail": "input"})
    stage.harness.await_end(job_id)
    follower = follow(stage.owner)
    answer = follower.ask("subscribe", {"job_id": str(job_id)})
    assert answer["event"] == "failed"
    assert follower.await_heard("failed")["options"] == answer["data"]["options"]


def test_a_job_that_waits_is_not_silent(stage, follow):
    job_id = stage.harness.submit(stage.owner.id, not_before=utc_now() + timedelta(hours=1))
    follower = follow(stage.owner)
    follower.ask("subscribe", {"job_id": str(job_id)})
    before = len(follower.heard)
    until(lambda: len(follower.heard) > before + 1)
    stage.harness.cancel(job_id)
    follower.await_heard("cancelled")


def test_an_end_that_was_not_heard_is_told_from_the_database(stage, follow):
    job_id = stage.harness.submit(stage.owner.id, {"seconds": 600})
    stage.harness.await_begun(job_id)
    follower = follow(stage.owner)
    follower.ask("subscribe", {"job_id": str(job_id)})
    channel = stage.harness.platform.publisher
    channel.publish, publish = (lambda *_: None), channel.publish
    try:
        stage.harness.cancel(job_id)
    finally:
        channel.publish = publish
    follower.await_heard("cancelled")


def test_a_job_of_somebody_else_looks_like_none(stage, follow):
    job_id = stage.harness.submit(stage.owner.id)
    follower = follow(stage.stranger)
    theirs = follower.ask("subscribe", {"job_id": str(job_id)})
    nobodys = follower.ask("subscribe", {"job_id": "00000000-0000-0000-0000-000000000000"})
    assert theirs == nobodys and theirs["error"]["code"] == "not-found"


def test_without_a_valid_token_there_is_no_connection(stage, follow):
    with pytest.raises(Refused):
        follow(None)
    with pytest.raises(Refused):
        Follower(stage.urls[0], "a forged token")


def test_a_program_may_send_its_token_in_a_header(stage, follow):
    follower = follow(None, headers=stage.owner.headers)
    assert follower.ask("subscribe", {"job_id": str(stage.harness.submit(stage.owner.id))})["ok"]


@pytest.mark.parametrize(
    "payload", [None, [], "x", {"job_id": 7}, {"job_id": "x"}, {"job_id": None, "a": b"x"}]
)
def test_a_message_that_makes_no_sense_is_answered(follow, stage, payload):
    answer = follow(stage.owner).ask("subscribe", payload)
    assert answer["error"]["code"] == "invalid-request"


def test_who_left_hears_no_more(stage, follow):
    job_id = stage.harness.submit(stage.owner.id, {"seconds": 3})
    follower = follow(stage.owner)
    follower.ask("subscribe", {"job_id": str(job_id)})
    assert follower.ask("unsubscribe", {"job_id": str(job_id)})["ok"]
    stage.harness.await_end(job_id)
    assert "complete" not in follower.names()


def test_a_flood_of_messages_ends_the_connection(stage, follow):
    follower = follow(stage.owner)
    with suppress(BadNamespaceError):  # it has ended already
        for _ in range(1000):
            follower.client.emit("subscribe", {})
    until(lambda: follower.gone)
    assert follower.await_heard("signed-out")["code"] == "too-many-requests"


def test_a_new_token_is_taken_and_that_of_another_user_is_not(stage, follow):
    follower = follow(stage.owner)
    assert follower.ask("authenticate", {"token": stage.owner.signed_in.access.token})["ok"]
    refusal = follower.ask("authenticate", {"token": stage.stranger.signed_in.access.token})
    assert refusal["error"]["code"] == "not-found"


@pytest.mark.skipif(
    shutil.which("node") is None or not (PROJECT / "node_modules" / "socket.io-client").is_dir(),
    reason="the browsers' client is not installed: run `npm ci` in tests/service/socketio",
)
def test_the_browsers_client_follows_a_job(stage):
    job_id = stage.harness.submit(stage.owner.id, {"seconds": 1})
    command = ["node", "follow.mjs", stage.urls[1], str(job_id), stage.owner.signed_in.access.token]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True)
    heard = [json.loads(line) for line in run.stdout.splitlines()]
    assert [name for name, _ in heard][-2:] == ["complete", "disconnect"]
    assert all(data["ok"] for name, data in heard if name == "answer")
    percents = [data["percent"] for name, data in heard if name == "progress"]
    assert percents == sorted(percents)
    refused = subprocess.run(
        command[:-1], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(refused.stdout.splitlines()[0]) == [
        "connect_error",
        {"code": "not-signed-in", "message": "Sign in, or give a valid API key."},
    ]
