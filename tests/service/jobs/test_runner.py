"""One attempt in a worker's process: what it reports, and how it ends when something is wrong."""

import threading
from dataclasses import dataclass, field

import pytest
from billiard.exceptions import SoftTimeLimitExceeded

from genesis_music.errors import OutputError
from genesis_music.progress import Progress, Stage
from genesis_music.service.jobs import runner as runner_module
from genesis_music.service.jobs.runner import Runner
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from tests.service.jobs.tiny import TinyHandler
from tests.service.servers import until


@dataclass
class Scripted(TinyHandler):
    """A handler whose work is the test's."""

    _platform: object
    work: object = None
    cleaned: list = field(default_factory=list)

    def run(self, work, progress):
        self.work(progress)
        return lambda session: None

    def clean_up(self, work):
        self.cleaned.append(work.job_id)


@pytest.fixture
def attempt(harness, user, monkeypatch):
    """Run one attempt of a new job with the given work; return the job afterwards, and the handler."""
    monkeypatch.setattr(runner_module, "THROTTLE_SECONDS", 0.01)

    def make(work, stop=lambda: None, **new):
        handler = Scripted(harness.platform, work)
        job_id = harness.submit(user.id, **new)
        Runner(harness.attempts, handler, "here/1/", stop=stop).run(job_id)
        return harness.job(job_id), handler

    return make


def raising(error):
    def work(_):
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SoftTimeLimitExceeded(), "timed-out"),
        (MemoryError(), "out-of-memory"),
        (OutputError("The disk is full."), "internal"),
        (OSError(28, "No space left on device"), "internal"),
    ],
)
def test_our_faults_are_tried_again_and_told_without_details(attempt, error, code):
    job, handler = attempt(raising(error))
    assert (job.status, job.error_code, job.retryable) == (JobStatus.QUEUED, code, True)
    assert "disk" not in job.error_message and handler.cleaned == [job.id]


def test_progress_of_the_whole_job_only_grows(harness, attempt):
    def work(progress):
        for stage in Stage:
            progress(Progress(stage, 0.5))
            until(lambda stage=stage: _stage(harness) == stage)

    job, _ = attempt(work)
    percents = [data["percent"] for _, _, data in harness.platform.publisher.events]
    assert job.status is JobStatus.COMPLETE and percents[1:-1] == sorted(percents[1:-1])
    assert max(percents[:-1]) < 100


def test_writing_anew_begins_at_nought_percent(harness, attempt):
    def work(progress):
        progress(Progress(Stage.FRETS, 0.0))
        until(lambda: _stage(harness) == Stage.FRETS)

    attempt(work, kind=JobKind.RETAB)
    percents = [data["percent"] for _, _, data in harness.platform.publisher.events]
    assert set(percents[:-1]) == {0}


def _stage(harness):
    with harness.platform.database.writing() as session:
        return session.query(Job).one().stage


def test_a_cancelled_attempt_ends_at_its_next_report(harness, attempt):
    def work(progress):
        with harness.platform.database.writing() as session:
            job_id = session.query(Job).one().id
        harness.cancel(job_id)
        progress(Progress(Stage.LOADING, 0.1))
        until(lambda: _refused(progress))
        progress(Progress(Stage.LOADING, 0.2))

    job, _ = attempt(work)
    assert job.status is JobStatus.CANCELLED


def _refused(progress):
    try:
        progress(Progress(Stage.LOADING, 0.2))
    except Exception:
        return True
    return False


def test_an_attempt_that_does_not_listen_is_stopped(harness, attempt, monkeypatch):
    monkeypatch.setattr(runner_module, "STOP_SECONDS", 0.05)
    stopped = threading.Event()

    def work(progress):
        with harness.platform.database.writing() as session:
            job_id = session.query(Job).one().id
        harness.cancel(job_id)
        progress(Progress(Stage.LOADING, 0.1))
        assert stopped.wait(30)

    job, _ = attempt(work, stop=stopped.set)
    assert job.status is JobStatus.CANCELLED


def test_what_a_deleted_job_left_behind_is_cleaned_up(harness, user):
    handler = Scripted(harness.platform)
    job_id = harness.submit(user.id)

    def delete(_):
        with harness.platform.database.writing() as session:
            session.delete(session.get_one(Job, job_id))

    handler.work = delete
    Runner(harness.attempts, handler, "here/1/").run(job_id)
    assert handler.cleaned == [job_id]
