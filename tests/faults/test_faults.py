"""Whatever breaks, whenever it breaks: every accepted job ends once, and nobody is left without an answer."""

import pytest

from tests.faults import breaking
from tests.faults.storm import weather


@pytest.mark.parametrize(
    ("jobs", "faults"),
    [
        pytest.param(12, [breaking.kill_child] * 4, id="a worker's child is killed"),
        pytest.param(12, [breaking.kill_worker] * 2, id="a whole worker is killed"),
        pytest.param(12, [breaking.kill_api] * 3, id="a server process is killed"),
        pytest.param(12, [breaking.flush_redis] * 3, id="Redis forgets everything"),
        pytest.param(12, [breaking.restart_redis] * 2, id="Redis is restarted"),
    ],
)
def test_every_accepted_job_ends_once(world, seed, webhook, jobs, faults, request):
    weather(world, f"{seed} {request.node.callspec.id}", jobs, faults, webhook=webhook)
