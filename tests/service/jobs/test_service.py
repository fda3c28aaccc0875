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
from tests.service.jobs.harness import JobHarness
from tests.service.jobs.tiny import TinyHandler

HOPELESS = Failure("audio", "This recording is silent.", retryable=False)


def events(harness):
    return [event for event, _, _ in harness.platform.publisher.events]


def fail(harness, job_id, failure=INTERNAL):
    """End all attempts of a job."""
    while harness.job(job_id).status is JobStatus.QUEUED:
        with harness.platform.database.writing() as session:
            JobRepository(session).lock(job_id).not_before = None
        harness.attempts.fail(harness.attempts.claim(job_id, f"w{harness.job(job_id).attempts}"), failure)


def changed_harness(harness, **settings):
    platform = with_settings(harness.platform, **settings)
    return JobHarness(platform, make_jobs(platform, TinyHandler(platform)), harness.folder)


def test_a_job_waits_in_database_and_queue_and_its_followers_hear_so(harness, user):
    job_id = harness.submit(user.id)
    assert harness.jobs.queue.lengths() == {"cpu": 1, "gpu": 0}
    job = harness.job(job_id)
    assert (job.status, job.queue, job.attempts) == (JobStatus.QUEUED, "cpu", 0)
    assert events(harness) == [JobEvent.PROGRESS]


def test_a_job_whose_transaction_is_undone_was_never_there(harness, user):
    with pytest.raises(ZeroDivisionError), harness.platform.database.writing() as session:
        harness.jobs.submit(session, _new(harness, session, user.id))
        raise ZeroDivisionError
    assert harness.jobs.queue.lengths()["cpu"] == 0 and events(harness) == []


@pytest.mark.parametrize("platform", ["postgres"], indirect=True)
def test_two_recordings_that_one_user_gives_at_once_do_not_wait_for_each_other_for_ever(harness, user):
    with (
        Session(harness.platform.database.primary) as first,
        Session(harness.platform.database.primary) as second,
    ):
        news = [(session, _new(harness, session, user.id)) for session in (first, second)]
        for session, new in news:
            harness.jobs.submit(session, new)
            session.commit()
    assert harness.jobs.queue.lengths()["cpu"] == 2


def _new(harness, session, user_id):
    row = Transcription(user_id=user_id, source_type=SourceType.FILE)
    session.add(row)
    session.flush()
    return NewJob(row.id, user_id, JobKind.TRANSCRIBE, {})


def test_bands_go_to_the_graphics_cards_where_there_are_some(harness, user):
    with_cards = changed_harness(harness, gpu_available=True)
    job_id = with_cards.submit(user.id, {"separate": "htdemucs"})
    assert harness.job(job_id).queue == "gpu"
    assert harness.job(harness.submit(user.id, {"separate": "htdemucs"})).queue == "cpu"
    assert harness.jobs.queue.lengths() == {"cpu": 1, "gpu": 1}


def test_a_user_with_too_many_unfinished_jobs_is_told_to_wait(harness, user, other_user):
    small = changed_harness(harness, max_active_jobs=2)
    first, _ = small.submit(user.id), small.submit(user.id)
    with pytest.raises(TooManyRequestsError, match="2 unfinished"):
        small.submit(user.id)
    small.submit(other_user.id)
    small.cancel(first)
    small.submit(user.id)


def test_a_job_is_accepted_while_the_queue_is_away_and_sent_when_it_is_back(harness, user):
    away = changed_harness(harness, redis_url="redis://127.0.0.1:1/0")
    job_id = away.submit(user.id)
    assert harness.job(job_id).enqueued_at is None and harness.jobs.queue.lengths()["cpu"] == 0
    Sweeper(harness.jobs, harness.attempts).sweep()
    assert harness.job(job_id).enqueued_at is not None and harness.jobs.queue.lengths()["cpu"] == 1


def test_a_second_message_for_the_same_job_does_nothing(harness, user):
    job_id = harness.submit(user.id)
    assert harness.attempts.claim(job_id, "first") is not None
    assert harness.attempts.claim(job_id, "second") is None


