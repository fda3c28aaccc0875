"""A real worker whose jobs are nothing to do: what remains is the cost of the queue and of the service."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from genesis_music.progress import Progress, ProgressCallback, Stage
from genesis_music.service.config import load_settings
from genesis_music.service.jobs.contract import Work
from genesis_music.service.transcriptions.handler import TranscriptionHandler
from genesis_music.service.wiring import Wiring
from genesis_music.service.worker import Worker


class NothingHandler(TranscriptionHandler):
    """The service's own handler without the music: it notes, announces and cleans up, and hears nothing."""

    def run(self, work: Work, progress: ProgressCallback) -> Callable[[Session], None]:  # noqa: ARG002
        """Report one stage and store nothing."""
        progress(Progress(Stage.LOADING, 0.0))
        return lambda _: None


if __name__ == "__main__":
    settings = load_settings()
    wiring = Wiring(handler=NothingHandler, warm_up=lambda: None)
    Worker(settings, wiring, shutdown_seconds=5.0).run(settings.worker_queues, settings.worker_processes)
