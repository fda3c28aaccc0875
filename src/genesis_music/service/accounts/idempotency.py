"""Requests that may be repeated (``Idempotency-Key``): the same key gives the same answer, the work is done once.

After draft-ietf-httpapi-idempotency-key-header. The answer is kept in the transaction that does the work, so there
is never one without the other. Deviation: only successes are kept; a request that failed has done nothing, and may
be tried again with its key. Keys belong to a user and are forgotten after a day.

A route uses it like this::

    def create(body: NewThing, idempotency: IdempotencyOf) -> Response | Thing:
        with idempotency.attempt(body.model_dump_json()) as attempt:
            if attempt.answer is not None:
                return attempt.answer
            with platform.database.writing(identity.user_id) as session:
                thing = ...
                attempt.keep(session, 202, thing)
        return thing
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from genesis_music.service.accounts.dependencies import CurrentUser
from genesis_music.service.accounts.tables import IdempotencyKey
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import ConflictError, InvalidRequestError
from genesis_music.service.platform.database import Database, database_now

LIFETIME = timedelta(hours=24)
ABANDONED_AFTER = timedelta(seconds=30)
"""A first request that is silent for this long has died with its server; should it live, it cannot finish any more.

Nothing is done twice however short this is; so it is as long as a user whose server died may have to wait.
"""
RETRY_SECONDS = 2


class KeyReusedError(InvalidRequestError):
    """The key came before, with another request."""

    code, title = "idempotency-key-reused", "The idempotency key was used for another request"


class InProgressError(ConflictError):
    """The first request with this key is still being answered."""

    code, title = "request-in-progress", "The first request is still being answered"

    def __init__(self) -> None:
        super().__init__(
            "The first request with this Idempotency-Key is still being answered: try again in a moment.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )


@dataclass(slots=True)
class Attempt:
    """A request about to be answered; ``answer`` is set when it has been answered before: return it as it is."""

    answer: Response | None
    _claim: _Claim | None = None
    kept: bool = False

    def keep(self, session: Session, status: int, body: BaseModel) -> None:
        """Keep the answer, in the transaction that does the work.

        Raises:
            InProgressError: this request took so long that a repetition of it was taken up; nothing is done twice.
        """
        self.kept = True
        if self._claim is not None:
            self._claim.finish(session, status, body.model_dump_json())


class Idempotency:
    """The ``Idempotency-Key`` of one request; without one every request is new."""

    def __init__(self, database: Database, user_id: UUID, key: str | None, route: str) -> None:
        self._database = database
        self._user_id = user_id
        self._key = key
        self._route = route

    @contextmanager
    def attempt(self, fingerprint: str | bytes) -> Iterator[Attempt]:
        """Begin to answer; ``fingerprint`` is what makes the request what it is (its body, or a hash of it).

        A block that ends without :meth:`Attempt.keep` leaves the key free for another try.

        Raises:
            KeyReusedError: the key belongs to another request.
            InProgressError: the first request is still being answered.
        """
        if self._key is None:
            yield Attempt(None)
            return
        with self._database.writing() as session:
            claim = _Claim(self._user_id, self._key, self._hash(fingerprint), database_now(session))
            attempt = Attempt(claim.take(session), claim)
        if attempt.answer is not None:
            yield attempt
            return
        committed = False
        try:
            yield attempt
            committed = attempt.kept
        finally:
            if not committed:
                with self._database.writing() as session:
                    claim.release(session)

    def _hash(self, fingerprint: str | bytes) -> str:
        content = fingerprint.encode() if isinstance(fingerprint, str) else fingerprint
        return sha256(self._route.encode() + b"\0" + content).hexdigest()


@dataclass(frozen=True, slots=True)
class _Claim:
    """The right to answer the request of a key; ``taken_at`` tells it from later claims of the same key."""

    user_id: UUID
    key: str
    request_hash: str
    taken_at: datetime

    def take(self, session: Session) -> Response | None:
        """Take the key, or return the answer that was given before."""
        if self._insert(session):
            return None
        row = session.get(IdempotencyKey, (self.user_id, self.key), with_for_update=True)
        if row is None:
            raise InProgressError
        if self._is_free(row):
            row.request_hash, row.created_at, row.status, row.body = (
                self.request_hash,
                self.taken_at,
                None,
                None,
            )
            return None
        if row.request_hash != self.request_hash:
            raise KeyReusedError("Use a new Idempotency-Key for a new request.")
        if row.status is None:
            raise InProgressError
        return Response(
            row.body, row.status, headers={"Idempotency-Replayed": "true"}, media_type="application/json"
        )

    def finish(self, session: Session, status: int, body: str) -> None:
        statement = update(IdempotencyKey).where(*self._mine()).values(status=status, body=body)
        if session.execute(statement.returning(IdempotencyKey.key)).one_or_none() is None:
            raise InProgressError

    def release(self, session: Session) -> None:
        session.execute(delete(IdempotencyKey).where(*self._mine()))

    def _insert(self, session: Session) -> bool:
        row = IdempotencyKey(
            user_id=self.user_id, key=self.key, request_hash=self.request_hash, created_at=self.taken_at
        )
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            return False
        return True

    def _is_free(self, row: IdempotencyKey) -> bool:
        lifetime = ABANDONED_AFTER if row.status is None else LIFETIME
        return row.created_at < self.taken_at - lifetime

    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return (
            IdempotencyKey.user_id == self.user_id,
            IdempotencyKey.key == self.key,
            IdempotencyKey.created_at == self.taken_at,
            IdempotencyKey.status.is_(None),
        )


def _idempotency(
    request: Request,
    platform: PlatformOf,
    identity: CurrentUser,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="Makes the request safe to repeat: the same key and request give the same answer for a day.",
            examples=["5b0c5f0e-6c1c-4b0e-9a55-9c3f6a0f9c11"],
        ),
    ] = None,
) -> Idempotency:
    return Idempotency(platform.database, identity.user_id, key, f"{request.method} {request.url.path}")


IdempotencyOf = Annotated[Idempotency, Depends(_idempotency)]
"""The request's ``Idempotency-Key`` at work."""
