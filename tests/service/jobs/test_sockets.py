"""Followers of jobs, with the real clients, through real server processes."""

import socketio

from genesis_music.service.jobs.tables import JobStatus
from tests.service.servers import until


class Follower:
    """A client that keeps what it hears."""

    def __init__(self, url, person):
        self.heard = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda event, data: self.heard.append((event, data)))
        self.client.connect(url, auth={"token": person.signed_in.access.token}, transports=["websocket"])

    def ask(self, event, payload):
        return self.client.call(event, payload, timeout=20)

    def names(self):
        return [event for event, _ in self.heard]


def test_a_follower_hears_a_job_to_its_end(bench, user, start_worker, start_api):
    api = start_api()
    job_id = bench.submit(user.id, {"seconds": 1})
    follower = Follower(api.url, user)
    answer = follower.ask("subscribe", {"job_id": str(job_id)})
    assert answer["ok"] and answer["event"] == "progress" and answer["data"]["status"] == "queued"
    start_worker()
    until(lambda: "complete" in follower.names())
    stages = [data["stage"] for event, data in follower.heard if event == "progress"]
    assert stages[0] == "Waiting" and stages[-1] == "Writing"
    follower.client.disconnect()
    assert bench.job(job_id).status is JobStatus.COMPLETE
