"""Whatever breaks, whenever it breaks: every accepted job ends once, and nobody is left without an answer."""

import random
from pathlib import Path

import pytest

from genesis_music.service.jobs.tables import JobStatus
from tests.faults import breaking
from tests.faults.invariants import check
from tests.faults.storm import Recording, tones, weather


@pytest.mark.parametrize(
    ("jobs", "faults"),
    [
        pytest.param(8, [breaking.kill_child] * 4, id="a worker's child is killed"),
        pytest.param(8, [breaking.kill_worker] * 2, id="a whole worker is killed"),
        pytest.param(8, [breaking.kill_api] * 3, id="a server process is killed"),
        pytest.param(8, [breaking.flush_redis] * 3, id="Redis forgets everything"),
        pytest.param(8, [breaking.restart_redis, breaking.crash_redis], id="Redis is restarted"),
        pytest.param(8, [breaking.restart_primary] * 2, id="PostgreSQL is restarted"),
        pytest.param(6, [breaking.crash_primary], id="PostgreSQL crashes"),
        pytest.param(6, [breaking.stop_replica] * 2, id="the replica is stopped"),
        pytest.param(6, [breaking.refuse_storage, breaking.silence_storage], id="S3 does not answer"),
        pytest.param(6, [breaking.slow_storage] * 2, id="S3 is slow"),
        pytest.param(6, [breaking.fill_disk] * 2, id="a disk is full"),
        pytest.param(6, [breaking.freeze_worker], id="a worker hangs and goes on"),
    ],
)
def test_every_accepted_job_ends_once(world, seed, webhook, jobs, faults, request):
    storm, follower = weather(
        world, f"{seed} {request.node.callspec.id}", tones(jobs), faults, webhook=webhook
    )
    check(storm, follower)


def test_clocks_may_differ(world, seed, webhook):
    with breaking.skewed_clocks(world):
        storm, follower = weather(world, f"{seed} clocks", tones(8), [breaking.kill_worker], webhook=webhook)
        check(storm, follower)
    assert storm.ends()[JobStatus.COMPLETE] == 7  # one is useless


def test_the_real_pipeline_survives_the_death_of_its_process(world, seed, webhook):
    """Two real recordings through ``genesis worker``, whose child is killed while it listens."""
    content = (Path(__file__).parents[2] / "examples" / "morning-porch.ogg").read_bytes()
    recordings = [Recording(content, "Morning Porch.ogg", {"end": str(end)}) for end in (4, 6)]
    with world.only_real_workers():
        storm, follower = weather(world, f"{seed} real", recordings, [breaking.kill_child], webhook=webhook)
        check(storm, follower)


def test_everything_breaks_at_once(world, seed, webhook):
    faults = [
        breaking.kill_child,
        breaking.kill_worker,
        breaking.kill_api,
        breaking.crash_redis,
        breaking.restart_primary,
        breaking.stop_replica,
        breaking.refuse_storage,
        breaking.fill_disk,
    ]
    random.Random(seed).shuffle(faults)
    storm, follower = weather(world, f"{seed} everything", tones(12), faults, webhook=webhook)
    check(storm, follower)
