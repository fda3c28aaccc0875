"""Shell scripts hold no surprises."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT, checked


def shell_scripts() -> list[Path]:
    """Every committed file that a shell reads."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "*.sh", ".ci/run"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in names.split("\0") if name]


@pytest.mark.parametrize("script", shell_scripts(), ids=lambda script: script.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    checked("shellcheck", "--external-sources", script)


def again(registry: str) -> str:
    """Use ``scripts/again.sh`` without its pauses; ``registry`` defines a command of that name."""
    return checked("bash", "-c", f"set -e; . scripts/again.sh; sleep() {{ :; }}; tries=0; {registry}")


def test_a_download_that_fails_now_and_then_is_tried_again() -> None:
    assert again("registry() { [ $((tries += 1)) = 3 ]; }; again registry; echo $tries") == "3\n"


def test_a_download_that_always_fails_ends_the_set_up() -> None:
    with pytest.raises(AssertionError, match="4 tries"):
        again("registry() { echo $((tries += 1)) tries; false; }; again registry; echo set up")


def test_half_installed_packages_are_not_taken_for_all(tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").touch()
    broken = "npm() { mkdir -p node_modules; false; }"
    with pytest.raises(AssertionError):
        again(f"{broken}; install_node {tmp_path}")
    assert not (tmp_path / "node_modules").exists()
