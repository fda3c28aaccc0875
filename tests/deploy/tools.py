"""The checkers of ``.venv-deploy`` (``scripts/setup.sh deploy``), run as a person would run them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = ROOT / ".venv-deploy" / "bin"


def checked(*command: str | Path, cwd: Path = ROOT, stdin: str | None = None) -> str:
    """Run a checker and return what it printed.

    Raises:
        AssertionError: it found something; the message is what it said.
    """
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}{os.pathsep}/usr/sbin"
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        input=stdin,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} ({done.returncode})\n{done.stdout}{done.stderr}"
    return done.stdout
