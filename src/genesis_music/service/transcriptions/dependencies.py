"""What the routes of transcriptions ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.jobs.dependencies import JobsOf
from genesis_music.service.transcriptions.service import TranscriptionService


def _service(platform: PlatformOf, jobs: JobsOf) -> TranscriptionService:
    return TranscriptionService(platform, jobs)


TranscriptionsOf = Annotated[TranscriptionService, Depends(_service)]
"""What users do with their transcriptions."""
