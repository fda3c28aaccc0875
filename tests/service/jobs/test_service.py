"""Accepting, cancelling and retrying jobs, without a worker."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from genesis_music.service.errors import TooManyRequestsError
from genesis_music.service.jobs.failures import INTERNAL
from genesis_music.service.jobs.repository import JobRepository
from genesis_music.service.jobs.service import NewJob
from genesis_music.service.jobs.states import Failure, LeaseLostError, TransitionError
from genesis_music.service.jobs.sweeper import Sweeper
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.events import JobEvent
from genesis_music.service.transcriptions.tables import SourceType, Transcription
from genesis_music.service.wiring import make_jobs
from tests.service.conftest import with_settings
from tests.service.jobs.bench import Bench
from tests.service.jobs.tiny import TinyHandler

HOPELESS = Failure("audio", "This recording is silent.", retryable=False)


def events(bench):
    return [event for event, _, _ in bench.platform.publisher.events]


def fail(bench, job_id, failure=INTERNAL):
    """End all attempts of a job."""
    while bench.job(job_id).status is JobStatus.QUEUED:
        with bench.platform.database.writing() as session:
            JobRepository(session).lock(job_id).not_before = None
        bench.attempts.fail(bench.attempts.claim(job_id, f"w{bench.job(job_id).attempts}"), failure)


def changed_bench(bench, **settings):
    platform = with_settings(bench.platform, **settings)
    return Bench(platform, make_jobs(platform, TinyHandler(platform)), bench.folder)


def test_a_job_waits_in_database_and_queue_and_its_followers_hear_so(bench, user):
    job_id = bench.submit(user.id)
    assert bench.jobs.queue.lengths() == {"cpu": 1, "gpu": 0}
    job = bench.job(job_id)
    assert (job.status, job.queue, job.attempts) == (JobStatus.QUEUED, "cpu", 0)
    assert events(bench) == [JobEvent.PROGRESS]


def test_a_job_whose_transaction_is_undone_was_never_there(bench, user):
    with pytest.raises(ZeroDivisionError), bench.platform.database.writing() as session:
        bench.jobs.submit(session, _new(bench, session, user.id))
        raise ZeroDivisionError
    assert bench.jobs.queue.lengths()["cpu"] == 0 and events(bench) == []


@pytest.mark.parametrize("platform", ["postgres"], indirect=True)
def test_two_recordings_that_one_user_gives_at_once_do_not_wait_for_each_other_for_ever(bench, user):
    with (
        Session(bench.platform.database.primary) as first,
        Session(bench.platform.database.primary) as second,
    ):
        news = [(session, _new(bench, session, user.id)) for session in (first, second)]
        for session, new in news:
            bench.jobs.submit(session, new)
            session.commit()
    assert bench.jobs.queue.lengths()["cpu"] == 2


def _new(bench, session, user_id):
    row = Transcription(user_id=user_id, source_type=SourceType.FILE)
    session.add(row)
    session.flush()
    return NewJob(row.id, user_id, JobKind.TRANSCRIBE, {})


def test_bands_go_to_the_graphics_cards_where_there_are_some(bench, user):
    with_cards = changed_bench(bench, gpu_available=True)
    job_id = with_cards.submit(user.id, {"separate": "htdemucs"})
    assert bench.job(job_id).queue == "gpu"
    assert bench.job(bench.submit(user.id, {"separate": "htdemucs"})).queue == "cpu"
    assert bench.jobs.queue.lengths() == {"cpu": 1, "gpu": 1}


def test_a_user_with_too_many_unfinished_jobs_is_told_to_wait(bench, user, other_user):
    small = changed_bench(bench, max_active_jobs=2)
    first, _ = small.submit(user.id), small.submit(user.id)
    with pytest.raises(TooManyRequestsError, match="2 unfinished"):
        small.submit(user.id)
    small.submit(other_user.id)
    small.cancel(first)
    small.submit(user.id)


def test_a_job_is_accepted_while_the_queue_is_away_and_sent_when_it_is_back(bench, user):
    away = changed_bench(bench, redis_url="redis://127.0.0.1:1/0")
    job_id = away.submit(user.id)
    assert bench.job(job_id).enqueued_at is None and bench.jobs.queue.lengths()["cpu"] == 0
    Sweeper(bench.jobs, bench.attempts).sweep()
    assert bench.job(job_id).enqueued_at is not None and bench.jobs.queue.lengths()["cpu"] == 1


def test_a_second_message_for_the_same_job_does_nothing(bench, user):
    job_id = bench.submit(user.id)
    assert bench.attempts.claim(job_id, "first") is not None
    assert bench.attempts.claim(job_id, "second") is None


def test_of_many_workers_one_gets_the_job(bench, user):
    job_id = bench.submit(user.id)
    leases = []
    workers = [
        threading.Thread(target=lambda name=name: leases.append(bench.attempts.claim(job_id, name)))
        for name in "abcdefgh"
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(lease is not None for lease in leases) == 1


def test_a_worker_that_was_replaced_stores_nothing(bench, user):
    job_id = bench.submit(user.id)
    slow = bench.attempts.claim(job_id, "slow/")
    bench.attempts.lost("slow/")
    quick = bench.attempts.claim(job_id, "quick/")
    stored = []
    with pytest.raises(LeaseLostError):
        bench.attempts.complete(slow, stored.append)
    bench.attempts.complete(quick, stored.append)
    assert len(stored) == 1 and bench.job(job_id).status is JobStatus.COMPLETE


def test_a_result_that_cannot_be_stored_leaves_the_job_unfinished(bench, user):
    lease = bench.attempts.claim(bench.submit(user.id), "w")

    def store(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bench.attempts.complete(lease, store)
    assert bench.job(lease.work.job_id).status is JobStatus.RUNNING


def test_a_silent_workers_job_is_taken_over_by_the_sweep(bench, user):
    job_id = bench.submit(user.id)
    bench.attempts.claim(job_id, "w")
    with bench.platform.database.writing() as session:
        session.get_one(Job, job_id).lease_until -= timedelta(minutes=1)
    Sweeper(bench.jobs, bench.attempts).sweep()
    job = bench.job(job_id)
    assert (job.status, job.attempts, job.error_code) == (JobStatus.QUEUED, 1, "worker-lost")


def test_the_followers_of_a_failed_job_are_offered_three_ways_on(bench, user):
    job_id = bench.submit(user.id)
    fail(bench, job_id, HOPELESS)
    event, _, data = bench.platform.publisher.events[-1]
    assert event is JobEvent.FAILED
    assert data["error"] == {"code": "audio", "message": "This recording is silent."}
    assert data["retryable"] is False
    assert [option["action"] for option in data["options"]] == ["retry", "contact-support", "different-audio"]


def test_a_failed_job_is_retried_with_all_its_attempts_and_other_settings(bench, user):
    job_id = bench.submit(user.id, {"tuning": "standard"})
    fail(bench, job_id)
    before = bench.job(job_id)
    assert (before.status, before.attempts) == (JobStatus.FAILED, bench.platform.settings.max_attempts)
    bench.retry(job_id, {"tuning": "drop-d"})
    job = bench.job(job_id)
    assert (job.status, job.attempts, job.options) == (JobStatus.QUEUED, 0, {"tuning": "drop-d"})
    assert job.celery_task_id != before.celery_task_id


@pytest.mark.parametrize("status", ["queued", "running", "complete"])
def test_only_what_failed_or_was_cancelled_can_be_retried(bench, user, status):
    job_id = bench.submit(user.id)
    if status != "queued":
        lease = bench.attempts.claim(job_id, "w")
    if status == "complete":
        bench.attempts.complete(lease, lambda _: None)
    with pytest.raises(TransitionError):
        bench.retry(job_id)


def test_what_has_ended_cannot_be_cancelled(bench, user):
    job_id = bench.submit(user.id)
    bench.cancel(job_id)
    with pytest.raises(TransitionError, match="cancelled already"):
        bench.cancel(job_id)
    assert bench.attempts.claim(job_id, "w") is None


def test_a_job_that_waits_for_its_next_attempt_can_be_cancelled(bench, user):
    job_id = bench.submit(user.id)
    bench.attempts.fail(bench.attempts.claim(job_id, "w"), INTERNAL)
    assert bench.job(job_id).status is JobStatus.QUEUED
    bench.cancel(job_id)
    assert bench.job(job_id).status is JobStatus.CANCELLED
    assert bench.ends_of(job_id) == ["cancelled"]


def test_administrators_see_our_failures_and_replay_them(bench, client, user, admin):
    ours, theirs = bench.submit(user.id), bench.submit(user.id)
    fail(bench, ours)
    fail(bench, theirs, HOPELESS)
    page = client.get("/api/v1/admin/jobs", headers=admin.headers).json()
    assert [letter["id"] for letter in page["dead_letters"]] == [str(ours)]
    assert page["queues"][0]["name"] == "cpu" and page["next_cursor"] is None
    assert client.post(f"/api/v1/admin/jobs/{ours}/replay", headers=user.headers).status_code == 403
    replayed = client.post(f"/api/v1/admin/jobs/{ours}/replay", headers=admin.headers)
    assert (replayed.status_code, replayed.json()["status"]) == (202, "queued")
    again = client.post(f"/api/v1/admin/jobs/{ours}/replay", headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_dead_letters_come_in_pages(bench, client, user, admin):
    letters = [bench.submit(user.id) for _ in range(5)]
    for job_id in letters:
        fail(bench, job_id)
    seen, cursor = [], ""
    while cursor is not None:
        query = {"limit": 2, "cursor": cursor}
        page = client.get("/api/v1/admin/jobs", params=query, headers=admin.headers).json()
        seen += [letter["id"] for letter in page["dead_letters"]]
        cursor = page["next_cursor"]
    assert seen == [str(job_id) for job_id in reversed(letters)]
    bad = client.get("/api/v1/admin/jobs", params={"cursor": "x"}, headers=admin.headers)
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid-request")
