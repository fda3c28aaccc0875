"""Composes the stages: a recording, a link or a score file → a :class:`~genesis_music.score.Transcription`."""

from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.compose import tab, transcribe

__all__ = ["Clock", "tab", "transcribe"]
