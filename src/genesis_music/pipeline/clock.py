"""Progress and time of every stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from genesis_music.progress import Progress, ProgressCallback, Stage, ignore_progress


@dataclass
class Clock:
    """Reports progress and keeps how many seconds each stage took."""

    progress: ProgressCallback = ignore_progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Callable[[float], None]]:
        """Time one stage; yields a function that takes the stage's fraction done, 0..1."""
        self.progress(Progress(stage, 0.0))
        started = time.perf_counter()
        yield lambda fraction: self.progress(Progress(stage, fraction))
        self.seconds[str(stage)] = self.seconds.get(str(stage), 0.0) + time.perf_counter() - started
        self.progress(Progress(stage, 1.0))
