"""A real service as its operators see it: metrics that move, one trace of a request, logs and reports that agree."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis import Redis

from genesis_music.progress import Stage
from genesis_music.service.jobs.states import ENDED
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.migrate import migrate
from genesis_music.service.wiring import make_jobs
from tests.service.conftest import Person, make_person
from tests.service.fragile_worker import FAULT
from tests.service.jobs.conftest import own_redis
from tests.service.jobs.harness import JobHarness
from tests.service.jobs.test_sockets import Follower
from tests.service.platform.test_sentry import events, sentry
from tests.service.platforms import make_platform, make_settings
from tests.service.receivers import Inbox, ReceivedSpan, Scrape, inbox, scrape
from tests.service.servers import Postgres, TestRedis, free_ports, until
from tests.service.test_serve import GENESIS
from tests.service.transcriptions.conftest import PORCH

__all__ = ["own_redis"]

WORKER = "tests.service.fragile_worker"
RELEASE = "genesis@9.9.9"
EMAIL = "ada@example.com"
TRACE, BROWSER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
BAD_TRACE = "5cf92f3577b34da6a3ce929d0e0e4736"
ATTEMPTS = 2
PATIENCE_SECONDS = 400.0
"""Four programs start, perhaps on a busy machine."""


@dataclass
class Watched:
    """Two server processes of one command, a worker, and whoever watches them."""

    harness: JobHarness
    person: Person
    url: str
    api_port: int
    worker_port: int
    spans: Inbox
    reported: list[bytes]
    job_id: str = ""
    failed_job_id: str = ""
    transcription_id: str = ""

    def __call__(self, method: str, path: str, trace: str = "", **what: Any) -> Any:
        headers = self.person.headers | ({"traceparent": f"00-{trace}-{BROWSER}-01"} if trace else {})
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=60, **what)

    def transcribe(self, trace: str, **options: str) -> str:
        with PORCH.open("rb") as file:
            answer = self(
                "POST", "/api/v1/transcribe", trace, files={"file": file}, data={"end": "2", **options}
            )
        assert answer.status_code == 202, answer.text
        self.transcription_id = str(answer.json()["transcription_id"])
        job_id = str(answer.json()["job_id"])
        until(lambda: self.harness.job(UUID(job_id)).status in ENDED, PATIENCE_SECONDS)
        return job_id

    def api(self) -> Scrape:
        """What Prometheus is shown when all readings came in time."""
        shown = [scrape(self.api_port)]
        until(
            lambda: set(shown[-1].values("genesis_reading_up")) == {1} or shown.append(scrape(self.api_port))
        )
        return shown[-1]

    def worker(self) -> Scrape:
        return scrape(self.worker_port)

    def lines(self, log: str) -> list[dict[str, Any]]:
        """All lines of a log; each must be JSON."""
        text = "".join(path.read_text() for path in sorted(self.harness.folder.glob(log)))
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def watched(
    postgres: Postgres, own_redis: TestRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """A service that has done one job well, and failed at another for good."""
    folder = tmp_path_factory.mktemp("watched")
    api_port, worker_port = free_ports(2)
    with ExitStack() as stack:
        dsn, reported = stack.enter_context(sentry())
        spans = stack.enter_context(inbox())
        redis = stack.enter_context(Redis.from_url(own_redis.url))
        settings = make_settings(
            postgres.create_database(), own_redis.url, folder, max_attempts=ATTEMPTS, worker_processes=2
        )
        platform = make_platform(settings, redis)
        stack.callback(platform.database.close)
        migrate(platform.database.primary)
        told = {
            "GENESIS_SENTRY_DSN": dsn,
            "GENESIS_OTLP_ENDPOINT": spans.url,
            "GENESIS_RELEASE": RELEASE,
            "OMP_NUM_THREADS": "1",
        }
        harness = JobHarness(platform, make_jobs(platform), folder, told)
        stack.callback(harness.jobs.queue.close)
        stack.callback(harness.stop)
        person = make_person(platform, EMAIL)
        harness.start_worker(WORKER, metrics_port=worker_port)
        command = [*GENESIS, "serve", "--workers=2"]
        url = harness.start_api(command, patience_seconds=PATIENCE_SECONDS, metrics_port=api_port)
        made = Watched(harness, person, url, api_port, worker_port, spans, reported)
        try:
            made.job_id = made.transcribe(TRACE, denoise="on")
            made.failed_job_id = made.transcribe(BAD_TRACE)
            yield made
        finally:
            for log in folder.glob("*.log"):
                print(f"--- {log.name}\n{log.read_text()[-8000:]}")


def test_requests_are_counted_by_route_whichever_process_answers(watched: Watched) -> None:
    counted = {"method": "GET", "route": "/api/v1/transcribe/{transcription_id}", "status": "200"}
    before = watched.api()
    for _ in range(10):
        watched("GET", f"/api/v1/transcribe/{watched.transcription_id}")
    after = watched.api()
    name = "genesis_http_requests_total"
    assert after.total(name, **counted) == before.total(name, **counted) + 10
    assert after.total("genesis_http_request_seconds_count", method="GET", route=counted["route"]) >= 10
    watched("GET", "/api/v1/no/such/place")
    assert watched.api().total(name, route="none", status="404") >= 1
    assert not [one for one in after.samples if watched.transcription_id in str(one.labels)]


def test_jobs_and_attempts_are_counted_by_their_end(watched: Watched) -> None:
    until(lambda: watched.worker().total("genesis_jobs_total", outcome="failed") == 1)
    worker = watched.worker()
    assert worker.total("genesis_jobs_total", outcome="complete", queue="cpu") == 1
    assert worker.total("genesis_jobs_total", outcome="failed", queue="cpu") == 1
    assert worker.total("genesis_job_attempts_total", outcome="complete") == 1
    assert worker.total("genesis_job_attempts_total", outcome="failed") == ATTEMPTS
    assert worker.total("genesis_job_seconds_count", queue="cpu") == 1
    assert worker.total("genesis_job_wait_seconds_count", queue="cpu") == 1 + ATTEMPTS


def test_stages_the_network_and_what_it_heard_are_measured(watched: Watched) -> None:
    worker = watched.worker()
    for stage in set(Stage) - {Stage.SEPARATING}:
        assert worker.total("genesis_stage_seconds_count", stage=str(stage)) >= 1, stage
    assert worker.total("genesis_model_seconds_count", engine="genesis") == 1
    assert 0 < worker.total("genesis_model_seconds_sum", engine="genesis") < 60
    assert 1.5 < worker.total("genesis_audio_seconds_total") < 2.5
    assert worker.total("genesis_note_confidence_count") == 1
    assert 0.3 < worker.total("genesis_note_confidence_sum") <= 1


def test_hits_and_misses_of_caches_are_counted(watched: Watched) -> None:
    worker = watched.worker()
    assert worker.total("genesis_cache_requests_total", cache="stages", result="miss") >= 2
    assert worker.total("genesis_cache_requests_total", cache="stages", result="hit") >= ATTEMPTS - 1


def test_lines_of_the_log_are_counted_by_their_level(watched: Watched) -> None:
    warnings = [line for line in watched.lines("worker.log") if line["log.level"] == "warning"]
    assert watched.worker().total("genesis_log_lines_total", level="warning") == len(warnings) > 0


def test_the_public_port_shows_no_metrics(watched: Watched) -> None:
    assert "genesis_" not in watched("GET", "/metrics").text


def test_a_dead_letter_is_seen(watched: Watched) -> None:
    assert watched.api().values("genesis_dead_letters") == [1]


def test_the_real_queue_is_read_when_prometheus_asks(watched: Watched) -> None:
    assert watched.api().total("genesis_queue_length") == 0
    queue = watched.harness.jobs.queue
    sent_at = (utc_now() - timedelta(hours=1)).isoformat()
    for _ in range(3):
        queue.celery.send_task("genesis.run", args=("x",), queue="genesis.gpu", headers={"sent_at": sent_at})
    shown = watched.api()
    assert shown.total("genesis_queue_length", queue="gpu") == 3
    assert 3590 < shown.total("genesis_queue_oldest_seconds", queue="gpu") < 3700
    assert shown.total("genesis_queue_oldest_seconds", queue="cpu") == 0
    watched.harness.platform.redis.delete("genesis.gpu")
    assert watched.api().total("genesis_queue_length", queue="gpu") == 0


def test_what_the_service_stands_on_is_seen(watched: Watched) -> None:
    shown = watched.api()
    for part in ("database", "redis", "storage"):
        until(lambda part=part: watched.api().values("genesis_part_up", part=part) == [1])
    assert shown.values("genesis_breaker_state", service="youtube") == [0]
    assert shown.total("genesis_redis_memory_bytes") > 100_000
    assert shown.total("genesis_database_bytes") > 1_000_000
    assert 0 < shown.total("genesis_database_connections") < shown.total("genesis_database_connections_limit")
    assert shown.values("genesis_replica_lag_seconds")
    assert set(shown.values("genesis_reading_up")) == {1}
    assert shown.values("genesis_build_info", release=RELEASE) == [1]
    assert watched.worker().values("genesis_build_info", release=RELEASE) == [1]


def test_readings_are_counted_by_the_server_that_answers(watched: Watched) -> None:
    """The replica answers once it has what this user wrote."""

    def replica_answered() -> bool:
        watched("GET", f"/api/v1/transcribe/{watched.transcription_id}")
        return watched.api().total("genesis_database_reads_total", server="replica") > 0

    until(replica_answered, PATIENCE_SECONDS)


def test_an_open_circuit_is_seen(watched: Watched) -> None:
    breakers = watched.harness.platform.breakers
    for _ in range(5):
        with pytest.raises(OSError, match="away"), breakers("youtube"):
            raise OSError("away")
    try:
        assert watched.api().values("genesis_breaker_state", service="youtube") == [2]
    finally:
        breakers.reset("youtube")


def test_a_replica_that_lags_is_seen(watched: Watched, postgres: Postgres) -> None:
    postgres.hold_replica()
    try:
        watched("PATCH", "/api/v1/account/preferences", json={"theme": "dark"})
        until(lambda: watched.api().total("genesis_replica_lag_bytes") > 0)
    finally:
        postgres.release_replica()


def test_connections_of_sockets_come_and_go(watched: Watched) -> None:
    assert watched.api().total("genesis_socket_connections") == 0
    follower = Follower(watched.url, watched.person.signed_in.access.token)
    follower.ask("subscribe", {"job_id": watched.job_id})
    shown = watched.api()
    assert shown.total("genesis_socket_connections") == 1
    assert shown.total("genesis_socket_events_total", event="connect") == 1
    assert shown.total("genesis_socket_events_total", event="subscribe") == 1
    follower.client.disconnect()
    until(lambda: watched.api().total("genesis_socket_connections") == 0)


def test_one_request_is_one_tree_from_the_browser_to_every_stage(watched: Watched) -> None:
    def tree() -> dict[str, ReceivedSpan]:
        return {one.name: one for one in watched.spans.spans() if one.trace_id == TRACE}

    until(lambda: {"POST /api/v1/transcribe", "job transcribe", "store"} <= tree().keys())
    spans = tree()
    request, job = spans["POST /api/v1/transcribe"], spans["job transcribe"]
    assert (request.parent_id, request.service) == (BROWSER, "genesis-api")
    assert (job.parent_id, job.service) == (request.span_id, "genesis-worker")
    assert job.attributes["genesis.job.id"] == watched.job_id
    for stage in set(Stage) - {Stage.SEPARATING}:
        assert spans[str(stage)].parent_id == job.span_id, stage
    assert spans["store"].parent_id == job.span_id
    assert 0 < spans[str(Stage.LISTENING)].seconds < job.seconds
    assert not any(one.failed for one in spans.values())


def test_every_attempt_at_a_job_belongs_to_the_request_that_asked_for_it(watched: Watched) -> None:
    def jobs() -> list[ReceivedSpan]:
        found = [one for one in watched.spans.spans() if one.trace_id == BAD_TRACE]
        return [one for one in found if one.name == "job transcribe"]

    until(lambda: len(jobs()) == ATTEMPTS)
    assert all(one.failed for one in jobs())
    assert sorted(one.attributes["genesis.job.attempt"] for one in jobs()) == [1, 2]


def test_logs_are_ecs_and_a_trace_leads_from_the_server_to_the_worker(watched: Watched) -> None:
    served, worked = watched.lines("api-*.log"), watched.lines("worker.log")
    for line in served + worked:
        assert {"@timestamp", "log.level", "message", "ecs.version", "service.name"} <= line.keys()
    assert {line["event.dataset"] for line in served} == {"genesis.api"}
    [request] = [line for line in served if line.get("trace.id") == TRACE]
    assert (request["http.route"], request["http.response.status_code"]) == ("/api/v1/transcribe", 202)
    done = [line for line in worked if line.get("trace.id") == TRACE]
    assert [line["message"] for line in done] == [f"job {watched.job_id} is complete, attempt 1"]
    assert done[0]["http.request.id"] == request["http.request.id"]
    ids = request["span.id"], done[0]["span.id"]
    until(lambda: set(ids) <= {one.span_id for one in watched.spans.spans()})
    spans = {one.span_id: one.name for one in watched.spans.spans()}
    assert [spans[id_] for id_ in ids] == ["POST /api/v1/transcribe", "job transcribe"]


def test_nobody_is_named_in_logs_spans_and_reports(watched: Watched) -> None:
    logs = "".join(path.read_text() for path in watched.harness.folder.glob("*.log"))
    sent = b"".join(post.body for post in watched.spans.posts) + b"".join(watched.reported)
    for secret in (EMAIL, "morning-porch", watched.person.signed_in.access.token):
        assert secret not in logs
        assert secret.encode() not in sent


def test_a_workers_failure_is_reported_with_its_release_stage_and_trace(watched: Watched) -> None:
    def reports() -> list[dict[str, Any]]:
        found = events(list(watched.reported))
        return [one for one in found if one.get("tags", {}).get("job_id") == watched.failed_job_id]

    until(lambda: len(reports()) == ATTEMPTS)
    for report in reports():
        assert report["release"] == RELEASE
        assert report["exception"]["values"][-1]["value"] == FAULT
        assert report["tags"]["stage"] == "Writing"
        assert report["tags"]["trace_id"] == BAD_TRACE
        assert report["tags"]["process"] == "worker"


if sys.platform != "linux":
    pytest.skip("looks into /proc", allow_module_level=True)
