"""Rows of revisions: the questions their service asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from genesis_music.service.errors import ConflictError, NotFoundError
from genesis_music.service.platform.repository import Repository
from genesis_music.service.transcriptions.revision_tables import LONGEST_SUMMARY, Revision, RevisionKind
from genesis_music.service.transcriptions.tables import Transcription

EDITS_KEPT = 1000
"""How far back one can go; the files of edits before are the sweep's."""


class NoResultError(ConflictError):
    """The work is not finished, or failed."""

    code, title = "no-result", "There is no result yet"

    def __init__(self, row: Transcription) -> None:
        super().__init__(
            "There is no result yet: wait until the transcription is complete.",
            extra={"transcription_status": str(row.status)},
        )


class RevisionRepository(Repository[Revision]):
    """Revisions."""

    table = Revision

    def of(self, row: Transcription, number: int | None = None) -> Revision:
        """A revision of a transcription, the latest when no number is given.

        Raises:
            NoResultError: there is none yet.
            NotFoundError: there is none of this number.
        """
        if row.revision is None:
            raise NoResultError(row)
        wanted = row.revision if number is None else number
        found = self.session.get(Revision, (row.id, wanted)) if 0 <= wanted <= row.revision else None
        if found is not None:
            return found
        if number is None:  # a replica that has the one row but not yet the other
            raise ConflictError("The result was replaced or deleted just now: ask again.")
        raise NotFoundError(f"There is no revision {number}: the latest one is {row.revision}.")

    def append(self, row: Transcription, **values: Any) -> Revision:
        """Add the next revision of a transcription; whoever else adds one waits for this transaction."""
        self.session.refresh(row, attribute_names=["revisions"], with_for_update=True)
        values["summary"] = values["summary"][:LONGEST_SUMMARY]
        made = self.create(transcription_id=row.id, number=row.revisions, **values)
        row.revisions += 1
        self._forget(row.id, row.revisions - EDITS_KEPT)
        self.session.flush()
        return made

    def _forget(self, transcription_id: UUID, before: int) -> None:
        """Delete edits that are older than anybody goes back to; what jobs made stays."""
        if before > 0:
            old = (Revision.transcription_id == transcription_id, Revision.number < before)
            self.session.execute(delete(Revision).where(*old, Revision.kind != RevisionKind.MACHINE))

    def page(self, transcription_id: UUID, before: int | None, limit: int) -> Sequence[Revision]:
        """Up to ``limit`` revisions, newest first, older than ``before``."""
        query = select(Revision).where(Revision.transcription_id == transcription_id)
        if before is not None:
            query = query.where(Revision.number < before)
        return self.session.scalars(query.order_by(Revision.number.desc()).limit(limit)).all()

    def knows(self, prefix: str) -> bool:
        """Whether any revision's files lie in this folder."""
        return (
            self.session.scalar(select(Revision.number).where(Revision.prefix == prefix).limit(1)) is not None
        )
