"""Links that show one transcription to anybody who has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.errors import ConflictError, GoneError, InvalidRequestError, NotFoundError
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import utc_now
from genesis_music.service.platform.tokens import SecretKind, hash_secret, is_well_formed, new_secret
from genesis_music.service.transcriptions.repository import ShareRepository, TranscriptionRepository
from genesis_music.service.transcriptions.schemas import NewShare, ShareView
from genesis_music.service.transcriptions.tables import Transcription

MOST_SHARES = 50
"""Links of one transcription, revoked ones included."""


class ShareService:
    """Makes, lists and revokes links; finds what a link shows."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def create(
        self, user_id: UUID, transcription_id: UUID, expires_at: datetime | None, info: RequestInfo
    ) -> NewShare:
        """Make a link; its token is told here and never again.

        Raises:
            NotFoundError: no such transcription.
            InvalidRequestError: it would have expired already.
            ConflictError: there are too many.
        """
        if expires_at is not None and expires_at <= utc_now():
            raise InvalidRequestError("expires_at: choose a time in the future.")
        secret = new_secret(SecretKind.SHARE)
        with self._platform.database.writing(user_id) as session:
            row = TranscriptionRepository(session).of_user(transcription_id, user_id, locked=True)
            shares = ShareRepository(session)
            if len(shares.find_all(transcription_id=row.id)) >= MOST_SHARES:
                raise ConflictError(f"There are {MOST_SHARES} links already: use one of them.")
            share = shares.create(transcription_id=row.id, token_hash=secret.sha256, expires_at=expires_at)
            audit(session, user_id, Action.SHARE_CREATED, share.id, info, transcription_id=str(row.id))
            view = ShareView.model_validate(share)
        url = f"{self._platform.settings.public_url.rstrip('/')}/shared/{secret.token}"
        return NewShare(**view.model_dump(), token=secret.token, url=url)

    def list(self, user_id: UUID, transcription_id: UUID) -> Sequence[ShareView]:
        """All links of a transcription, oldest first; raises NotFoundError."""
        with self._platform.database.reading(user_id) as session:
            row = TranscriptionRepository(session).of_user(transcription_id, user_id)
            shares = ShareRepository(session).find_all(transcription_id=row.id)
            return [ShareView.model_validate(one) for one in sorted(shares, key=lambda one: one.created_at)]

    def revoke(self, user_id: UUID, transcription_id: UUID, share_id: UUID, info: RequestInfo) -> None:
        """Make a link useless from now on; doing so again changes nothing. Raises NotFoundError."""
        with self._platform.database.writing(user_id) as session:
            row = TranscriptionRepository(session).of_user(transcription_id, user_id)
            shares = ShareRepository(session)
            share = shares.find_by_id(share_id)
            if share is None or share.transcription_id != row.id:
                raise NotFoundError("There is no such link.")
            if share.revoked_at is None:
                shares.update(share, revoked_at=utc_now())
                audit(session, user_id, Action.SHARE_REVOKED, share.id, info)

    def open(self, token: str) -> Transcription:
        """What a link shows, read from the primary: a revoked link must not work anywhere.

        Raises:
            NotFoundError: there is no such link.
            GoneError: it was revoked or has expired.
        """
        if not is_well_formed(token, SecretKind.SHARE):
            raise NotFoundError("There is no such link: copy it again.")
        with Session(self._platform.database.primary) as session:
            share = ShareRepository(session).by_token_hash(hash_secret(token))
            row = TranscriptionRepository(session).find_by_id(share.transcription_id) if share else None
        if share is None or row is None:
            raise NotFoundError("There is no such link: copy it again.")
        if share.revoked_at is not None or (share.expires_at is not None and share.expires_at <= utc_now()):
            raise GoneError("This link does not work any more: ask its owner for a new one.")
        return row
