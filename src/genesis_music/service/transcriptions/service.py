"""What users do with their transcriptions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.tables import UserPreferences
from genesis_music.service.errors import ConflictError, UnavailableError
from genesis_music.service.jobs.priorities import Priority
from genesis_music.service.jobs.repository import JobRepository
from genesis_music.service.jobs.service import JobService, NewJob
from genesis_music.service.jobs.states import ENDED, UNFINISHED
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import after_commit
from genesis_music.service.platform.media import MediaFacts
from genesis_music.service.transcriptions.downloads import accept_link
from genesis_music.service.transcriptions.erasing import Left, erase_files
from genesis_music.service.transcriptions.handler import KEEPING_TRIES
from genesis_music.service.transcriptions.names import LONGEST_TITLE, clean_line, title_of
from genesis_music.service.transcriptions.options import PageOptions, TranscriptionOptions, stored_options
from genesis_music.service.transcriptions.recordings import (
    check_recording,
    claim_recording,
    keep_recording,
    release_recording,
)
from genesis_music.service.transcriptions.repository import Filter, Sort, TranscriptionRepository
from genesis_music.service.transcriptions.schemas import (
    Accepted,
    TranscriptionDetail,
    TranscriptionPage,
    TranscriptionView,
)
from genesis_music.service.transcriptions.spool import Received
from genesis_music.service.transcriptions.tables import SourceType, Transcription

log = logging.getLogger(__name__)

AlsoStore = Callable[[Session, Accepted], None]
"""What else is written in the transaction that accepts work."""


class BusyError(ConflictError):
    """The transcription is being worked on."""

    code, title = "busy", "Still being worked on"


class TranscriptionService:
    """Transcriptions of one user each; another user's look as if they were not there."""

    def __init__(self, platform: Platform, jobs: JobService) -> None:
        self._platform = platform
        self._jobs = jobs

    # Accepting

    def add_file(
        self,
        user_id: UUID,
        received: Received,
        filename: str,
        options: TranscriptionOptions,
        also: AlsoStore,
    ) -> Accepted:
        """Accept a recording that has arrived on this machine; ``filename`` is clean.

        Raises:
            MediaError: the recording is not taken.
            TooManyRequestsError: the user has too many unfinished jobs.
        """
        facts = check_recording(received, self._platform)
        for _ in range(KEEPING_TRIES):
            key = keep_recording(received, facts, self._platform)
            try:
                with self._platform.database.writing(user_id) as session:
                    if claim_recording(session, key, self._platform):
                        values = _file_values(received, facts, filename, key)
                        return self._accept(session, user_id, options, facts.duration_seconds, also, values)
            except Exception:
                release_recording(key, self._platform)
                raise
        raise UnavailableError("The recording could not be kept. Try again.", headers={"Retry-After": "5"})

    def add_link(self, user_id: UUID, url: str, options: TranscriptionOptions, also: AlsoStore) -> Accepted:
        """Accept a link; its recording is downloaded by a worker.

        Raises:
            InvalidRequestError: not a link to an allowed host.
            TooManyRequestsError: the user has too many unfinished jobs.
        """
        accept_link(url, self._platform.settings)
        values = {"source_type": SourceType.URL, "source_url": url, "title": clean_line(url, LONGEST_TITLE)}
        with self._platform.database.writing(user_id) as session:
            return self._accept(session, user_id, options, None, also, values)

    def _accept(
        self,
        session: Session,
        user_id: UUID,
        options: TranscriptionOptions,
        audio_seconds: float | None,
        also: AlsoStore,
        values: dict[str, Any],
    ) -> Accepted:
        chosen = _with_preference(session, user_id, options).model_dump(mode="json")
        row = TranscriptionRepository(session).create(user_id=user_id, options=chosen, **values)
        return self._submit(session, row, JobKind.TRANSCRIBE, chosen, audio_seconds, also)

    def _submit(
        self,
        session: Session,
        row: Transcription,
        kind: JobKind,
        options: dict[str, Any],
        audio_seconds: float | None,
        also: AlsoStore,
    ) -> Accepted:
        priority = Priority.HIGH if kind is JobKind.RETAB else Priority.NORMAL
        job = self._jobs.submit(session, NewJob(row.id, row.user_id, kind, options, audio_seconds, priority))
        accepted = Accepted(job_id=job.id, transcription_id=row.id)
        also(session, accepted)
        return accepted

    # Looking

    def list(
        self, user_id: UUID, which: Filter, sort: Sort, cursor: str | None, limit: int
    ) -> TranscriptionPage:
        """Part of the user's list."""
        with self._platform.database.reading(user_id) as session:
            rows, following = TranscriptionRepository(session).page(user_id, which, sort, cursor, limit)
            return TranscriptionPage(
                items=[TranscriptionView.model_validate(row) for row in rows], next_cursor=following
            )

    def find(self, user_id: UUID, id_: UUID) -> Transcription:
        """The row, without its documents; raises NotFoundError."""
        with self._platform.database.reading(user_id) as session:
            return TranscriptionRepository(session).of_user(id_, user_id)

    def detail(self, user_id: UUID, id_: UUID) -> TranscriptionDetail:
        """The transcription, its options and its newest job; raises NotFoundError."""
        with self._platform.database.reading(user_id) as session:
            row = TranscriptionRepository(session).of_user(id_, user_id)
            return self._detail(session, row)

    def _detail(self, session: Session, row: Transcription) -> TranscriptionDetail:
        job = TranscriptionRepository(session).newest_job(row.id)
        return TranscriptionDetail.of(row, job, self._platform.settings.support_email)

    # Changing

    def retry(self, user_id: UUID, id_: UUID, changes: PageOptions, also: AlsoStore) -> Accepted:
        """Listen again, with other options if any are given.

        Raises:
            NotFoundError: no such transcription.
            BusyError: it is being worked on.
            InvalidRequestError: the options do not go together.
        """
        with self._platform.database.writing(user_id) as session:
            row, job = self._idle(session, user_id, id_)
            options = _changed(row, changes)
            if job is None or job.kind is not JobKind.TRANSCRIBE or job.status is JobStatus.COMPLETE:
                seconds = float(row.duration_seconds) if row.duration_seconds else None
                return self._submit(session, row, JobKind.TRANSCRIBE, options, seconds, also)
            job = self._jobs.retry(session, job.id, options)
            row.options = options
            accepted = Accepted(job_id=job.id, transcription_id=id_)
            also(session, accepted)
            return accepted

    def retab(self, user_id: UUID, id_: UUID, changes: PageOptions, also: AlsoStore) -> Accepted:
        """Write anew what was heard: seconds, no network; raises as :meth:`retry`, and ConflictError when nothing
        was heard yet.
        """
        with self._platform.database.writing(user_id) as session:
            row, _ = self._idle(session, user_id, id_)
            if row.heard_path is None:
                raise ConflictError("There is no result to write anew yet: transcribe the recording first.")
            seconds = float(row.duration_seconds or 0)
            return self._submit(session, row, JobKind.RETAB, _changed(row, changes), seconds, also)

    def cancel(self, user_id: UUID, id_: UUID) -> TranscriptionDetail:
        """Stop the work.

        Raises:
            NotFoundError: no such transcription.
            TransitionError: there is nothing to stop.
        """
        with self._platform.database.writing(user_id) as session:
            transcriptions = TranscriptionRepository(session)
            row = transcriptions.of_user(id_, user_id)
            job = transcriptions.newest_job(id_)
            if job is None:
                raise ConflictError("There is nothing to cancel.")
            self._jobs.cancel(session, job.id)
            return self._detail(session, row)

    def delete(self, user_id: UUID, id_: UUID, info: RequestInfo) -> None:
        """Stop the work and delete everything; a recording that others have too stays for them."""
        with self._platform.database.writing(user_id) as session:
            transcriptions = TranscriptionRepository(session)
            row = transcriptions.of_user(id_, user_id)
            for job in JobRepository(session).find_all(transcription_id=id_):
                if job.status in UNFINISHED:
                    self._jobs.cancel(session, job.id)
            left = Left.by(row)
            transcriptions.delete(row)
            audit(session, user_id, Action.TRANSCRIPTION_DELETED, id_, info)
            after_commit(session, lambda: erase_files(left, self._platform))

    def _idle(self, session: Session, user_id: UUID, id_: UUID) -> tuple[Transcription, Job | None]:
        """The row and its newest job, which has ended."""
        transcriptions = TranscriptionRepository(session)
        row = transcriptions.of_user(id_, user_id)
        job = transcriptions.newest_job(id_)
        if job is not None and job.status not in ENDED:
            raise BusyError("This recording is still being worked on: wait for it, or cancel it first.")
        return row, job


def _file_values(received: Received, facts: MediaFacts, filename: str, key: str) -> dict[str, Any]:
    return {
        "source_type": SourceType.FILE,
        "source_filename": filename or None,
        "source_sha256": received.sha256,
        "title": clean_line(facts.title, LONGEST_TITLE) or title_of(filename),
        "audio_path": key,
        "duration_seconds": round(facts.duration_seconds),
    }


def _with_preference(session: Session, user_id: UUID, options: TranscriptionOptions) -> TranscriptionOptions:
    """The user's own tuning, where the request names none."""
    preferences = session.get(UserPreferences, user_id)
    if preferences is None or "tuning" in options.model_fields_set or options.instrument != "guitar":
        return options
    return TranscriptionOptions(**(options.model_dump() | {"tuning": preferences.guitar_tuning}))


def _changed(row: Transcription, changes: PageOptions) -> dict[str, Any]:
    return stored_options(row.options).changed_by(changes).model_dump(mode="json")
