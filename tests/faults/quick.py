"""The service's own handler with everything real but the listening: what the network would hear is made up.

How long it listens, and that a recording of three seconds and more is refused, is all that differs; recordings are
fetched, results written, stored and cleaned up by the code under test.
"""

import hashlib
import os
import threading

from genesis_music.errors import AudioError
from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.heard import Heard, Part
from genesis_music.progress import Stage
from genesis_music.score import Note, SourceInfo
from genesis_music.service.jobs.contract import Work
from genesis_music.service.transcriptions.handler import TranscriptionHandler
from genesis_music.service.transcriptions.scratch import scratch_folder
from genesis_music.settings import Settings

LISTENING_SECONDS = "FAULTS_LISTENING_SECONDS"
REFUSED_SECONDS = 3
"""Recordings as long as this are of no use to this handler: their jobs have to fail."""
REFUSAL = "This recording is too long for the tests: use a shorter one."
STEPS = 10


class QuickHandler(TranscriptionHandler):
    """Fetches the recording, takes its time, and hears a scale."""

    def _hear(self, work: Work, settings: Settings, clock: Clock) -> Heard:
        row = self._row(work)
        with scratch_folder() as folder:
            path = self._fetch(row, work, folder, clock)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            (folder / "samples").write_bytes(bytes(1024**2))
            with clock.stage(Stage.LISTENING) as on_fraction:
                for step in range(STEPS):
                    # Not time.sleep, which raises OSError under libfaketime.
                    threading.Event().wait(float(os.environ[LISTENING_SECONDS]) / STEPS)
                    on_fraction(step / STEPS)
        if (row.duration_seconds or 0) >= REFUSED_SECONDS:
            raise AudioError(REFUSAL)
        notes = tuple(Note(0.5 * beat, 0.45, 52 + beat % 12, 0.8, 0.9) for beat in range(16))
        return Heard(SourceInfo("scale", 8.0, 44100, sha256), "tests", (Part("Guitar", "guitar", notes),))
