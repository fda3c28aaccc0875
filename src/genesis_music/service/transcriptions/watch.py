"""What is measured of transcriptions: how long networks take, how sure they are."""

from __future__ import annotations

from statistics import fmean

from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.heard import Heard
from genesis_music.progress import Stage
from genesis_music.service.platform.metrics import LONG_SECONDS, Counter, Histogram
from genesis_music.settings import Settings

MODEL_SECONDS = Histogram(
    "genesis_model_seconds",
    "Time that a job waited for a network: a transcription engine with its decoder, or a separation model.",
    ("engine",),
    buckets=LONG_SECONDS,
)
AUDIO_SECONDS = Counter("genesis_audio_seconds_total", "Length of the recordings that networks listened to.")
CONFIDENCE = Histogram(
    "genesis_note_confidence",
    "Mean confidence of a transcription's notes, from 0 to 1.",
    buckets=(0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0),
)


def watch_result(heard: Heard, settings: Settings, clock: Clock) -> None:
    """Measure a finished transcription. One that was heard before, or is only written anew, says nothing new."""
    listened = clock.seconds.get(Stage.LISTENING)
    if listened is None:
        return
    MODEL_SECONDS.observe(listened, engine=heard.engine)
    if settings.separate and (separated := clock.seconds.get(Stage.SEPARATING)) is not None:
        MODEL_SECONDS.observe(separated, engine=settings.separate)
    AUDIO_SECONDS.add(heard.source.duration_seconds)
    if notes := heard.notes:
        CONFIDENCE.observe(fmean(note.confidence for note in notes))
