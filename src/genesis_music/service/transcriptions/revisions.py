"""What users do with revisions: look, edit, go back, ask for other places of a note."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from genesis_music.editing import alternatives, apply_edits
from genesis_music.editing.edits import MovePassage, Refret
from genesis_music.editing.words import describe
from genesis_music.errors import EditError
from genesis_music.formats.registry import FORMATS
from genesis_music.formats.written import Page
from genesis_music.service.errors import ConflictError, InvalidRequestError, NotFoundError
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.documents import (
    DRAWING,
    RevisionFiles,
    keep_document,
    read_document,
    read_heard_music,
    read_music,
)
from genesis_music.service.transcriptions.edit_schemas import EditRequest
from genesis_music.service.transcriptions.facts import facts_after_edits
from genesis_music.service.transcriptions.repository import TranscriptionRepository
from genesis_music.service.transcriptions.revision_repository import RevisionRepository
from genesis_music.service.transcriptions.revision_schemas import (
    Alternatives,
    AlternativeView,
    RevisionPage,
    RevisionView,
)
from genesis_music.service.transcriptions.revision_tables import Revision, RevisionKind
from genesis_music.service.transcriptions.tables import Transcription

TITLE_TRIES = 3
"""A title does not depend on what others change meanwhile: it is given on top of that."""


class StaleRevisionError(ConflictError):
    """Somebody else changed the transcription since it was read."""

    code, title = "revision-conflict", "Changed elsewhere meanwhile"

    def __init__(self, latest: Revision) -> None:
        super().__init__(
            f"This was changed elsewhere (“{latest.summary}”, revision {latest.number}): "
            "load that revision and make the edit again.",
            extra={"latest": RevisionView.model_validate(latest).model_dump(mode="json")},
        )


class EditRefusedError(InvalidRequestError):
    """An edit makes no sense for this music; nothing was changed."""

    code, title = "edit-refused", "This edit is not possible"

    def __init__(self, error: EditError) -> None:
        fault = {"field": f"body.edits.{error.edit}", "message": str(error)}
        super().__init__(str(error), extra={"edit": error.edit, "errors": [fault]})


@dataclass(frozen=True, slots=True)
class MadeRevision:
    """A revision just made: what is told of it, the ids of added notes, its tab JSON, and its alphaTex if wanted."""

    view: RevisionView
    added: tuple[str, ...]
    tab: bytes
    drawing: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a revision will hold."""

    kind: RevisionKind
    summary: str
    document: str
    prefix: str | None
    tab: bytes
    added: tuple[str, ...] = ()
    page: Page | None = None
    """Of music that was edited just now."""


AlsoStore = Callable[[Session, MadeRevision], None]
"""What else is written in the transaction that makes a revision."""


