"""Temporary folders that do not pile up when their process is killed: the next one on this machine clears them away."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "genesis-scratch-"
_ABANDONED_SECONDS = 2 * 24 * 3600.0
"""Nothing works that long on one recording."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder that goes when the block ends."""
    clear_abandoned(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def clear_abandoned(parent: Path) -> None:
    """Delete folders of :func:`scratch_folder` whose process is gone."""
    for folder in parent.glob(f"{_PREFIX}*-*"):
        with suppress(OSError):  # another process may clear it too
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
    if sys.platform != "win32" and pid.isdecimal() and not _runs(int(pid)):
        return True
    return time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
