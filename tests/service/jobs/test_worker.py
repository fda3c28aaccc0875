"""Jobs with real workers, a real queue and real databases, through what goes wrong with them."""

import os
import signal

from genesis_music.service.jobs.tables import JobStatus
from tests.service.jobs.bench import alive
from tests.service.servers import until


def test_a_job_that_was_submitted_is_done_once(workshop, player):
    job_id = workshop.submit(player.id, {"text": "Blues in A"})
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts, job.progress) == (JobStatus.COMPLETE, 1, 100)
    result = workshop.transcription(job_id)
    assert (result.title, result.revisions, result.status) == ("Blues in A", 1, JobStatus.COMPLETE)
    assert workshop.ends_of(job_id) == ["complete"]


def test_a_fault_of_ours_is_tried_again(workshop, player):
    job_id = workshop.submit(player.id, {"fail": "ours", "fail_attempts": 1})
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts, job.error_code) == (JobStatus.COMPLETE, 2, "")
    assert workshop.transcription(job_id).revisions == 1


def test_an_unusable_recording_fails_at_once_and_says_why(workshop, player):
    job_id = workshop.submit(player.id, {"fail": "input"})
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts, job.retryable) == (JobStatus.FAILED, 1, False)
    assert (job.error_code, job.error_message) == ("audio", "This recording is silent: use another one.")
    assert workshop.ends_of(job_id) == ["failed"]
    assert not workshop.left_behind(job_id)


def test_an_unforeseen_fault_fails_after_the_last_attempt_without_its_details(workshop, player):
    job_id = workshop.submit(player.id, {"fail": "unforeseen"})
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts, job.retryable) == (JobStatus.FAILED, 2, True)
    assert job.error_code == "internal" and "secret detail" not in job.error_message
    assert not workshop.left_behind(job_id)
    workshop.retry(job_id, {"text": "better"})
    assert workshop.await_end(job_id).status is JobStatus.COMPLETE
    assert workshop.ends_of(job_id) == ["failed", "complete"]


def test_cancelling_kills_the_process_that_works(workshop, player):
    job_id = workshop.submit(player.id, {"seconds": 600})
    child = workshop.await_begun(job_id)
    workshop.cancel(job_id)
    until(lambda: not alive(child))
    until(lambda: not workshop.left_behind(job_id))
    assert workshop.job(job_id).status is JobStatus.CANCELLED
    assert workshop.await_end(workshop.submit(player.id)).status is JobStatus.COMPLETE
    workshop.retry(job_id, {})
    assert workshop.await_end(job_id).status is JobStatus.COMPLETE


def test_a_killed_process_costs_an_attempt_and_not_the_job(workshop, player):
    job_id = workshop.submit(player.id, {"seconds": 2})
    os.kill(workshop.await_begun(job_id), signal.SIGKILL)
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts) == (JobStatus.COMPLETE, 2)
    assert workshop.transcription(job_id).revisions == 1


def test_jobs_survive_that_the_queue_is_emptied(workshop, player):
    busy = [workshop.submit(player.id, {"seconds": 1}) for _ in range(2)]
    waiting = [workshop.submit(player.id) for _ in range(4)]
    workshop.platform.redis.flushall()
    for job_id in busy + waiting:
        assert workshop.await_end(job_id).status is JobStatus.COMPLETE
        assert workshop.transcription(job_id).revisions == 1


def test_the_jobs_of_a_killed_worker_are_taken_over(workshop, player):
    job_id = workshop.submit(player.id, {"seconds": 2})
    workshop.await_begun(job_id)
    workshop.children.pop().kill()
    workshop.start_worker()
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts) == (JobStatus.COMPLETE, 2)
    assert workshop.transcription(job_id).revisions == 1


def test_a_worker_that_is_told_to_end_gives_its_job_back(workshop, player):
    job_id = workshop.submit(player.id, {"seconds": 3})
    workshop.await_begun(job_id)
    workshop.children.pop().stop(timeout_seconds=30)
    job = workshop.job(job_id)
    assert (job.status, job.attempts, job.error_code) == (JobStatus.QUEUED, 0, "")
    workshop.start_worker()
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts) == (JobStatus.COMPLETE, 1)
