"""What people do, for locust: mostly looking, sometimes changing. ``endpoints`` runs it and writes its plan."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, constant, events, task
from locust.runners import STATE_RUNNING

PLAN = json.loads(Path(os.environ["BENCH_PLAN"]).read_text())
API = "/api/v1"


class Player(FastHttpUser):  # type: ignore[misc]  # untyped
    """Somebody with a few transcriptions."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Be the plan's first person, who has the songs."""
        self._headers = {"Authorization": f"Bearer {PLAN['tokens'][0]}"}
        self._ids = PLAN["songs"]

    @task(10)
    def look_at_one(self) -> None:
        """Open one."""
        self._get("/transcribe/{id}")

    @task(6)
    def list_mine(self) -> None:
        """Open the list."""
        self._get("/transcribe")

    @task(4)
    def see_the_result(self) -> None:
        """Open the tab."""
        self._get("/transcribe/{id}/result")

    @task(3)
    def fetch_a_file(self) -> None:
        """Download it for a tab editor."""
        self._get("/transcribe/{id}/files/gp5")

    @task(2)
    def hear_the_recording(self) -> None:
        """Play the beginning of the recording."""
        self._get("/transcribe/{id}/audio", Range="bytes=0-65535")

    @task(2)
    def see_my_account(self) -> None:
        """Open the account."""
        self._get("/account")

    @task(1)
    def search(self) -> None:
        """Look for words."""
        self._get("/transcribe?q=porch&limit=50")

    @task(1)
    def rename(self) -> None:
        """Give another title."""
        self._send("PATCH", "/transcribe/{id}", {"title": f"Take {random.randrange(100)}"})

    @task(1)
    def change_preferences(self) -> None:
        """Change the colours."""
        self._send("PATCH", "/account/preferences", {"theme": random.choice(["dark", "light"])})

    @task(1)
    def hand_in_a_link(self) -> None:
        """Have another one transcribed, as one of many: each may do so twice a minute."""
        somebody = {"Authorization": f"Bearer {random.choice(PLAN['tokens'])}"}
        body = {"url": "https://youtu.be/dQw4w9WgXcQ"}
        self.client.post(f"{API}/transcribe", json=body, headers=somebody, name="POST /transcribe")

    @task(1)
    def be_alive(self) -> None:
        """Ask as a load balancer does."""
        self.client.get("/health/live")

    def _get(self, path: str, **headers: str) -> None:
        where = API + path.format(id=random.choice(self._ids))
        self.client.get(where, headers=self._headers | headers, name=f"GET {path}")

    def _send(self, method: str, path: str, body: dict[str, Any]) -> None:
        where = API + path.format(id=random.choice(self._ids))
        self.client.request(method, where, json=body, headers=self._headers, name=f"{method} {path}")


@events.init.add_listener  # type: ignore[untyped-decorator]
def _stop_after_enough(environment: Any, **_: object) -> None:
    """End the run after the plan's number of requests."""
    wanted = int(PLAN["requests"])

    @environment.events.request.add_listener  # type: ignore[untyped-decorator]
    def count(**_: object) -> None:
        enough = environment.stats.total.num_requests >= wanted
        if enough and environment.runner is not None and environment.runner.state == STATE_RUNNING:
            gevent.spawn(environment.runner.quit)  # it waits for the users, and this is one of them
