"""Stems of recordings that were taken apart: kept once for all who gave the same one, as the recordings are."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from genesis_music.separation.demucs import SOURCE_FILE
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.storage import (
    ObjectStore,
    StorageMissingError,
    StorageUnavailableError,
    StoredObject,
)
from genesis_music.service.transcriptions.keys import STEM_SUFFIX, stems_prefix
from genesis_music.service.transcriptions.repository import TranscriptionRepository, lock_content

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredStems:
    """A :class:`~genesis_music.separation.separator.StemStore` that all workers share."""

    storage: ObjectStore

    def has(self, key: str) -> bool:
        """Whether all files are kept under the key; also while the storage does not answer."""
        try:
            return _complete(self.storage, stems_prefix(key))
        except StorageUnavailableError as error:
            log.warning("stems are taken to be there, for the storage does not answer: %s", error)
            return True

    def fetch(self, key: str, folder: Path) -> bool:
        """Copy what is kept under the key into the folder."""
        prefix = stems_prefix(key)
        try:
            if not _complete(self.storage, prefix):
                return False
            for found in self.storage.list(prefix):
                self.storage.download(found.key, folder / Path(found.key).name)
        except (StorageMissingError, StorageUnavailableError) as error:
            log.warning("a recording is taken apart again, for its stems cannot be fetched: %s", error)
            return False
        return True

    def keep(self, key: str, folder: Path) -> None:
        """Keep the files of the folder under the key."""
        prefix = stems_prefix(key)
        try:
            if not _complete(self.storage, prefix):
                for path in (*sorted(folder.glob(f"*{STEM_SUFFIX}")), folder / SOURCE_FILE):
                    self.storage.put_file(f"{prefix}/{path.name}", path)
        except StorageUnavailableError as error:
            log.warning("stems are not kept: %s", error)


def stems_of(prefix: str | None, storage: ObjectStore) -> Sequence[StoredObject]:
    """The files of a transcription's stems, by name; none where there are none (any more).

    Raises:
        StorageUnavailableError: the storage does not answer.
    """
    found = storage.list(prefix) if prefix else ()
    return sorted((one for one in found if one.key.endswith(STEM_SUFFIX)), key=lambda one: one.key)


def claim_stems(session: Session, key: str | None, storage: ObjectStore) -> str | None:
    """Hold stems for a row that this transaction writes; ``None`` when there are none (any more)."""
    if key is None:
        return None
    prefix = stems_prefix(key)
    lock_content(session, prefix)
    return prefix if _complete(storage, prefix) else None


def release_stems(prefix: str, platform: Platform) -> None:
    """Delete stems that no transcription has any more; what cannot be deleted now, the sweep finds."""
    with platform.database.writing() as session:
        lock_content(session, prefix)
        if TranscriptionRepository(session).uses_stems(prefix):
            return
        try:
            platform.storage.delete_prefix(prefix)
        except StorageUnavailableError:
            log.warning("stems are left for the sweep", exc_info=True)


def _complete(storage: ObjectStore, prefix: str) -> bool:
    return storage.exists(f"{prefix}/{SOURCE_FILE}")
