"""What happens to a user's recordings when the account goes or wants its data."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Thread
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.service.errors import ConflictError
from genesis_music.service.jobs.repository import JobRepository
from genesis_music.service.jobs.service import JobService
from genesis_music.service.jobs.states import UNFINISHED
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import after_commit
from genesis_music.service.platform.storage import StorageMissingError
from genesis_music.service.transcriptions.documents import ANALYSIS, TAB, RevisionFiles
from genesis_music.service.transcriptions.erasing import Left, erase_files, erase_upload
from genesis_music.service.transcriptions.repository import (
    ShareRepository,
    TranscriptionRepository,
    UploadRepository,
    WebhookRepository,
)
from genesis_music.service.transcriptions.revision_repository import RevisionRepository
from genesis_music.service.transcriptions.revision_schemas import RevisionView
from genesis_music.service.transcriptions.revision_tables import Revision
from genesis_music.service.transcriptions.schemas import ShareView, TranscriptionView, WebhookView
from genesis_music.service.transcriptions.tables import Transcription

ERASED_AT_ONCE = 20
"""Transcriptions whose files go before the answer; those of more go after it, and the sweep finds what is left."""

READ_AT_ONCE = 8
"""Results that an export fetches from the store together."""


@dataclass(frozen=True)
class TranscriptionsOfAccounts:
    """An :class:`~genesis_music.service.accounts.observers.AccountObserver`."""

    platform: Platform
    jobs: JobService

    def account_deleted(self, session: Session, user_id: UUID) -> None:
        """Stop the user's jobs; delete all files once the account is gone, and recordings that nobody else has."""
        for job in JobRepository(session).find_all(user_id=user_id):
            if job.status in UNFINISHED:
                self.jobs.cancel(session, job.id)
        rows = TranscriptionRepository(session).find_all(user_id=user_id)
        gone = [Left.by(row) for row in rows]
        uploads = [row.id for row in UploadRepository(session).find_all(user_id=user_id)]

        def erase() -> None:
            for left in gone:
                erase_files(left, self.platform)
            for id_ in uploads:
                erase_upload(id_, self.platform)

        after_commit(session, erase if len(gone) <= ERASED_AT_ONCE else Thread(target=erase).start)

    def export(self, session: Session, user_id: UUID) -> dict[str, Any]:
        """Return the user's transcriptions with their tabs and analyses as they left them, links and webhooks."""
        query = (
            select(Transcription).where(Transcription.user_id == user_id).order_by(Transcription.created_at)
        )
        rows = session.scalars(query).all()
        shares, revisions = ShareRepository(session), RevisionRepository(session)
        latest = [None if row.revision is None else revisions.of(row) for row in rows]
        with ThreadPoolExecutor(READ_AT_ONCE) as pool:
            documents = pool.map(self._documents, latest)
        webhooks = WebhookRepository(session).find_all(user_id=user_id)
        return {
            "transcriptions": [
                TranscriptionView.model_validate(row).model_dump(mode="json")
                | {"options": row.options}
                | result
                | {
                    "revisions": [
                        RevisionView.model_validate(one).model_dump(mode="json")
                        for one in revisions.find_all(transcription_id=row.id)
                    ],
                    "shares": [
                        ShareView.model_validate(share).model_dump(mode="json")
                        for share in shares.find_all(transcription_id=row.id)
                    ],
                }
                for row, result in zip(rows, documents, strict=True)
            ],
            "webhooks": [WebhookView.model_validate(row).model_dump(mode="json") for row in webhooks],
        }

    def _documents(self, revision: Revision | None) -> dict[str, Any]:
        """The tab and the analysis as the user left them; null where there are none (any more)."""
        if revision is None:
            return {"tab": None, "analysis": None}
        files = RevisionFiles(self.platform.storage, revision)
        try:
            return {"tab": json.loads(files.content(TAB)), "analysis": json.loads(files.content(ANALYSIS))}
        except (StorageMissingError, ConflictError):
            return {"tab": None, "analysis": None}
