"""Deleting what nobody needs any more; run from time to time by a worker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.recordings import release_recording
from genesis_music.service.transcriptions.repository import UploadRepository
from genesis_music.service.transcriptions.revision_tables import Revision
from genesis_music.service.transcriptions.stems import release_stems
from genesis_music.service.transcriptions.tables import Transcription, Upload, WebhookDelivery

log = logging.getLogger(__name__)

BATCH = 200
STAGES_KEPT = timedelta(days=7)
EXPORTS_KEPT = timedelta(days=7)
DELIVERIES_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each kind were deleted."""

    uploads: int
    pieces: int
    recordings: int
    results: int
    edits: int
    exports: int
    stems: int
    stages: int
    deliveries: int


def sweep(platform: Platform, *, grace: timedelta | None = None) -> Swept:
    """Delete expired uploads, files that no row refers to, old stages and old messages to webhooks.

    A file is written before its row: only those older than ``grace`` can be orphans, by default longer than any job.
    """
    if grace is None:
        grace = timedelta(seconds=platform.settings.max_duration_seconds * 12) + timedelta(days=1)
    return Swept(
        uploads=_expired_uploads(platform),
        pieces=platform.storage.sweep_orphans(keys.UPLOADS, _uploads_known(platform), grace),
        recordings=_orphaned_recordings(platform, grace),
        results=platform.storage.sweep_orphans(keys.RESULTS, _results_known(platform), grace),
        edits=platform.storage.sweep_orphans(keys.EDITS, _edits_known(platform), grace),
        exports=platform.storage.sweep_temporary(keys.EXPORTS, EXPORTS_KEPT),
        stems=_orphaned_stems(platform, grace),
        stages=platform.storage.sweep_temporary(keys.STAGES, STAGES_KEPT),
        deliveries=_old_deliveries(platform),
    )


def _expired_uploads(platform: Platform) -> int:
    with platform.database.writing() as session:
        uploads = UploadRepository(session)
        rows = uploads.expired(utc_now(), BATCH)
        ids = [row.id for row in rows]
        for row in rows:
            uploads.delete(row)
    for id_ in ids:
        platform.storage.delete_prefix(keys.upload_prefix(id_))
    return len(ids)


def _orphaned_recordings(platform: Platform, grace: timedelta) -> int:
    """Each is deleted by the way that also its last owner takes: somebody may be about to own it again."""

    def known(key: str) -> bool:
        return _is_there(platform, select(Transcription.id).where(Transcription.audio_path == key))

    count = 0
    for found in platform.storage.orphans(keys.AUDIO, known, grace):
        release_recording(found.key, platform)
        count += 1
    return count


def _orphaned_stems(platform: Platform, grace: timedelta) -> int:
    """As recordings: each is deleted by the way that also its last owner takes."""

    @lru_cache(maxsize=BATCH)
    def known(prefix: str) -> bool:
        return _is_there(platform, select(Transcription.id).where(Transcription.stems_prefix == prefix))

    orphans = platform.storage.orphans(keys.STEMS, lambda key: known(key.rpartition("/")[0]), grace)
    prefixes = {found.key.rpartition("/")[0] for found in orphans}
    for prefix in prefixes:
        release_stems(prefix, platform)
    return len(prefixes)


def _results_known(platform: Platform) -> Callable[[str], bool]:
    @lru_cache(maxsize=BATCH)
    def is_result(prefix: str) -> bool:
        return _is_there(platform, select(Revision.transcription_id).where(Revision.prefix == prefix))

    return lambda key: is_result(key.rpartition("/")[0])


def _edits_known(platform: Platform) -> Callable[[str], bool]:
    return lambda key: _is_there(platform, select(Revision.transcription_id).where(Revision.document == key))


def _uploads_known(platform: Platform) -> Callable[[str], bool]:
    @lru_cache(maxsize=BATCH)
    def is_upload(id_: str) -> bool:
        try:
            return _is_there(platform, select(Upload.id).where(Upload.id == UUID(id_)))
        except ValueError:
            return False

    return lambda key: is_upload(key.split("/")[1])


def _is_there(platform: Platform, query: Select[UUID]) -> bool:
    """Ask the primary: a replica may not know of the newest rows."""
    with Session(platform.database.primary) as session:
        return session.scalars(query.limit(1)).one_or_none() is not None


def _old_deliveries(platform: Platform) -> int:
    old = WebhookDelivery.created_at < utc_now() - DELIVERIES_KEPT
    with platform.database.writing() as session:
        result = session.execute(delete(WebhookDelivery).where(old, WebhookDelivery.next_at.is_(None)))
        return result.rowcount  # type: ignore[attr-defined,no-any-return]
