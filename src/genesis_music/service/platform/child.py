"""A child process that never outlives its owner, however the owner ends (Linux, macOS)."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

# The kernel closes the owner's end of the pipe on standard input even after kill -9; the watcher reads that
# end of file and stops the child. Unlike PR_SET_PDEATHSIG this works on macOS and does not fire when only
# the starting thread ends. The watcher stays in the child's process group, whose number is the child's
# process id: while the watcher lives, that id cannot be given to another process, so it can never signal a
# stranger. It is orphaned on purpose (the outer parentheses): the child must not find an unknown child of its own.
_WATCHED = """
exec 3<&0
ended() { kill -0 $$ || return 0; read -r pid name state rest </proc/$$/stat && [ "$state" = Z ]; }
( (
  cat <&3 >/dev/null
  kill -"$0" $$; kill -CONT $$
  waited=0
  while [ $waited -lt 100 ]; do ended && exit; sleep 0.1; waited=$((waited + 1)); done
  kill -KILL $$
) >/dev/null 2>&1 & )
exec 3<&- 0</dev/null
exec "$@"
"""


class ChildProcess:
    """A running program in its own process group; it is stopped with this object, and with this process at
    the latest.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        kept_open: Sequence[int] = (),
    ) -> None:
        """Start `command` (program and arguments) without a terminal.

        `log` receives its output (appended; nowhere when None). `environment` is added to this process' own.
        `user` is the system user it runs as (needs root). `stop_signal` asks it to end. `kept_open` are file
        descriptors it inherits.
        """
        self._stop_signal = stop_signal
        with _open_log(log) as output:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHED, stop_signal.name.removeprefix("SIG"), *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                user=user,
                pass_fds=kept_open,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id of the program itself."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; afterwards its exit status (negative: the signal that ended it)."""
        return self._process.poll()

    def wait(self, timeout_seconds: float | None = None) -> int:
        """Wait for its end and return its exit status; TimeoutExpired when it takes longer."""
        return self._process.wait(timeout_seconds)

    def stop(self, timeout_seconds: float = 10.0) -> int:
        """Ask it to end, end it by force after `timeout_seconds`, and return its exit status. Safe to repeat."""
        self.send(self._stop_signal)
        self.send(signal.SIGCONT)
        try:
            return self.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return self.kill()
        finally:
            self._release_watcher()

    def kill(self) -> int:
        """End it at once, as a crash would, and return its exit status."""
        self.send(signal.SIGKILL)
        status = self.wait()
        self._release_watcher()
        return status

    def send(self, number: signal.Signals) -> None:
        """Send a signal if it still runs."""
        self._process.send_signal(number)

    def _release_watcher(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()


@contextlib.contextmanager
def _open_log(path: Path | None) -> Iterator[IO[bytes] | int]:
    if path is None:
        yield subprocess.DEVNULL
        return
    with path.open("ab") as output:
        yield output
