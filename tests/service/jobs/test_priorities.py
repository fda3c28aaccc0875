"""Whose turn it is, where, and for how long."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from genesis_music.service.jobs.priorities import LEVELS, Priority, fair_level, time_limits
from genesis_music.service.jobs.tables import JobKind
from tests.service.platforms import make_settings


def test_the_first_job_of_somebody_new_overtakes_the_many_of_another():
    crowd = [fair_level(Priority.NORMAL, active) for active in range(200)]
    assert sum(level > fair_level(Priority.NORMAL, 0) for level in crowd) == 199


@given(st.sampled_from(Priority), st.integers(0, 10**6))
def test_levels_are_those_of_the_queue_and_grow_with_the_number_of_jobs(priority, active):
    level = fair_level(priority, active)
    assert 0 <= level < LEVELS
    assert fair_level(priority, active + 1) >= level


@given(st.sampled_from(JobKind), st.booleans(), st.floats(0, 7200))
def test_longer_recordings_get_more_time_and_none_gets_more_than_an_unknown_one(kind, separating, seconds):
    settings = make_settings(("sqlite://", ""), "redis://127.0.0.1", Path("/"), max_duration_seconds=7200)

    def limits(length):
        return time_limits(settings, kind, separating=separating, audio_seconds=length)

    assert limits(0).hard_seconds <= limits(seconds).hard_seconds <= limits(None).hard_seconds
    assert limits(seconds).soft_seconds < limits(seconds).hard_seconds
