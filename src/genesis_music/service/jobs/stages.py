"""The stages of an attempt, as spans and times: heard from the progress that the work reports anyway."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from genesis_music.progress import Progress, ProgressCallback, Stage
from genesis_music.service.platform import context
from genesis_music.service.platform.metrics import LONG_SECONDS, Histogram
from genesis_music.service.platform.tracing import Span

STAGE_SECONDS = Histogram(
    "genesis_stage_seconds", "Time that a stage of a transcription took.", ("stage",), buckets=LONG_SECONDS
)


class StageWatch:
    """Passes progress on. A stage goes from its first report to its last one of 1.0, else to the next stage's first.

    While it goes on, log lines belong to its span. The stage in which an error ends the attempt is marked as failed.
    """

    def __init__(self, follow: ProgressCallback) -> None:
        self._follow = follow
        self._stage: Stage | None = None
        self._began_ns = 0
        self._complete_ns: int | None = None
        self._span: Span | None = None
        self._outer = context.span_id.get()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(error)

    def progress(self, progress: Progress) -> None:
        """Take a report from the work."""
        if progress.stage is not self._stage:
            self._end()
            self._begin(progress.stage)
        if progress.fraction >= 1.0:
            self._complete_ns = time.time_ns()
        self._follow(progress)

    def _begin(self, stage: Stage) -> None:
        self._stage, self._began_ns, self._complete_ns = stage, time.time_ns(), None
        self._span = Span(str(stage), attributes={"genesis.stage": str(stage)})
        context.span_id.set(self._span.span_id)

    def _end(self, error: BaseException | None = None) -> None:
        if self._stage is None or self._span is None:
            return
        if error is not None and self._complete_ns is None:
            self._span.fail(error)
        ended_ns = self._complete_ns or time.time_ns()
        STAGE_SECONDS.observe((ended_ns - self._began_ns) / 1e9, stage=str(self._stage))
        self._span.end(ended_ns)
        context.span_id.set(self._outer)
        self._stage = self._span = None
