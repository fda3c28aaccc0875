"""Checking the present password and setting a new one; forgotten passwords."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.repository import SessionRepository, UserRepository
from genesis_music.service.accounts.tables import User
from genesis_music.service.errors import (
    ForbiddenError,
    InvalidRequestError,
    NotSignedInError,
    UnavailableError,
)
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.passwords import check_password, hash_password, verify_password
from genesis_music.service.platform.tokens import SecretKind, hash_secret, is_well_formed, new_secret

log = logging.getLogger(__name__)

RESET_LIFETIME = timedelta(hours=1)
_RESET_KEY = "genesis:password-reset:"


class WrongPasswordError(ForbiddenError):
    """The present password, asked for again, is wrong."""

    code, title = "wrong-password", "The password is wrong"


class InvalidResetError(InvalidRequestError):
    """A link for a new password that is not (or no longer) valid."""

    code, title = "invalid-reset-token", "The link is not valid any more"


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """What a forgotten password's owner gets by e-mail."""

    email: str
    token: str


def confirm_password(platform: Platform, identity: Identity, password: str, info: RequestInfo) -> User:
    """Make sure that it is the user who asks, not somebody at a screen that was left open.

    Raises:
        WrongPasswordError: it is not the user's password.
    """
    with Session(platform.database.primary) as session:
        user = session.get(User, identity.user_id)
    if user is None:
        raise NotSignedInError
    if not verify_password(password, user.password_hash).ok:
        with platform.database.writing() as session:
            audit(session, identity, Action.PASSWORD_WRONG, identity.user_id, info)
        raise WrongPasswordError("The present password is wrong.")
    return user


def change_password(platform: Platform, identity: Identity, present: str, new: str, info: RequestInfo) -> str:
    """Set a new password and end the user's other sessions; API keys stay. Return the user's e-mail address.

    Raises:
        WrongPasswordError: ``present`` is wrong, or the password was changed a moment ago.
        WeakPasswordError: ``new`` is not safe enough.
    """
    user = confirm_password(platform, identity, present, info)
    check_password(new, user.email)
    new_hash = hash_password(new)
    with platform.database.writing(user.id) as session:
        if not _replace_hash(session, user, new_hash):
            raise WrongPasswordError("The password was changed a moment ago: sign in again.")
        SessionRepository(session).end_all(user.id, keep=identity.session_id)
        audit(session, identity, Action.PASSWORD_CHANGED, user.id, info)
    return user.email


def begin_reset(platform: Platform, email: str, info: RequestInfo) -> PasswordReset | None:
    """Make a token that sets a new password once within an hour; ``None`` when nobody has this address.

    Raises:
        RedisError: tokens cannot be kept now.
    """
    with platform.database.writing() as session:
        user = UserRepository(session).find_by_email(email)
        if user is None or user.disabled_at is not None:
            return None
        audit(session, None, Action.PASSWORD_RESET_ASKED, user.id, info)
    secret = new_secret(SecretKind.ONE_TIME)
    value = f"{user.id}:{_fingerprint(user)}"
    platform.redis.set(_RESET_KEY + secret.sha256, value, ex=RESET_LIFETIME)
    return PasswordReset(user.email, secret.token)


def finish_reset(platform: Platform, token: str, new: str, info: RequestInfo) -> str:
    """Set a new password with a token of :func:`begin_reset` and end all sessions. Return the e-mail address.

    Any change of the password makes all tokens from before it worthless.

    Raises:
        InvalidResetError: forged, used, too old, or the password was changed since.
        WeakPasswordError: ``new`` is not safe enough; the token stays good.
    """
    user = _user_of_reset(platform, token)
    check_password(new, user.email)
    new_hash = hash_password(new)
    with platform.database.writing(user.id) as session:
        if not _replace_hash(session, user, new_hash):
            raise _invalid_reset()
        SessionRepository(session).end_all(user.id)
        audit(session, user.id, Action.PASSWORD_RESET, user.id, info)
    return user.email


def _user_of_reset(platform: Platform, token: str) -> User:
    if not is_well_formed(token, SecretKind.ONE_TIME):
        raise _invalid_reset()
    try:
        found = platform.redis.get(_RESET_KEY + hash_secret(token))
    except RedisError as error:
        raise UnavailableError(
            "Links for new passwords cannot be checked now: try again in a moment."
        ) from error
    if not isinstance(found, bytes):
        raise _invalid_reset()
    user_id, _, fingerprint = found.decode().partition(":")
    with Session(platform.database.primary) as session:
        user = session.get(User, UUID(user_id))
    if user is None or user.disabled_at is not None or _fingerprint(user) != fingerprint:
        raise _invalid_reset()
    return user


def _invalid_reset() -> InvalidResetError:
    return InvalidResetError("This link was used or is too old: ask for a new one.")


def _fingerprint(user: User) -> str:
    return sha256(user.password_hash.encode()).hexdigest()


def _replace_hash(session: Session, user: User, new_hash: str) -> bool:
    """Set the password unless it was changed since ``user`` was read."""
    row = UserRepository(session).lock(user.id)
    if row is None or row.password_hash != user.password_hash:
        return False
    row.password_hash = new_hash
    return True
