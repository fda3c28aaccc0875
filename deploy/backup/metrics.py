"""What Prometheus should know of backups, as files of node_exporter's textfile collector."""

from __future__ import annotations

import time
from pathlib import Path

LAST_SUCCESS = "genesis_backup_last_success_timestamp_seconds"
SIZE, SECONDS = "genesis_backup_size_bytes", "genesis_backup_duration_seconds"
HELP = {
    LAST_SUCCESS: "When a backup of this kind last succeeded.",
    SIZE: "What the last backup of this kind stored.",
    SECONDS: "How long the last backup of this kind took.",
}


def note_success(folder: Path | None, kind: str, size_bytes: int, seconds: float) -> None:
    """Write the success of a backup (``database``, ``wal`` or ``bucket``); the file appears complete or not at all."""
    if folder is None:
        return
    values = {LAST_SUCCESS: time.time(), SIZE: size_bytes, SECONDS: seconds}
    lines = [f'{described(name)}{name}{{kind="{kind}"}} {value:.3f}\n' for name, value in values.items()]
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".genesis_backup_{kind}.part"
    part.write_text("".join(lines))
    part.chmod(0o644)  # node_exporter is another user
    part.replace(folder / f"genesis_backup_{kind}.prom")


def described(name: str) -> str:
    """Return the two lines that say what a metric is."""
    return f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n"
