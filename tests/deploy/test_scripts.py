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
