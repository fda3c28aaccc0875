"""An upgrade while people work: two versions on one database, a migration under load, and the way back."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from genesis_music.service.platform.revision import known_revisions
from tests.faults.quick import LISTENING_SECONDS
from tests.faults.world import Program, wait_until
from tests.live.balancer import balancer
from tests.live.installation import DATABASE, PASSWORD, Installation, new_installation
from tests.service.servers import until

ROOT = Path(__file__).parents[2]
EMAIL, OTHER_EMAIL = "ada@example.com", "ben@example.com"
"""The second one signs in all the time, which ends that account's oldest sessions."""
VERSIONS = "src/genesis_music/service/migrations/versions"
LOCK_SECONDS = 1.0
ENOUGH = 30
"""Requests that must be answered in every stage."""
MIGRATION = f'''
"""What a next version might add; it holds its locks for a while."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{known_revisions()[-1]}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only."""
    op.add_column("jobs", sa.Column("next_kind", sa.String(24), nullable=False, server_default="plain"))
    op.add_column("transcriptions", sa.Column("next_title", sa.String(255), nullable=True))
    op.create_table("next_things", sa.Column("id", sa.Uuid(), primary_key=True))
    op.execute("SELECT pg_sleep({LOCK_SECONDS})")


def downgrade() -> None:
    """Not under load."""
'''


@dataclass
class Work:
    """What people go on doing all the time, each in a thread; every answer that is no success is kept."""

    url: str
    token: str
    done: int = 0
    failures: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Work while the block runs."""
        kinds = (self._look, self._change, self._sign_in, self._upload, self._look)
        threads = [threading.Thread(target=self._again, args=(kind,), daemon=True) for kind in kinds]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def enough(self) -> None:
        """Return when many more requests have been answered."""
        before = self.done
        wait_until(lambda: self.done >= before + ENOUGH or bool(self.failures), "requests are answered")
        assert self.failures == []

    def _again(self, kind: Callable[[], httpx.Response]) -> None:
        while not self._stop.wait(0.05):
            try:
                answer = kind()
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
                return
            if not answer.is_success:
                self.failures.append(
                    f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
                )
                return
            self.done += 1

    def _ask(self, method: str, path: str, **what) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | what.pop("headers", {})
        return httpx.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=60.0, **what)

    def _look(self) -> httpx.Response:
        return self._ask("GET", "/transcribe")

    def _change(self) -> httpx.Response:
        return self._ask("PATCH", "/account/preferences", json={"theme": "dark"})

    def _sign_in(self) -> httpx.Response:
        return self._ask("POST", "/auth/sign-in", json={"email": OTHER_EMAIL, "password": PASSWORD})

    def _upload(self) -> httpx.Response:
        time.sleep(0.5)
        answer = self._ask(
            "POST",
            "/transcribe",
            files={"file": ("a.wav", recording())},
            headers={"Idempotency-Key": str(uuid4())},
        )
        if answer.is_success:
            self.accepted.append(answer.json()["transcription_id"])
        return answer


def recording() -> bytes:
    """A second of silence but for a mark of its own."""
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(uuid4().bytes * 1000)
    return file.getvalue()


@pytest.fixture
def service() -> Iterator[Installation]:
    """Parts of an installation; no process of the service runs yet."""
    with new_installation("upgrade") as service:
        yield service


def next_version(folder: Path) -> Path:
    """This checkout's program with one more migration."""
    shutil.copytree(ROOT / "src", folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / Path(VERSIONS).relative_to("src") / "9000_the_next_version.py"
    path.write_text(MIGRATION)
    return folder


def version_before(folder: Path) -> Path:
    """The program as it was before the newest migration was added."""
    newest = max((ROOT / VERSIONS).glob("[0-9]*.py"), key=lambda path: path.name)
    log = [
        "git",
        "log",
        "--first-parent",
        "-m",
        "--diff-filter=A",
        "--format=%H",
        "--",
        str(newest.relative_to(ROOT)),
    ]
    added = subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not added:
        pytest.skip("the history of this checkout does not go back to before the newest migration")
    folder.mkdir()
    packed = subprocess.run(
        ["git", "archive", f"{added[-1]}^", "src"], cwd=ROOT, capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
    return folder / "src"


def server_of(service: Installation, version: Path) -> Program:
    """A server process of a version."""
    return service.start_server(PYTHONPATH=f"{version}:{ROOT}")


def worker_of(service: Installation, version: Path) -> Program:
    """A worker of a version that listens quickly."""
    return service.start_quick_worker(PYTHONPATH=f"{version}:{ROOT}", **{LISTENING_SECONDS: "0.2"})


def revision(service: Installation) -> str:
    with service.postgres.connect(DATABASE) as connection:
        [present] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or [""]
    return str(present)


def test_nobody_notices_an_upgrade_nor_the_way_back(service: Installation, tmp_path: Path) -> None:
    old, new = ROOT / "src", next_version(tmp_path / "next")
    first, second = server_of(service, old), server_of(service, old)
    worker = worker_of(service, old)
    service.sign_up(OTHER_EMAIL)
    service.sign_up(EMAIL)
    token = service.headers["Authorization"].removeprefix("Bearer ")
    with balancer(tmp_path / "nginx", first.url, second.url) as front:
        work = Work(front.url, token)
        with work.going_on():
            work.enough()
            third = server_of(service, new)  # brings the tables up to date while the old ones answer
            assert revision(service) == "9000"
            work.enough()
            front.share_among(first.url, second.url, third.url)
            work.enough()
            new_worker = worker_of(service, new)
            work.enough()

            front.share_among(first.url, third.url)
            second.restart(PYTHONPATH=f"{old}:{ROOT}")  # an old one may die and come again half way
            wait_until(second.ready, "an old server starts on new tables")
            front.share_among(second.url, third.url)
            first.stop()
            work.enough()

            fourth = server_of(service, new)
            front.share_among(third.url, fourth.url)
            second.stop()
            worker.stop()
            work.enough()

            back = server_of(service, old)  # the new version was no good
            front.share_among(back.url)
            third.stop()
            fourth.stop()
            work.enough()
        answered = front.answered()
        assert front.refused() == []
    assert work.failures == []
    assert len(answered) == 5
    assert new_worker.child.exit_status is None
    service.programs.insert(0, back)
    service.sign_in(EMAIL)
    assert_all_end(service, work.accepted)
    print(f"\n{sum(answered.values())} requests, none refused; {len(work.accepted)} songs, all complete")


def test_the_real_version_before_runs_beside_this_one(service: Installation, tmp_path: Path) -> None:
    old, new = version_before(tmp_path / "before"), ROOT / "src"
    first = server_of(service, old)
    before = revision(service)
    service.sign_up(OTHER_EMAIL)
    service.sign_up(EMAIL)
    token = service.headers["Authorization"].removeprefix("Bearer ")
    with balancer(tmp_path / "nginx", first.url) as front:
        work = Work(front.url, token)
        with work.going_on():
            work.enough()
            second = server_of(service, new)
            assert before != revision(service) == known_revisions()[-1]
            work.enough()
            front.share_among(first.url, second.url)
            work.enough()
            front.share_among(second.url)
            first.stop()
            work.enough()
        assert front.refused() == []
    assert work.failures == []


def assert_all_end(service: Installation, ids: list[str]) -> None:
    """Whatever version took it and whatever version worked on it: every song is there."""
    assert ids
    for id_ in ids:
        until(lambda id_=id_: service.call("GET", f"/transcribe/{id_}").json()["status"] == "complete")
