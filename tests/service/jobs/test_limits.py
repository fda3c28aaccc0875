"""Work that takes longer than it may, on a real worker: told to end, and killed when it does not listen."""

from collections.abc import Iterator

import pytest

from genesis_music.service.jobs.repository import JobRepository
from genesis_music.service.jobs.tables import JobStatus
from tests.service.conftest import Person, make_person
from tests.service.jobs.conftest import opened_workshop
from tests.service.jobs.harness import JobHarness
from tests.service.processes import alive
from tests.service.servers import TestRedis, until


@pytest.fixture(scope="module")
def hasty(own_redis: TestRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobHarness]:
    """A workshop where an attempt may take 3 s (and the recording's length), and is killed 4 s later."""
    folder = tmp_path_factory.mktemp("hasty")
    limits = {"attempt_seconds": 3, "kill_after_seconds": 4}
    with opened_workshop(f"sqlite:///{folder / 'genesis.sqlite'}", own_redis, folder, **limits) as harness:
        yield harness


@pytest.fixture(scope="module")
def player(hasty: JobHarness) -> Person:
    return make_person(hasty.platform, "ada@example.com")


def test_work_that_takes_too_long_is_told_to_end_and_its_process_goes_on(hasty, player):
    job_id = hasty.submit(player.id, {"seconds": 600}, audio_seconds=0.5)
    job = hasty.await_end(job_id)
    assert (job.status, job.attempts, job.error_code) == (JobStatus.FAILED, 2, "timed-out")
    assert all(map(alive, hasty.begun_by(job_id)))


def test_work_that_does_not_listen_is_killed_and_tried_again(hasty, player):
    job_id = hasty.submit(player.id, {"deaf_attempts": 1}, audio_seconds=0.5)
    job = hasty.await_end(job_id)
    assert (job.status, job.attempts, job.error_code) == (JobStatus.COMPLETE, 2, "")
    assert hasty.transcription(job_id).revisions == 1
    until(lambda: not alive(hasty.begun_by(job_id)[0]))


def test_work_that_never_listens_becomes_a_dead_letter_and_its_worker_goes_on(hasty, player):
    job_id = hasty.submit(player.id, {"deaf_attempts": 2}, audio_seconds=0.5)
    job = hasty.await_end(job_id)
    assert (job.status, job.attempts, job.retryable) == (JobStatus.FAILED, 2, True)
    assert (job.error_code, job.error_message) == (
        "timed-out",
        "It took longer than a recording of this length should take.",
    )
    assert hasty.ends_of(job_id) == ["failed"]
    until(lambda: not hasty.left_behind(job_id))
    until(lambda: not any(map(alive, hasty.begun_by(job_id))))
    with hasty.platform.database.writing() as session:
        assert job_id in [letter.id for letter in JobRepository(session).dead_letters(limit=10)]
    assert hasty.await_end(hasty.submit(player.id, audio_seconds=0.5)).status is JobStatus.COMPLETE
    assert hasty.children[0].exit_status is None
