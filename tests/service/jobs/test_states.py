"""A job's life: whatever happens in whatever order, one result at most, and an end that lasts."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from genesis_music.service.jobs import states
from genesis_music.service.jobs.failures import INTERNAL, WORKER_LOST
from genesis_music.service.jobs.states import ENDED, Failure, JobState, LeaseLostError, TransitionError
from genesis_music.service.jobs.tables import JobStatus

START = datetime(2026, 11, 22, tzinfo=UTC)
LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 3
HOPELESS = Failure("audio", "This recording is silent.", retryable=False)


class Life(RuleBasedStateMachine):
    """One job, several workers that may be slow, dead, or late, a user and a clock."""

    def __init__(self):
        super().__init__()
        self.state = JobState()
        self.now = START
        self.claims = []
        self.results = 0
        self.series = 0

    def attempt(self, transition):
        """Make a transition if it is allowed; return whether it was."""
        before = self.state
        try:
            self.state = transition(self.state)
        except TransitionError:
            assert self.state is before
            return False
        return True

    @rule(seconds=st.integers(0, 60))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule()
    def a_message_arrives(self):
        worker = f"worker {len(self.claims)}"
        if self.attempt(
            lambda state: states.claim(state, worker=worker, now=self.now, lease_until=self.now + LEASE)
        ):
            self.claims.append(worker)
            self.series += 1

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), progress=st.integers(0, 99))
    def any_worker_reports(self, data, progress):
        worker = data.draw(st.sampled_from(self.claims))
        until = self.now + LEASE
        kept = self.attempt(
            lambda state: states.advance(
                state, worker=worker, stage="Listening", progress=progress, lease_until=until
            )
        )
        assert not kept or worker == self.claims[-1]

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def any_worker_finishes(self, data):
        worker = data.draw(st.sampled_from(self.claims))
        if self.attempt(lambda state: states.complete(state, worker=worker, now=self.now)):
            assert worker == self.claims[-1]
            self.results += 1

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), failure=st.sampled_from([INTERNAL, HOPELESS]), pause=st.integers(0, 60))
    def any_worker_fails(self, data, failure, pause):
        worker = data.draw(st.sampled_from(self.claims))
        self.attempt(
            lambda state: states.fail(
                state,
                failure,
                worker=worker,
                now=self.now,
                max_attempts=MOST_ATTEMPTS,
                retry_at=self.now + timedelta(seconds=pause),
            )
        )

    @rule()
    def the_sweeper_looks(self):
        held = self.state.status is JobStatus.RUNNING and self.state.lease_until > self.now
        taken = self.attempt(
            lambda state: states.lose(
                state, WORKER_LOST, now=self.now, max_attempts=MOST_ATTEMPTS, retry_at=self.now
            )
        )
        assert not (held and taken)

    @precondition(lambda self: self.claims)
    @rule()
    def the_worker_is_told_to_end(self):
        if self.attempt(lambda state: states.give_back(state, worker=self.claims[-1])):
            self.series -= 1

    @rule()
    def the_user_cancels(self):
        self.attempt(lambda state: states.cancel(state, now=self.now))

    @rule()
    def the_user_retries(self):
        before = self.state.status
        if self.attempt(states.retry):
            assert before in (JobStatus.FAILED, JobStatus.CANCELLED)
            self.series = 0

    @invariant()
    def there_is_one_result_at_most(self):
        assert self.results == (self.state.status is JobStatus.COMPLETE)

    @invariant()
    def attempts_are_counted_and_limited(self):
        assert self.state.attempts == self.series <= MOST_ATTEMPTS

    @invariant()
    def only_a_running_job_has_a_worker(self):
        running = self.state.status is JobStatus.RUNNING
        assert bool(self.state.worker) == (self.state.lease_until is not None) == running

    @invariant()
    def an_end_has_a_time_and_a_failure_a_reason(self):
        assert (self.state.completed_at is not None) == (self.state.status in ENDED)
        assert self.state.status is not JobStatus.FAILED or self.state.error_code


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(attempt=st.integers(1, 50), seed=st.integers())
def test_pauses_between_attempts_grow_to_a_limit_and_never_run_together(attempt, seed):
    pause = states.backoff(attempt, random.Random(seed)).total_seconds()
    assert 0 <= pause <= min(states.LONGEST_BACKOFF_SECONDS, states.BACKOFF_SECONDS * 2 ** (attempt - 1))


def test_a_job_is_not_started_before_its_time():
    waiting = JobState(not_before=START + timedelta(seconds=1))
    with pytest.raises(TransitionError):
        states.claim(waiting, worker="w", now=START, lease_until=START + LEASE)
    assert states.claim(waiting, worker="w", now=START + timedelta(seconds=1), lease_until=START + LEASE)


def test_a_worker_that_was_replaced_is_told_so():
    running = states.claim(JobState(), worker="old", now=START, lease_until=START + LEASE)
    late = START + 2 * LEASE
    lost = states.lose(running, WORKER_LOST, now=late, max_attempts=3, retry_at=late)
    again = states.claim(lost, worker="new", now=late, lease_until=late + LEASE)
    with pytest.raises(LeaseLostError):
        states.complete(again, worker="old", now=late)
    assert states.complete(again, worker="new", now=late).status is JobStatus.COMPLETE
