"""Tokens: short-lived signed access tokens, and opaque secrets (refresh tokens, API keys, share links).

An access token is a JWT (RFC 7519, RFC 9068's type ``at+jwt``) signed with HMAC-SHA-256, since only the service
itself verifies it. The first key signs, all keys verify, so a key is rotated by putting a new one in front.
An opaque secret is shown once; only its SHA-256 is kept, which is enough for 256 random bits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from genesis_music.errors import SettingsError
from genesis_music.service.errors import NotSignedInError

_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_LEEWAY_SECONDS = 5
"""Clocks of the service's own machines differ by less."""

_LONGEST_TOKEN = 2048
"""Characters; anything longer is not ours and not worth parsing."""

_LEAST_KEY_BYTES = 32
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_CHARACTERS, _CHECKSUM_CHARACTERS = 43, 6
"""43 characters of base 62 hold 256 bits, 6 hold a CRC-32."""


class TokenError(NotSignedInError):
    """A token that is not valid: forged, malformed, of another service, or of a key that was retired."""

    code, title = "invalid-token", "The access token is not valid"


class ExpiredTokenError(TokenError):
    """A token that was valid and is too old: refresh it."""

    code, title = "expired-token", "The access token has expired"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key for access tokens; ``key_id`` is public."""

    key_id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as given to the client; ``expires_at`` in seconds since 1970."""

    token: str = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified access token says; times in seconds since 1970."""

    user_id: str
    session_id: str
    role: str
    token_id: str
    issued_at: int
    expires_at: int


def signing_keys(secret_texts: Sequence[str]) -> tuple[SigningKey, ...]:
    """Keys from the secrets of the configuration, newest first; key ids follow from the secrets.

    Raises:
        SettingsError: no secret, or one that is too short.
    """
    if not secret_texts:
        raise SettingsError("No secret for access tokens is set: make one with `openssl rand -base64 48`.")
    if any(len(text.encode()) < _LEAST_KEY_BYTES for text in secret_texts):
        raise SettingsError(
            f"A secret for access tokens is shorter than {_LEAST_KEY_BYTES} bytes: "
            "make one with `openssl rand -base64 48`."
        )
    return tuple(
        SigningKey(hmac.digest(text.encode(), b"key id", "sha256").hex()[:16], text.encode())
        for text in secret_texts
    )


class AccessTokens:
    """Issues and verifies access tokens of one service.

    ``issuer`` and ``audience`` name the service, ``life_seconds`` is how long a token is good for; ``clock``
    gives seconds since 1970.
    """

    def __init__(
        self,
        keys: Sequence[SigningKey],
        *,
        issuer: str,
        audience: str,
        life_seconds: int = 15 * 60,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from joserfc.jwk import OctKey

        self._keys = {key.key_id: OctKey.import_key(key.secret) for key in keys}
        self._signing_id = keys[0].key_id
        self._issuer = issuer
        self._audience = audience
        self._life_seconds = life_seconds
        self._clock = clock

    def issue(self, *, user_id: str, session_id: str, role: str) -> AccessToken:
        """A signed token for a session of a user."""
        from joserfc import jwt

        now = int(self._clock())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user_id,
            "sid": session_id,
            "role": role,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + self._life_seconds,
        }
        header = {"alg": _ALGORITHM, "kid": self._signing_id, "typ": _TYPE}
        token = jwt.encode(header, claims, self._keys[self._signing_id], algorithms=[_ALGORITHM])
        return AccessToken(token, claims["exp"])

    def verify(self, token: str) -> Claims:
        """The claims of a token that this service issued and that is still good.

        Raises:
            ExpiredTokenError: it was ours and is too old.
            TokenError: anything else is wrong with it.
        """
        from joserfc import jwt
        from joserfc.errors import ExpiredTokenError as Expired
        from joserfc.errors import JoseError

        if len(token) > _LONGEST_TOKEN or not token.isascii():
            raise _invalid()
        try:
            decoded = jwt.decode(token, self._key_of, algorithms=[_ALGORITHM])
            self._registry().validate(decoded.claims)
        except Expired as error:
            raise ExpiredTokenError("The access token has expired: refresh it.") from error
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _invalid() from error
        return self._claims(decoded.claims)

    def _key_of(self, signed: Any) -> Any:
        header = signed.headers()
        if header.keys() != {"alg", "kid", "typ"} or header["typ"] != _TYPE:
            raise _invalid()
        key = self._keys.get(header["kid"]) if isinstance(header["kid"], str) else None
        if key is None:
            raise _invalid()
        return key

    def _registry(self) -> Any:
        from joserfc.jwt import JWTClaimsRegistry

        return JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            iat={"essential": True},
        )

    def _claims(self, claims: dict[str, Any]) -> Claims:
        """What the library leaves open: one audience only, and the types of our own claims."""
        texts = [claims.get(name) for name in ("sub", "sid", "role", "jti")]
        times = [claims["iat"], claims["exp"]]
        if claims["aud"] != self._audience or any(type(time) is not int for time in times):
            raise _invalid()
        if not all(isinstance(text, str) and text for text in texts):
            raise _invalid()
        user_id, session_id, role, token_id = map(str, texts)
        return Claims(user_id, session_id, role, token_id, *times)


def _invalid() -> TokenError:
    return TokenError("The access token is not valid: sign in again.")


class SecretKind(StrEnum):
    """Prefix of an opaque secret: tells people and secret scanners what was found."""

    API_KEY = "gm_live"
    REFRESH = "gm_refresh"
    SHARE = "gm_share"
    ONE_TIME = "gm_once"


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that is shown once, and what is stored of it: the SHA-256 in hexadecimal (64 characters)."""

    token: str = field(repr=False)
    sha256: str


SECRET_PATTERN = re.compile(
    rf"gm_(?:live|refresh|share|once)_[0-9A-Za-z]{{{_SECRET_CHARACTERS + _CHECKSUM_CHARACTERS}}}"
)
"""Finds opaque secrets in any text."""


def new_secret(kind: SecretKind) -> NewSecret:
    """A random secret of 256 bits such as ``gm_live_4f…``, with a checksum at its end."""
    body = _base62(secrets.randbits(256), _SECRET_CHARACTERS)
    token = f"{kind}_{body}{_checksum(kind, body)}"
    return NewSecret(token, hash_secret(token))


def hash_secret(token: str) -> str:
    """SHA-256 of an opaque secret in hexadecimal, as it is stored and looked up."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_well_formed(token: str, kind: SecretKind) -> bool:
    """Whether a text can be a secret of that kind (prefix, length, checksum), without asking the database."""
    prefix = f"{kind}_"
    if not token.startswith(prefix) or SECRET_PATTERN.fullmatch(token) is None:
        return False
    body, checksum = token[len(prefix) : -_CHECKSUM_CHARACTERS], token[-_CHECKSUM_CHARACTERS:]
    return same_secret(checksum, _checksum(kind, body))


def same_secret(one: str, other: str) -> bool:
    """Whether two secrets or hashes are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def _checksum(kind: SecretKind, body: str) -> str:
    return _base62(zlib.crc32(f"{kind}_{body}".encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, characters: int) -> str:
    digits = []
    for _ in range(characters):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
