"""Jobs with real workers, a real queue and real databases, through what goes wrong with them."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.service.jobs.states import ENDED, UNFINISHED
from genesis_music.service.jobs.tables import Job, JobStatus
from tests.service.conftest import Person, make_person
from tests.service.jobs.conftest import opened_workshop
from tests.service.jobs.harness import JobHarness
from tests.service.processes import alive, descendants
from tests.service.servers import TestRedis, ended_after, scratch, until

CROWD_SECONDS = 180.0
"""A lease runs out, and many others have their turn meanwhile."""


@dataclass
class Crowd:
    """People who give a next recording as soon as the last one is done, so that the queue never empties."""

    workshop: JobHarness
    people: list[Person]
    fewest: int = 10**6
    """Messages that waited, when there were fewest."""

    def come(self) -> bool:
        """Let everybody who waits for nothing give a recording; always true."""
        with Session(self.workshop.platform.database.primary) as session:
            waiting = set(session.scalars(select(Job.user_id).where(Job.status.in_(UNFINISHED))))
        for person in self.people:
            if person.id not in waiting:
                self.workshop.submit(person.id, {"seconds": 0.3})
        self.fewest = min(self.fewest, self.workshop.jobs.queue.lengths()["cpu"])
        return True


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
    job_id = workshop.submit(player.id, {"deaf_attempts": 1})
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
    job_id = workshop.submit(player.id, {"deaf_attempts": 1})
    workshop.await_begun(job_id)
    workshop.children.pop().kill()
    workshop.start_worker()
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts) == (JobStatus.COMPLETE, 2)
    assert workshop.transcription(job_id).revisions == 1


@pytest.fixture
def new_workshop(tmp_path: Path) -> Iterator[JobHarness]:
    """A workshop where nobody has worked yet, with a Redis of its own."""
    database = f"sqlite:///{tmp_path / 'genesis.sqlite'}"
    with (
        scratch("redis") as folder,
        closing(ended_after(TestRedis(folder))) as servers,
        opened_workshop(database, next(servers), tmp_path) as harness,
    ):
        yield harness


def test_no_job_of_a_killed_worker_waits_for_the_queue_to_become_empty(new_workshop):
    """One was being worked on, of the other the worker had only the message; others keep coming meanwhile."""
    workshop = new_workshop
    people = [make_person(workshop.platform, f"{uuid4()}@example.com") for _ in range(25)]
    running = workshop.submit(people.pop().id, {"deaf_attempts": 1})
    busy = workshop.await_begun(running)
    worker = workshop.children.pop()
    children = descendants(worker.pid)
    for idle in set(children) - {busy}:
        os.kill(idle, signal.SIGSTOP)
    before = workshop.messages_in_hand()
    unclaimed = workshop.submit(people[0].id)
    until(lambda: workshop.messages_in_hand() > before)
    worker.kill()
    for child in children:
        with suppress(ProcessLookupError):  # it went with the worker
            os.kill(child, signal.SIGKILL)

    crowd = Crowd(workshop, people[1:])
    crowd.come()
    workshop.start_worker(worker_processes=1)
    until(
        lambda: crowd.come() and all(workshop.job(id_).status in ENDED for id_ in (running, unclaimed)),
        CROWD_SECONDS,
    )
    assert crowd.fewest > 0
    ended = [workshop.job(id_) for id_ in (running, unclaimed)]
    assert [(job.status, job.attempts) for job in ended] == [(JobStatus.COMPLETE, 2), (JobStatus.COMPLETE, 1)]


def test_a_worker_that_is_told_to_end_gives_its_job_back(workshop, player):
    job_id = workshop.submit(player.id, {"seconds": 600})
    workshop.await_begun(job_id)
    workshop.children.pop().stop(timeout_seconds=60)
    job = workshop.job(job_id)
    assert (job.status, job.attempts, job.error_code) == (JobStatus.QUEUED, 0, "")
    with workshop.platform.database.writing() as session:
        session.get_one(Job, job_id).options = {}
    workshop.start_worker()
    job = workshop.await_end(job_id)
    assert (job.status, job.attempts) == (JobStatus.COMPLETE, 1)
