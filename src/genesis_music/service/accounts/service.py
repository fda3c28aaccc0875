"""Accounts as a whole: signing up and in, their data, their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from genesis_music.errors import SettingsError
from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.observers import AccountObserver
from genesis_music.service.accounts.passwords import confirm_password
from genesis_music.service.accounts.repository import UserRepository
from genesis_music.service.accounts.sessions import SignedIn, start_session
from genesis_music.service.accounts.tables import Role, User, UserPreferences
from genesis_music.service.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSignedInError,
)
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.passwords import check_password, hash_password, verify_password
from genesis_music.tablature.tunings import parse_tuning


class EmailTakenError(ConflictError):
    """Somebody has signed up with this address."""

    code, title = "email-taken", "There is an account with this e-mail address"


class WrongCredentialsError(NotSignedInError):
    """No such address, or not its password: which of the two is nobody's business."""

    code, title = "wrong-credentials", "E-mail or password is wrong"


class AccountDisabledError(ForbiddenError):
    """An administrator has disabled the account."""

    code, title = "account-disabled", "The account is disabled"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs a user in; ``email`` in lower case."""

    email: str
    password: str = field(repr=False)


def sign_up(platform: Platform, credentials: Credentials, info: RequestInfo) -> SignedIn:
    """Create an account and sign in.

    That an address is taken cannot be hidden here without sending e-mail, which not every installation does; the
    rate limit of the route keeps anybody from asking often.

    Raises:
        ForbiddenError: accounts are made by the operator only.
        WeakPasswordError: the password is not safe enough.
        EmailTakenError: there is an account with this address.
    """
    settings = platform.settings
    if not settings.sign_up_open:
        raise ForbiddenError("Signing up is closed here: ask the operator for an account.")
    check_password(credentials.password, credentials.email)
    is_admin = credentials.email in {email.lower() for email in settings.admin_emails}
    user = User(
        id=uuid4(),
        email=credentials.email,
        password_hash=hash_password(credentials.password),
        role=Role.ADMIN if is_admin else Role.USER,
    )
    with platform.database.writing(user.id) as session:
        _insert(session, user)
        audit(session, user.id, Action.SIGN_UP, user.id, info, role=user.role)
        return start_session(session, settings, user, info)


def sign_in(platform: Platform, credentials: Credentials, info: RequestInfo) -> SignedIn:
    """Check the password and start a session; an unknown address takes as long as a wrong password.

    Raises:
        WrongCredentialsError: address or password is wrong.
        AccountDisabledError: both are right, but the account may not be used.
    """
    with Session(platform.database.primary) as session:
        known = UserRepository(session).find_by_email(credentials.email)
    verification = verify_password(credentials.password, known.password_hash if known else None)
    with platform.database.writing(known.id if known else None) as session:
        user = UserRepository(session).lock(known.id) if known and verification.ok else None
        if user is not None and known is not None and user.password_hash == known.password_hash:
            user.password_hash = verification.new_hash or user.password_hash
            if user.disabled_at is None:
                audit(session, user.id, Action.SIGN_IN, user.id, info)
                return start_session(session, platform.settings, user, info)
        audit(session, None, Action.SIGN_IN_FAILED, known.id if known else "", info)
    if user is not None and user.disabled_at is not None:
        raise AccountDisabledError("This account is disabled: ask support.")
    raise WrongCredentialsError("E-mail or password is wrong.")


def find_user(platform: Platform, user_id: UUID) -> User:
    """Return an account.

    Raises:
        NotFoundError: there is none.
    """
    with platform.database.reading(user_id) as session:
        user = session.get(User, user_id)
    if user is None:
        raise NotFoundError("There is no such account.")
    return user


def find_preferences(platform: Platform, user_id: UUID) -> UserPreferences:
    """Return what a user likes."""
    with platform.database.reading(user_id) as session:
        return _preferences(session, user_id)


def change_preferences(platform: Platform, user_id: UUID, changes: dict[str, Any]) -> UserPreferences:
    """Change some preferences; a tuning is kept under its usual name.

    Raises:
        InvalidRequestError: there is no such tuning.
    """
    if "guitar_tuning" in changes:
        changes = changes | {"guitar_tuning": _tuning_name(changes["guitar_tuning"])}
    with platform.database.writing(user_id) as session:
        preferences = _preferences(session, user_id)
        for name, value in changes.items():
            setattr(preferences, name, value)
        return preferences


def delete_account(
    platform: Platform,
    identity: Identity,
    password: str,
    observers: Sequence[AccountObserver],
    info: RequestInfo,
) -> None:
    """Delete a user's account with everything that belongs to it.

    Raises:
        WrongPasswordError: it is not the user's password.
    """
    confirm_password(platform, identity, password, info)
    erase_account(platform, identity, identity.user_id, observers, info)


def erase_account(
    platform: Platform,
    actor: Identity,
    user_id: UUID,
    observers: Sequence[AccountObserver],
    info: RequestInfo,
) -> None:
    """Delete an account with everything that belongs to it, on whoever's behalf.

    Raises:
        NotFoundError: there is no such account.
        LastAdminError: nobody could administrate the service any more.
    """
    with platform.database.writing(user_id) as session:
        lock_replaceable(session, user_id)
        for observer in observers:
            observer.account_deleted(session, user_id)
        session.flush()
        session.execute(delete(User).where(User.id == user_id))
        audit(session, actor, Action.ACCOUNT_DELETED, user_id, info)


class LastAdminError(ConflictError):
    """The only administrator must stay one."""

    code, title = "last-admin", "The only administrator"


def lock_replaceable(session: Session, user_id: UUID) -> User:
    """Return an account that the service can do without, held until the transaction ends.

    Raises:
        NotFoundError: there is no such account.
        LastAdminError: it is the only administrator who can sign in.
    """
    user, other_admins = UserRepository(session).lock_beside_admins(user_id)
    if user is None:
        raise NotFoundError("There is no such account.")
    if user.role is Role.ADMIN and user.disabled_at is None and other_admins == 0:
        raise LastAdminError("This is the only administrator: make another one first.")
    return user


def _insert(session: Session, user: User) -> None:
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise EmailTakenError("There is an account with this address: sign in instead.") from error
    session.add(UserPreferences(user_id=user.id))


def _preferences(session: Session, user_id: UUID) -> UserPreferences:
    preferences = session.get(UserPreferences, user_id)
    if preferences is None:
        raise NotFoundError("There is no such account.")
    return preferences


def _tuning_name(text: str) -> str:
    try:
        return parse_tuning(text).name
    except SettingsError as error:
        raise InvalidRequestError(str(error)) from error
