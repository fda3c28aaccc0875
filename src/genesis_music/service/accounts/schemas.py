"""What the account routes take and give."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
    StrictBool,
    StringConstraints,
)

from genesis_music.service.accounts.api_keys import NewApiKey
from genesis_music.service.accounts.service import Credentials
from genesis_music.service.accounts.sessions import SignedIn
from genesis_music.service.accounts.tables import Difficulty, Notation, Role, Theme, User, UserSession
from genesis_music.service.platform.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD

LONGEST_SECRET = 200
_EMAIL = "ada@example.com"
_PASSWORD = "seven ferns under glass"
_ID = "8c3f6b4e-0a53-4bd1-9d5c-3f0f6f6a2a51"
_TIME = "2026-11-22T16:00:00Z"

PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text without control characters: what every database and log can hold."""


def _lower(email: str) -> str:
    return email.lower()


Email = Annotated[
    EmailStr, StringConstraints(max_length=254), AfterValidator(_lower), Field(examples=[_EMAIL])
]
Password = Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_PASSWORD, examples=[_PASSWORD])]
NewPassword = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=LONGEST_PASSWORD,
        description=f"At least {SHORTEST_PASSWORD} characters, not leaked before and not easy to guess.",
        examples=[_PASSWORD],
    ),
]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_SECRET)]


class Body(BaseModel):
    """Base of what is sent to us: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """Base of what we send."""

    model_config = ConfigDict(from_attributes=True)


class RefreshIn(StrEnum):
    """Where the refresh token goes: into the answer (programs) or into a cookie that scripts cannot read (pages)."""

    BODY = "body"
    COOKIE = "cookie"


class SignInRequest(Body):
    """E-mail and password. Pages ask for the refresh token in a cookie, programs in the body."""

    email: Email
    password: Password
    refresh_in: RefreshIn = RefreshIn.BODY

    @property
    def credentials(self) -> Credentials:
        """The address and the password."""
        return Credentials(self.email, self.password.get_secret_value())


class SignUpRequest(SignInRequest):
    """As for signing in, with a new password."""

    password: NewPassword


class RefreshRequest(Body):
    """The refresh token of the last answer; without one the cookie counts."""

    refresh_token: Secret = Field(examples=["gm_refresh_…"])


class ForgotPasswordRequest(Body):
    """Whose password was forgotten."""

    email: Email


class ResetPasswordRequest(Body):
    """The token from the link in the e-mail, and the new password."""

    token: Secret = Field(examples=["gm_once_…"])
    new_password: NewPassword


class ChangePasswordRequest(Body):
    """The present and the new password."""

    current_password: Password
    new_password: NewPassword


class DeleteAccountRequest(Body):
    """The password, so that nobody deletes an account at a screen that was left open."""

    password: Password


class AuthOptions(Answer):
    """What there is to sign in with: a page shows its forms accordingly."""

    sign_in_required: bool = Field(description="False: one local user works without signing in.")
    sign_up_open: bool
    password_reset: bool = Field(description="Whether a forgotten password can be reset by e-mail.")


class Account(Answer):
    """A user."""

    id: UUID = Field(examples=[_ID])
    email: str = Field(examples=[_EMAIL])
    role: Role
    created_at: datetime = Field(examples=[_TIME])


class Tokens(Answer):
    """Send ``access_token`` as ``Authorization: Bearer …``; exchange ``refresh_token`` for the next pair, once."""

    access_token: str = Field(examples=["eyJhbGciOiJIUzI1NiIs…"])
    token_type: Literal["Bearer"] = "Bearer"
    expires_at: datetime = Field(description="When the access token ends.", examples=[_TIME])
    refresh_token: str | None = Field(
        description="Null when it went into the cookie.", examples=["gm_refresh_…"]
    )
    refresh_expires_at: datetime = Field(examples=[_TIME])
    session_id: UUID = Field(examples=[_ID])
    account: Account

    @classmethod
    def of(cls, signed_in: SignedIn, refresh_in: RefreshIn) -> Tokens:
        """Show what signing in gave."""
        return cls(
            access_token=signed_in.access.token,
            expires_at=datetime.fromtimestamp(signed_in.access.expires_at, UTC),
            refresh_token=signed_in.refresh_token if refresh_in is RefreshIn.BODY else None,
            refresh_expires_at=signed_in.refresh_expires_at,
            session_id=signed_in.session_id,
            account=Account.model_validate(signed_in.user),
        )


class Preferences(Answer):
    """What a user likes."""

    guitar_tuning: str = Field(examples=["standard"])
    notation_preference: Notation
    difficulty_level: Difficulty
    theme: Theme
    email_notifications: bool


def _unset() -> Any:
    """Stands for "leave it as it is"; unlike a default it does not show in the OpenAPI document."""
    return None


class PreferencesChange(Body):
    """The preferences to change; what is left out stays."""

    guitar_tuning: PlainText = Field(
        default_factory=_unset,
        min_length=1,
        max_length=100,
        description="A tuning's name, or 4 to 8 strings from low to high.",
        examples=["drop-d", "D A D G A D"],
    )
    notation_preference: Notation = Field(default_factory=_unset)
    difficulty_level: Difficulty = Field(default_factory=_unset)
    theme: Theme = Field(default_factory=_unset)
    email_notifications: StrictBool = Field(default_factory=_unset)


class SessionInfo(Answer):
    """A sign-in on one device."""

    id: UUID = Field(examples=[_ID])
    created_at: datetime = Field(examples=[_TIME])
    last_used_at: datetime = Field(examples=[_TIME])
    expires_at: datetime = Field(examples=[_TIME])
    user_agent: str = Field(examples=["Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"])
    address: str = Field(examples=["203.0.113.7"])
    current: bool = Field(description="Whether this request came with it.")

    @classmethod
    def of(cls, row: UserSession, current_id: UUID | None) -> SessionInfo:
        """Show a session."""
        return cls(
            id=row.id,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
            address=row.address,
            current=row.id == current_id,
        )


class SessionList(Answer):
    """A user's sessions, the last used first."""

    items: list[SessionInfo]


