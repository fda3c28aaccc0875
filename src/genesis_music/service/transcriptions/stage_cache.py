"""Results of slow stages in the object store, so that any worker goes on where another stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from genesis_music.service.platform.cache import CACHE_REQUESTS
from genesis_music.service.platform.storage import ObjectStore, StorageMissingError, StorageUnavailableError
from genesis_music.service.transcriptions.keys import STAGES

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredStages:
    """A :class:`~genesis_music.cache.StageCache` that all workers share; old entries go with the sweep."""

    storage: ObjectStore

    def get(self, key: str) -> bytes | None:
        """Return what was put under the key, or ``None``."""
        found = self._found(key)
        CACHE_REQUESTS.add(cache="stages", result="miss" if found is None else "hit")
        return found

    def _found(self, key: str) -> bytes | None:
        try:
            return self.storage.get(_key(key))
        except StorageMissingError:
            return None
        except StorageUnavailableError as error:
            log.warning("a stage is done again, for the storage does not answer: %s", error)
            return None

    def put(self, key: str, value: bytes) -> None:
        """Keep the value."""
        try:
            self.storage.put_bytes(_key(key), value)
        except StorageUnavailableError as error:
            log.warning("a stage's result is not kept: %s", error)


def _key(key: str) -> str:
    return f"{STAGES}/{key[:2]}/{key}"