def test_of_many_workers_one_gets_the_job(harness, user):
    job_id = harness.submit(user.id)
    leases = []
    workers = [
        threading.Thread(target=lambda name=name: leases.append(harness.attempts.claim(job_id, name)))
        for name in "abcdefgh"
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(lease is not None for lease in leases) == 1


def test_a_worker_that_was_replaced_stores_nothing(harness, user):
    job_id = harness.submit(user.id)
    slow = harness.attempts.claim(job_id, "slow/")
    harness.attempts.lost("slow/")
    quick = harness.attempts.claim(job_id, "quick/")
    stored = []
    with pytest.raises(LeaseLostError):
        harness.attempts.complete(slow, stored.append)
    harness.attempts.complete(quick, stored.append)
    assert len(stored) == 1 and harness.job(job_id).status is JobStatus.COMPLETE


def test_a_result_that_cannot_be_stored_leaves_the_job_unfinished(harness, user):
    lease = harness.attempts.claim(harness.submit(user.id), "w")

    def store(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        harness.attempts.complete(lease, store)
    assert harness.job(lease.work.job_id).status is JobStatus.RUNNING


def test_a_silent_workers_job_is_taken_over_by_the_sweep(harness, user):
    job_id = harness.submit(user.id)
    harness.attempts.claim(job_id, "w")
    with harness.platform.database.writing() as session:
        session.get_one(Job, job_id).lease_until -= timedelta(minutes=1)
    Sweeper(harness.jobs, harness.attempts).sweep()
    job = harness.job(job_id)
    assert (job.status, job.attempts, job.error_code) == (JobStatus.QUEUED, 1, "worker-lost")


def test_the_followers_of_a_failed_job_are_offered_three_ways_on(harness, user):
    job_id = harness.submit(user.id)
    fail(harness, job_id, HOPELESS)
    event, _, data = harness.platform.publisher.events[-1]
    assert event is JobEvent.FAILED
    assert data["error"] == {"code": "audio", "message": "This recording is silent."}
    assert data["retryable"] is False
    assert [option["action"] for option in data["options"]] == ["retry", "contact-support", "different-audio"]


def test_a_failed_job_is_retried_with_all_its_attempts_and_other_settings(harness, user):
    job_id = harness.submit(user.id, {"tuning": "standard"})
    fail(harness, job_id)
    before = harness.job(job_id)
    assert (before.status, before.attempts) == (JobStatus.FAILED, harness.platform.settings.max_attempts)
    harness.retry(job_id, {"tuning": "drop-d"})
    job = harness.job(job_id)
    assert (job.status, job.attempts, job.options) == (JobStatus.QUEUED, 0, {"tuning": "drop-d"})
    assert job.celery_task_id != before.celery_task_id


@pytest.mark.parametrize("status", ["queued", "running", "complete"])
def test_only_what_failed_or_was_cancelled_can_be_retried(harness, user, status):
    job_id = harness.submit(user.id)
    if status != "queued":
        lease = harness.attempts.claim(job_id, "w")
    if status == "complete":
        harness.attempts.complete(lease, lambda _: None)
    with pytest.raises(TransitionError):
        harness.retry(job_id)


def test_what_has_ended_cannot_be_cancelled(harness, user):
    job_id = harness.submit(user.id)
    harness.cancel(job_id)
    with pytest.raises(TransitionError, match="cancelled already"):
        harness.cancel(job_id)
    assert harness.attempts.claim(job_id, "w") is None


def test_a_job_that_waits_for_its_next_attempt_can_be_cancelled(harness, user):
    job_id = harness.submit(user.id)
    harness.attempts.fail(harness.attempts.claim(job_id, "w"), INTERNAL)
    assert harness.job(job_id).status is JobStatus.QUEUED
    harness.cancel(job_id)
    assert harness.job(job_id).status is JobStatus.CANCELLED
    assert harness.ends_of(job_id) == ["cancelled"]


def test_administrators_see_our_failures_and_replay_them(harness, client, user, admin):
    ours, theirs = harness.submit(user.id), harness.submit(user.id)
    fail(harness, ours)
    fail(harness, theirs, HOPELESS)
    page = client.get("/api/v1/admin/jobs", headers=admin.headers).json()
    assert [letter["id"] for letter in page["dead_letters"]] == [str(ours)]
    assert page["queues"][0]["name"] == "cpu" and page["next_cursor"] is None
    assert client.post(f"/api/v1/admin/jobs/{ours}/replay", headers=user.headers).status_code == 403
    replayed = client.post(f"/api/v1/admin/jobs/{ours}/replay", headers=admin.headers)
    assert (replayed.status_code, replayed.json()["status"]) == (202, "queued")
    again = client.post(f"/api/v1/admin/jobs/{ours}/replay", headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_dead_letters_come_in_pages(harness, client, user, admin):
    letters = [harness.submit(user.id) for _ in range(5)]
    for job_id in letters:
        fail(harness, job_id)
    seen, cursor = [], ""
    while cursor is not None:
        query = {"limit": 2, "cursor": cursor}
        page = client.get("/api/v1/admin/jobs", params=query, headers=admin.headers).json()
        seen += [letter["id"] for letter in page["dead_letters"]]
        cursor = page["next_cursor"]
    assert seen == [str(job_id) for job_id in reversed(letters)]
    bad = client.get("/api/v1/admin/jobs", params={"cursor": "x"}, headers=admin.headers)
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid-request")
