"""Resumable uploads: pieces in the object store, so that any server can take the next one.

The last piece is counted only in the transaction that makes the transcription: whatever fails before leaves the
upload where it was, one piece short, and the client sends that piece again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from genesis_music.service.errors import (
    ConflictError,
    InvalidRequestError,
    ServiceError,
    TooManyRequestsError,
)
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.storage import StorageMissingError, StorageUnavailableError
from genesis_music.service.transcriptions.bodies import form_options
from genesis_music.service.transcriptions.erasing import erase_upload
from genesis_music.service.transcriptions.keys import upload_prefix
from genesis_music.service.transcriptions.names import clean_filename
from genesis_music.service.transcriptions.repository import TranscriptionRepository, UploadRepository
from genesis_music.service.transcriptions.schemas import Accepted
from genesis_music.service.transcriptions.scratch import scratch_folder
from genesis_music.service.transcriptions.service import TranscriptionService
from genesis_music.service.transcriptions.spool import disk_errors, receive, too_large
from genesis_music.service.transcriptions.tables import Upload

log = logging.getLogger(__name__)

MOST_OPEN_UPLOADS = 20
FILENAME = "filename"
_CLIENT_METADATA = frozenset({FILENAME, "name", "filetype", "type", "relativePath"})
"""What tus clients send by themselves."""


class OffsetError(ConflictError):
    """The piece does not begin where the upload ends."""

    code, title = "wrong-offset", "Not the next piece"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload is; ``accepted`` once it is complete."""

    id: UUID
    offset_bytes: int
    length_bytes: int
    expires_at: datetime
    accepted: Accepted | None = None


class UploadService:
    """The uploads of one user each."""

    def __init__(self, platform: Platform, transcriptions: TranscriptionService) -> None:
        self._platform = platform
        self._transcriptions = transcriptions

    def create(self, user_id: UUID, length_bytes: int, metadata: dict[str, str]) -> Progress:
        """Begin an upload.

        Raises:
            InvalidRequestError, RequestValidationError: an empty file, or options that make no sense.
            TooLargeError: larger than allowed.
            TooManyRequestsError: too many uploads at once.
        """
        settings = self._platform.settings
        if length_bytes == 0:
            raise InvalidRequestError("The file is empty: choose a recording.")
        if length_bytes > settings.max_upload_bytes:
            raise too_large(settings.max_upload_bytes)
        options = form_options(
            {name: text for name, text in metadata.items() if name not in _CLIENT_METADATA}
        )
        with self._platform.database.writing(user_id) as session:
            uploads = UploadRepository(session)
            if uploads.count(user_id) >= MOST_OPEN_UPLOADS:
                raise TooManyRequestsError(
                    f"You have {MOST_OPEN_UPLOADS} unfinished uploads: finish or cancel one.",
                    headers={"Retry-After": "60"},
                )
            id_ = uuid4()
            row = uploads.create(
                id=id_,
                user_id=user_id,
                filename=clean_filename(metadata.get(FILENAME) or metadata.get("name", "")),
                length_bytes=length_bytes,
                prefix=upload_prefix(id_),
                options=options.model_dump(mode="json", exclude_unset=True),
                expires_at=utc_now() + timedelta(seconds=settings.upload_lifetime_seconds),
            )
            return _progress(session, row)

    def find(self, user_id: UUID, id_: UUID) -> Progress:
        """Where an upload is, by the primary's word; raises NotFoundError."""
        with Session(self._platform.database.primary) as session:
            return _progress(session, UploadRepository(session).of_user(id_, user_id))

    def expect(self, user_id: UUID, id_: UUID, offset_bytes: int) -> tuple[Progress, str]:
        """Check that a piece is the next one; returns where the upload is and the key to put the piece under.

        Raises:
            NotFoundError: no such upload.
            OffsetError: it is not the next one.
        """
        progress = self.find(user_id, id_)
        _check_offset(progress.offset_bytes, offset_bytes)
        if progress.accepted is not None:
            raise OffsetError("The upload is complete.")
        return progress, f"{upload_prefix(id_)}/{offset_bytes:015d}-{uuid4().hex}"

    def add(self, user_id: UUID, before: Progress, key: str, size_bytes: int) -> Progress:
        """Count a piece that lies in the store; the last one makes the transcription.

        Raises:
            OffsetError: another piece came first; this one is dropped.
            ServiceError: the complete file is not taken, and the upload is gone; or it could not be taken now, and
                the piece has to come again.
        """
        try:
            if before.offset_bytes + size_bytes == before.length_bytes:
                return self._complete(user_id, before, key)
            with self._platform.database.writing(user_id) as session:
                row = _next(session, user_id, before)
                _count(row, key, size_bytes)
                return _progress(session, row)
        except Exception:
            self.drop(key)
            raise

    def drop(self, key: str) -> None:
        """Delete a piece that does not count; the sweep finds what cannot be deleted now."""
        try:
            self._platform.storage.delete(key)
        except StorageUnavailableError:
            log.warning("a piece of an upload is left for the sweep", exc_info=True)

    def terminate(self, user_id: UUID, id_: UUID) -> None:
        """Give an upload up; what was made of a complete one stays. Raises NotFoundError."""
        with self._platform.database.writing(user_id) as session:
            uploads = UploadRepository(session)
            uploads.delete(uploads.of_user(id_, user_id))
        erase_upload(id_, self._platform)

    def _complete(self, user_id: UUID, before: Progress, last_key: str) -> Progress:
        with Session(self._platform.database.primary) as session:
            row = _next(session, user_id, before)
            pieces, filename, options = [*row.pieces, last_key], row.filename, row.options
        with disk_errors(), scratch_folder() as folder:
            received = receive(
                self._assembled(user_id, before, pieces), folder / "recording", before.length_bytes
            )

            def count(session: Session, accepted: Accepted) -> None:
                row = _next(session, user_id, before)
                _count(row, last_key, before.length_bytes - before.offset_bytes)
                row.transcription_id = accepted.transcription_id

            try:
                self._transcriptions.add_file(user_id, received, filename, form_options(options), count)
            except ServiceError as error:
                if error.status in {413, 415, 422}:
                    self.terminate(user_id, before.id)
                raise
        erase_upload(before.id, self._platform)
        return self.find(user_id, before.id)

    def _assembled(self, user_id: UUID, before: Progress, keys: list[str]) -> Iterator[bytes]:
        try:
            for key in keys:
                yield from self._platform.storage.stream(key)
        except StorageMissingError:
            with Session(self._platform.database.primary) as session:
                _next(session, user_id, before)  # another piece for the same place completed it meanwhile
            raise


def _next(session: Session, user_id: UUID, before: Progress) -> Upload:
    """The row, locked, if it still is where the piece begins."""
    row = UploadRepository(session).of_user(before.id, user_id, locked=True)
    _check_offset(row.offset_bytes, before.offset_bytes)
    return row


def _check_offset(present: int, given: int) -> None:
    if present != given:
        raise OffsetError(
            f"The upload goes on at byte {present}, not {given}: ask where it is and go on there.",
            headers={"Upload-Offset": str(present)},
        )


def _count(row: Upload, key: str, size_bytes: int) -> None:
    row.pieces = [*row.pieces, key]
    row.offset_bytes += size_bytes


def _progress(session: Session, row: Upload) -> Progress:
    job = TranscriptionRepository(session).newest_job(row.transcription_id) if row.transcription_id else None
    accepted = Accepted(job_id=job.id, transcription_id=job.transcription_id) if job else None
    return Progress(row.id, row.offset_bytes, row.length_bytes, row.expires_at, accepted)
