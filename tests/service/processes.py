"""What /proc says of processes (Linux), which may end at any moment, also between opening a file and reading it."""

from pathlib import Path


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet waited for does not."""
    return _state(pid) not in ("", "Z")


def stopped(pid: int) -> bool:
    """Whether a process was told to stop and not yet to go on."""
    return _state(pid) == "T"


def command_line(pid: int) -> str:
    """How a process was started; empty once it has ended."""
    return _read(Path(f"/proc/{pid}/cmdline"))


def children(pid: int) -> list[int]:
    """The processes that one has started and that have not ended."""
    try:
        lists = [_read(tasks) for tasks in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):  # it has ended while its folder was listed
        return []
    return [int(child) for tasks in lists for child in tasks.split()]


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    own = children(pid)
    return own + [below for child in own for below in descendants(child)]


def _state(pid: int) -> str:
    """Its letter in ps; empty once it is gone."""
    return _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2][1:2]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