class RevisionService:
    """Revisions of one user's transcriptions; another user's look as if they were not there."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def list(self, user_id: UUID, id_: UUID, before: int | None, limit: int) -> RevisionPage:
        """Part of the revisions, newest first; raises NotFoundError, NoResultError."""
        with self._platform.database.reading(user_id) as session:
            row = TranscriptionRepository(session).of_user(id_, user_id)
            revisions = RevisionRepository(session)
            latest = revisions.of(row)
            found = revisions.page(id_, before, limit + 1)
        page = found[:limit]
        return RevisionPage(
            items=[RevisionView.model_validate(one) for one in page],
            latest=latest.number,
            next_before=page[-1].number if len(found) > limit else None,
        )

    def change(
        self, user_id: UUID, id_: UUID, request: EditRequest, also: AlsoStore, *, drawn: bool = False
    ) -> MadeRevision:
        """Make the next revision; ``drawn``: write its alphaTex too.

        Raises:
            NotFoundError: no such transcription, or no such revision to go back to.
            NoResultError: there is nothing to edit yet.
            StaleRevisionError: the base is not the latest revision.
            EditRefusedError: an edit makes no sense; nothing was changed.
        """
        row, base = self._find(user_id, id_)
        if base.number != request.base:
            raise self._stale(user_id, id_)
        draft = self._draft(user_id, row, base, request)
        with self._platform.database.writing(user_id) as session:
            row = TranscriptionRepository(session).of_user(id_, user_id, locked=True)
            revisions = RevisionRepository(session)
            latest = revisions.of(row)
            if latest.number != base.number:
                raise StaleRevisionError(latest)
            revision = revisions.append(
                row,
                user_id=user_id,
                kind=draft.kind,
                summary=draft.summary,
                document=draft.document,
                prefix=draft.prefix,
            )
            TranscriptionRepository(session).update(
                row, **facts_after_edits(json.loads(draft.tab), row.options)
            )
            made = MadeRevision(RevisionView.model_validate(revision), draft.added, draft.tab)
            also(session, made)
        return replace(made, drawing=self._drawing(revision, draft.page)) if drawn else made

    def again(
        self, user_id: UUID, id_: UUID, number: int, added: tuple[str, ...], *, drawn: bool = False
    ) -> MadeRevision:
        """A revision that was made before, as :meth:`change` told it; raises NotFoundError."""
        _, revision = self._find(user_id, id_, number)
        tab = read_document(self._platform.storage, revision)
        drawing = self._drawing(revision, None) if drawn else None
        return MadeRevision(RevisionView.model_validate(revision), added, tab, drawing)

    def _drawing(self, revision: Revision, page: Page | None) -> bytes:
        """A revision's alphaTex."""
        if page is not None:
            return FORMATS[DRAWING].write_page(page)
        return RevisionFiles(self._platform.storage, revision).content(DRAWING)

    def rename(self, user_id: UUID, id_: UUID, title: str) -> None:
        """Give another title: to the row, and to the result if there is one; raises NotFoundError."""
        for attempt in range(TITLE_TRIES):
            with self._platform.database.writing(user_id) as session:
                transcriptions = TranscriptionRepository(session)
                row = transcriptions.of_user(id_, user_id, locked=True)
                if row.revision is None:
                    transcriptions.update(row, title=title)
                    return
                base = row.revision
            request = EditRequest.model_validate({"base": base, "edits": [{"op": "title", "title": title}]})
            try:
                self.change(user_id, id_, request, lambda _, __: None)
            except StaleRevisionError:
                if attempt == TITLE_TRIES - 1:
                    raise
            else:
                return

    def alternatives(self, user_id: UUID, id_: UUID, note_id: str, number: int | None) -> Alternatives:
        """Other places for a note; raises NotFoundError, NoResultError, and EditRefusedError for one without any."""
        row, revision = self._find(user_id, id_, number)
        music = read_heard_music(self._platform.storage, revision, row.heard_path)
        if not any(note.id == note_id for track in music.tracks for note in track.notes):
            raise NotFoundError("There is no such note in this revision; it may have been deleted.")
        try:
            found = alternatives(music, note_id)
        except EditError as error:
            raise EditRefusedError(error) from error
        places = [AlternativeView.model_validate(one) for one in found]
        return Alternatives(revision=revision.number, note=note_id, places=places)

    def _find(self, user_id: UUID, id_: UUID, number: int | None = None) -> tuple[Transcription, Revision]:
        with self._platform.database.reading(user_id) as session:
            row = TranscriptionRepository(session).of_user(id_, user_id)
            return row, RevisionRepository(session).of(row, number)

    def _stale(self, user_id: UUID, id_: UUID) -> StaleRevisionError:
        return StaleRevisionError(self._find(user_id, id_)[1])

    def _draft(self, user_id: UUID, row: Transcription, base: Revision, request: EditRequest) -> _Draft:
        store = self._platform.storage
        if request.restored is not None:
            old = self._find(user_id, row.id, request.restored)[1]
            summary = f"Back to revision {old.number}: {old.summary}"
            return _Draft(RevisionKind.RESTORE, summary, old.document, old.prefix, read_document(store, old))
        edits = request.music_edits()
        music = (
            read_heard_music(store, base, row.heard_path)
            if any(isinstance(edit, Refret | MovePassage) for edit in edits)
            else read_music(store, base)
        )
        music = replace(music, source=replace(music.source, title=row.title))
        try:
            edited = apply_edits(music, edits)
        except EditError as error:
            raise EditRefusedError(error) from error
        known = {note.id for track in music.tracks for note in track.notes}
        added = tuple(note.id for track in edited.tracks for note in track.notes if note.id not in known)
        page = Page(edited)
        key, tab = keep_document(store, row.id, page)
        return _Draft(RevisionKind.EDIT, describe(edits), key, None, tab, added, page)
