"""Files that appear together, complete, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from genesis_music.errors import OutputError


def write_together(folder: Path, contents: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write files by name into a folder, which is made when it does not exist.

    Every file is written beside its target first; only when all are complete do they take their names.

    Raises:
        OutputError: something cannot be written; what was there before is unchanged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as temporaries:
            written = [
                (_temporary(folder, content, temporaries), folder / name)
                for name, content in contents.items()
            ]
            for temporary, path in written:
                temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"Cannot write to {folder}: {reason}. Choose another folder with --out, or free some space."
        ) from error
    return tuple(path for _, path in written)


def _temporary(folder: Path, content: bytes, temporaries: ExitStack) -> Path:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".genesis-", suffix=".tmp")
    path = Path(name)
    temporaries.callback(path.unlink, missing_ok=True)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    path.chmod(0o666 & ~_umask())
    return path


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
