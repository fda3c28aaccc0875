"""What a release does to a site before it trusts it, done to a whole service on this machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.service.world import REAL_WORKER, World, whole_service
from tests.deploy.tools import ROOT


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The service with a page."""
    page = tmp_path_factory.mktemp("web")
    (page / "200.html").write_text("<!doctype html><html lang=en><title>Genesis Music</title></html>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENESIS_WEB_DIR", str(page))
        with whole_service(1) as running:
            yield running


def visited(url: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["python3", "-m", "benchmarks.site", url, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_site_that_works_passes_and_is_left_as_it_was(world: World, tmp_path: Path) -> None:
    with world.worker(REAL_WORKER):
        done = visited(world.url, "--rounds", "10", "--results", tmp_path / "site.json")
    assert done.returncode == 0, done.stderr
    assert "does what it should" in done.stdout
    figures = json.loads((tmp_path / "site.json").read_text())
    assert figures["failures"] == 0
    assert {row["name"] for row in figures["requests"]} >= {"GET /transcribe/{id}/result"}
    with world.postgres.primary.connect(world.settings.database_url.rpartition("/")[2]) as connection:
        assert connection.execute("SELECT count(*) FROM transcriptions").fetchone() == (0,)


def test_a_site_that_is_away_fails_in_one_line() -> None:
    done = visited("http://127.0.0.1:9")
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert done.stderr.startswith("http://127.0.0.1:9: GET /health/ready:")
