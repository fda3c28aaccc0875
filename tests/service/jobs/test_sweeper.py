"""What the queue has lost is found and sent again, and what it has not is left alone."""

import json

import pytest

from genesis_music.service.accounts.tables import Role
from genesis_music.service.jobs import sweeper as sweeper_module
from genesis_music.service.jobs.priorities import Priority
from genesis_music.service.jobs.queue import CLEAN_UP_TASK, queue_name
from genesis_music.service.jobs.sweeper import Sweeper
from genesis_music.service.jobs.tables import JobStatus
from tests.service.conftest import make_person

LEVEL = Priority.NORMAL
"""Where everybody's only job waits."""
LINE = f"{queue_name('cpu')}\x06\x16{LEVEL}"
"""The same in Redis; the next message is the last."""


@pytest.fixture
def sweeper(harness, monkeypatch):
    """Regards a message as lost as soon as it is missing."""
    monkeypatch.setattr(sweeper_module, "MISSING_SECONDS", 0.0)
    return Sweeper(harness.jobs, harness.attempts)


@pytest.fixture
def crowd(harness):
    """Jobs of one person each, so that all wait at the same level."""
    people = [make_person(harness.platform, f"p{number}@example.com", Role.USER) for number in range(3)]
    return [harness.submit(person.id) for person in people]


def line(harness, level=LEVEL):
    """The jobs whose messages wait at a level, next one first."""
    messages = harness.platform.redis.lrange(LINE if level else queue_name("cpu"), 0, -1)
    return [harness.job_of_task(json.loads(message)["headers"]["id"]) for message in reversed(messages)]


def take(harness):
    """Take the next message from the queue, as a worker that is killed right after."""
    return harness.platform.redis.rpop(LINE)


def test_what_waits_in_the_queue_is_not_sent_again(harness, sweeper, crowd):
    for _ in range(3):
        sweeper.sweep()
    assert line(harness) == crowd and harness.jobs.queue.lengths()["cpu"] == len(crowd)


def test_a_message_in_the_hands_of_a_dead_worker_is_sent_again_before_those_who_wait(harness, sweeper, crowd):
    take(harness)
    sweeper.sweep()
    assert line(harness, 0) == crowd[:1] and line(harness) == crowd[1:]
    sweeper.sweep()
    assert harness.jobs.queue.lengths()["cpu"] == len(crowd)


def test_a_message_that_was_taken_a_moment_ago_is_not_missed(harness, crowd):
    take(harness)
    Sweeper(harness.jobs, harness.attempts).sweep()
    assert harness.jobs.queue.lengths()["cpu"] == len(crowd) - 1


def test_messages_that_have_changed_places_are_not_missed(harness, sweeper, crowd):
    harness.platform.redis.lpush(LINE, take(harness))
    sweeper.sweep()
    assert line(harness) == [*crowd[1:], crowd[0]] and harness.jobs.queue.lengths()["cpu"] == len(crowd)


def test_other_tasks_do_not_hide_that_a_message_is_missing(harness, sweeper, crowd):
    take(harness)
    harness.jobs.queue.celery.send_task(
        CLEAN_UP_TASK, args=("gone",), queue=queue_name("cpu"), priority=int(LEVEL)
    )
    harness.platform.redis.lmove(LINE, LINE, "LEFT", "RIGHT")
    sweeper.sweep()
    assert line(harness, 0) == crowd[:1]


def test_a_queue_that_was_emptied_is_filled_again_in_its_order(harness, sweeper, crowd, user):
    later = [harness.submit(user.id) for _ in range(3)]
    before = harness.jobs.queue.lengths()
    harness.platform.redis.flushall()
    sweeper.sweep()
    assert harness.jobs.queue.lengths() == before
    assert line(harness) == [*crowd, later[0]]


def test_whoever_had_its_turn_goes_first_when_it_is_tried_again(harness, sweeper, crowd):
    take(harness)
    assert harness.attempts.claim(crowd[0], "w/1/") is not None
    harness.attempts.lost("w/1/")
    sweeper.sweep()
    assert harness.job(crowd[0]).status is JobStatus.QUEUED
    assert line(harness, 0) == crowd[:1] and line(harness) == crowd[1:]
