"""Jobs with real workers, a real queue and real databases."""

from genesis_music.service.jobs.tables import JobStatus


def test_a_job_that_was_submitted_is_done_once(bench, user, start_worker):
    start_worker()
    job_id = bench.submit(user.id, {"text": "Blues in A"})
    job = bench.await_end(job_id)
    assert (job.status, job.attempts, job.progress) == (JobStatus.COMPLETE, 1, 100)
    result = bench.transcription(job_id)
    assert (result.title, result.revision, result.status) == ("Blues in A", 1, JobStatus.COMPLETE)
    assert bench.ends_of(job_id) == ["complete"]