class ApiKeyRequest(Body):
    """A name to recognise the key by, and when it should end by itself."""

    name: PlainText = Field(min_length=1, max_length=100, examples=["practice diary"])
    expires_at: AwareDatetime | None = Field(default=None, examples=["2027-11-22T16:00:00Z"])


class ApiKeyInfo(Answer):
    """A key without its secret."""

    id: UUID = Field(examples=[_ID])
    name: str = Field(examples=["practice diary"])
    start: str = Field(description="Its first characters.", examples=["gm_live_3fT9aBcD"])
    created_at: datetime = Field(examples=[_TIME])
    last_used_at: datetime | None = Field(examples=[_TIME])
    expires_at: datetime | None = Field(examples=["2027-11-22T16:00:00Z"])


class ApiKeyCreated(ApiKeyInfo):
    """A new key; ``key`` is shown this once."""

    key: str = Field(examples=["gm_live_…"])

    @classmethod
    def of(cls, new: NewApiKey) -> ApiKeyCreated:
        """Show a new key."""
        return cls(**ApiKeyInfo.model_validate(new.row).model_dump(), key=new.secret)


class ApiKeyList(Answer):
    """A user's keys, the newest first."""

    items: list[ApiKeyInfo]


class AdminAccount(Account):
    """A user, as administrators see it."""

    disabled_at: datetime | None

    @classmethod
    def of(cls, user: User) -> AdminAccount:
        """Show an account."""
        return cls.model_validate(user)


class AccountPage(Answer):
    """Accounts in the order of their addresses; ask for the next page with ``cursor``."""

    items: list[AdminAccount]
    next_cursor: str | None = Field(examples=[_EMAIL])


class AccountChange(Body):
    """What to change about an account; null or left out stays."""

    role: Role | None = None
    disabled: StrictBool | None = Field(default=None, description="A disabled account is signed out at once.")


class AuditEntry(Answer):
    """Something that was done; ``actor_id`` null: nobody known."""

    id: int
    at: datetime = Field(examples=[_TIME])
    actor_id: UUID | None = Field(examples=[_ID])
    action: str = Field(examples=["account.sign-in"])
    subject: str = Field(examples=[_ID])
    address: str = Field(examples=["203.0.113.7"])
    request_id: str
    details: dict[str, Any]


class AuditPage(Answer):
    """Audit entries, the newest first; ask for the next page with ``cursor``."""

    items: list[AuditEntry]
    next_cursor: int | None = Field(examples=[4711])
