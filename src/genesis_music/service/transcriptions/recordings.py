"""Original recordings: checked by their content, kept once for all who gave the same one."""

from __future__ import annotations

import logging
import os
from threading import BoundedSemaphore

from sqlalchemy.orm import Session

from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.media import MediaFacts, MediaLimits, check_media
from genesis_music.service.platform.storage import StorageUnavailableError
from genesis_music.service.transcriptions.keys import audio_key
from genesis_music.service.transcriptions.repository import TranscriptionRepository, lock_content
from genesis_music.service.transcriptions.spool import Received

log = logging.getLogger(__name__)

_checks = BoundedSemaphore(2 * (os.cpu_count() or 1))
"""Each check is a process of its own: no more at once than this machine can run."""


def check_recording(received: Received, platform: Platform) -> MediaFacts:
    """Look into a file, in a child process, before anything is done with it.

    Raises:
        MediaError: it is not taken; each kind is a problem of its own.
    """
    settings = platform.settings
    limits = MediaLimits(longest_seconds=settings.max_duration_seconds, most_channels=settings.max_channels)
    with _checks:
        return check_media(received.path, limits)


def keep_recording(received: Received, facts: MediaFacts, platform: Platform) -> str:
    """Put a checked recording where its content belongs, unless it is there already; return its key."""
    key = audio_key(received.sha256, facts.container)
    if not platform.storage.exists(key):
        platform.storage.put_file(key, received.path)
    return key


def claim_recording(session: Session, key: str, platform: Platform) -> bool:
    """Hold a kept recording for a row that this transaction writes.

    Returns:
        ``False`` when its last other owner deleted it in between: keep it again.
    """
    lock_content(session, key)
    return platform.storage.exists(key)


def release_recording(key: str, platform: Platform) -> None:
    """Delete a recording that no transcription has any more; what cannot be deleted now, the sweep finds."""
    with platform.database.writing() as session:
        lock_content(session, key)
        if TranscriptionRepository(session).uses_audio(key):
            return
        try:
            platform.storage.delete(key)
        except StorageUnavailableError:
            log.warning("a recording is left for the sweep", exc_info=True)
