"""Deleting what belongs to transcriptions that are gone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.storage import StorageUnavailableError
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.recordings import release_recording
from genesis_music.service.transcriptions.stems import release_stems
from genesis_music.service.transcriptions.tables import Transcription

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Left:
    """What a transcription that is deleted leaves in the object store."""

    transcription_id: UUID
    audio_path: str | None
    stems_prefix: str | None

    @classmethod
    def by(cls, row: Transcription) -> Self:
        """Note it before the row goes."""
        return cls(row.id, row.audio_path, row.stems_prefix)


def erase_files(left: Left, platform: Platform) -> None:
    """Delete a deleted transcription's files; what cannot be deleted now, the sweep finds. Never raises."""
    platform.cache.invalidate_tag(cache_tag(left.transcription_id))
    try:
        for prefix in (keys.results_prefix, keys.edits_prefix, keys.exports_prefix):
            platform.storage.delete_prefix(prefix(left.transcription_id))
        if left.audio_path:
            release_recording(left.audio_path, platform)
        if left.stems_prefix:
            release_stems(left.stems_prefix, platform)
    except (StorageUnavailableError, SQLAlchemyError):
        log.warning("files of a deleted transcription are left for the sweep", exc_info=True)


def erase_upload(upload_id: UUID, platform: Platform) -> None:
    """Delete the pieces of an upload; as :func:`erase_files`, never raises."""
    try:
        platform.storage.delete_prefix(keys.upload_prefix(upload_id))
    except StorageUnavailableError:
        log.warning("pieces of an upload are left for the sweep", exc_info=True)


def cache_tag(transcription_id: UUID) -> str:
    """Names everything in the cache that was made from a transcription."""
    return f"transcription:{transcription_id}"
