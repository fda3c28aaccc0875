"""Tab documents of revisions in the object store, and the files that are made from them on demand."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from uuid import UUID

from genesis_music.editing import with_evidence, without_doubtful
from genesis_music.formats.registry import FORMATS
from genesis_music.formats.tabjson import write_tab_json
from genesis_music.formats.tabjson_reader import parse_tab_json
from genesis_music.formats.written import Page
from genesis_music.pipeline.heard import from_bytes
from genesis_music.score import Transcription as Music
from genesis_music.service.errors import ConflictError
from genesis_music.service.platform.storage import ObjectStore, StorageMissingError
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.revision_tables import Revision
from genesis_music.version import __version__

TAB, ANALYSIS, DRAWING = "tab.json", "analysis.json", "alphatex"


def read_document(store: ObjectStore, revision: Revision) -> bytes:
    """The tab JSON of a revision.

    Raises:
        ConflictError: it was deleted just now.
    """
    try:
        content = store.get(revision.document)
    except StorageMissingError as error:
        raise ConflictError("The result was deleted just now: ask again.") from error
    return zlib.decompress(content) if revision.document.startswith(f"{keys.EDITS}/") else content


def read_music(store: ObjectStore, revision: Revision) -> Music:
    """The transcription that a revision holds."""
    return parse_tab_json(read_document(store, revision), TAB)


def read_heard_music(store: ObjectStore, revision: Revision, heard_path: str | None) -> Music:
    """The transcription that a revision holds, with what was heard about strings where that is still there."""
    music = read_music(store, revision)
    if heard_path is None:
        return music
    try:
        heard = from_bytes(store.get(heard_path))
    except StorageMissingError:
        return music
    return with_evidence(music, heard.notes) if heard else music


def keep_document(store: ObjectStore, transcription_id: UUID, page: Page) -> tuple[str, bytes]:
    """Keep an edited transcription; return the key and the tab JSON. The same content has the same key."""
    content = write_tab_json(page)
    key = f"{keys.edits_prefix(transcription_id)}/{sha256(content).hexdigest()}"
    store.put_bytes(key, zlib.compress(content, level=1))
    return key, content


@dataclass(frozen=True)
class RevisionFiles:
    """The files of one revision without the notes that are less sure than ``minimum_percent`` (0: with all).

    A job has written those of its revision; others are written when they are asked for, and kept for a while.
    """

    store: ObjectStore
    revision: Revision
    minimum_percent: int = 0

    def content(self, name: str) -> bytes:
        """A file's bytes; ``name`` is that of its format."""
        if name == TAB and not self.minimum_percent:
            return read_document(self.store, self.revision)
        return self.store.get(self.key(name))

    def key(self, name: str) -> str:
        """Where a file lies; it is written first if it has to be."""
        if self.revision.prefix is not None and not self.minimum_percent:
            return f"{self.revision.prefix}/{name}"
        key = f"{self._folder}/{name}"
        if not self.store.exists(key):
            self.store.put_bytes(key, FORMATS[name].write_page(self._page), durable=False)
        return key

    @property
    def tag(self) -> str:
        """Tells these files from those of other revisions and confidences of a transcription."""
        return f"{self.revision.number}-{self.minimum_percent}"

    @cached_property
    def _page(self) -> Page:
        music = read_music(self.store, self.revision)
        return Page(without_doubtful(music, self.minimum_percent / 100))

    @property
    def _folder(self) -> str:
        """Named by the content: what is written never changes, and a restored revision shares it."""
        content = sha256(self.revision.document.encode()).hexdigest()[:32]
        prefix = keys.exports_prefix(self.revision.transcription_id)
        return f"{prefix}/{content}-{self.minimum_percent}-{__version__}"
