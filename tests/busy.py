"""Run the tests as on a machine that never has time: every process of theirs is held up again and again.

``python -m tests.busy [pytest's arguments]``, with GENESIS_BUSY_SEED for the same pauses in the same order (they never
meet the same lines twice). A test that fails here guesses how long something takes, or in which order; one fault of the
service's that users meet once a month shows within minutes. Linux only.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.service.processes import command_line, descendants, stopped

BETWEEN_SECONDS = (0.02, 0.25)
MEAN_SECONDS, LONGEST_SECONDS = 0.25, 2.5
AT_ONCE = (1, 1, 2, 3)


def main(arguments: list[str]) -> int:
    """Run pytest and disturb it; its exit status."""
    chance = random.Random(int(os.environ.get("GENESIS_BUSY_SEED", "1")))
    tests = subprocess.Popen([sys.executable, "-m", "pytest", *arguments])
    pauses = 0
    while tests.poll() is None:
        time.sleep(chance.uniform(*BETWEEN_SECONDS))
        pauses += _pause(descendants(tests.pid), chance)
    print(f"{pauses} pauses")
    return tests.returncode


def _pause(processes: list[int], chance: random.Random) -> int:
    """Hold some up: of all programs alike, however many processes they have. What a test holds up stays so."""
    by_program: dict[str, list[int]] = {}
    for process in processes:
        if not stopped(process):
            by_program.setdefault(Path(command_line(process).partition("\0")[0]).name, []).append(process)
    programs = chance.sample(sorted(by_program), min(len(by_program), chance.choice(AT_ONCE)))
    held = [chance.choice(by_program[program]) for program in programs]
    _send(held, signal.SIGSTOP)
    time.sleep(min(LONGEST_SECONDS, chance.expovariate(1 / MEAN_SECONDS)))
    _send(held, signal.SIGCONT)
    return len(held)


def _send(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
