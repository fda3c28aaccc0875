"""A real worker that stores what it made and then fails, unless it is told to denoise."""

from genesis_music.errors import EngineError
from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.heard import Heard
from genesis_music.score import Transcription
from genesis_music.service.config import load_settings
from genesis_music.service.jobs.contract import Work
from genesis_music.service.transcriptions.handler import TranscriptionHandler
from genesis_music.service.wiring import Wiring
from genesis_music.service.worker import Worker

FAULT = "The model is damaged: install it again."


class FragileHandler(TranscriptionHandler):
    """Fails at the last moment, when files are written already."""

    def _write(self, music: Transcription, heard: Heard, work: Work, clock: Clock):
        stored = super()._write(music, heard, work, clock)
        if work.options.get("denoise") != "on":
            raise EngineError(FAULT)
        return stored


if __name__ == "__main__":
    settings = load_settings()
    Worker(settings, Wiring(handler=FragileHandler, warm_up=lambda: None), shutdown_seconds=1).run(
        settings.worker_queues, settings.worker_processes
    )
