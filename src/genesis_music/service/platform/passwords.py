"""Passwords: Argon2id hashes, and a check at sign-up that needs no network.

Parameters follow the OWASP Password Storage Cheat Sheet (Argon2id, 19 MiB, 2 passes, 1 lane); the rules follow
NIST SP 800-63B-4: length and guessability count, not which kinds of characters are in it, and what was leaked
before is refused. Deviation: the list of leaked passwords is the 30,000 most common ones that the library
zxcvbn carries (MIT licence, from public leaks), since asking a service would need the network; zxcvbn's score
covers their variants (other case, l33t, reversed, with a year behind).
"""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from genesis_music.service.errors import InvalidRequestError

if TYPE_CHECKING:
    from pwdlib.hashers.argon2 import Argon2Hasher

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 128
"""Characters, counted after Unicode normalisation."""

LOWEST_SCORE = 3
"""Of zxcvbn's 0..4; 3 means more than 10^8 guesses: safe against guessing a stolen slow hash for a while."""

_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
_SALT_BYTES, _DIGEST_BYTES = 16, 32
_SCORED_CHARACTERS = 72
"""zxcvbn's cost grows with the square of the length; what is long enough up to here is good enough."""

_TELLING_PART_CHARACTERS = 4
"""Shorter parts of a name or address are in too many good passwords by chance."""


class Weakness(StrEnum):
    """Why a password is refused; stable words for programs."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    UNREADABLE = "unreadable"
    PERSONAL = "personal"
    LEAKED = "leaked"
    GUESSABLE = "guessable"


class WeakPasswordError(InvalidRequestError):
    """A password that must not be used; ``weakness`` says why, the message what to do."""

    code, title = "weak-password", "The password is not safe enough"

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(_ADVICE[weakness], extra={"weakness": weakness})
        self.weakness = weakness


_ADVICE = {
    Weakness.TOO_SHORT: f"The password is too short: use at least {SHORTEST_PASSWORD} characters.",
    Weakness.TOO_LONG: f"The password is too long: use at most {LONGEST_PASSWORD} characters.",
    Weakness.UNREADABLE: "The password holds characters that are no text: type it again.",
    Weakness.PERSONAL: "The password contains your name or e-mail address: choose one that does not.",
    Weakness.LEAKED: "The password is among those that were leaked most often: choose another one.",
    Weakness.GUESSABLE: "The password is easy to guess: use several words that do not belong together.",
}


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a password was right; ``new_hash`` replaces a stored hash that used older parameters."""

    ok: bool
    new_hash: str | None = None


def hash_password(password: str) -> str:
    """Argon2id hash of a password in PHC string format, with a fresh salt.

    Raises:
        WeakPasswordError: longer than anybody types, or not text.
    """
    return _hasher().hash(_normalised(password))


def verify_password(password: str, stored_hash: str | None) -> Verification:
    """Compare a password with a stored hash; with ``None`` (no such user) as slowly as with one, and in vain."""
    try:
        normalised = _normalised(password)
    except WeakPasswordError:
        normalised, stored_hash = "", None
    hasher = _hasher()
    right = hasher.verify(normalised, stored_hash or _DUMMY_HASH) and stored_hash is not None
    if not right or stored_hash is None or not hasher.check_needs_rehash(stored_hash):
        return Verification(ok=right)
    return Verification(ok=True, new_hash=hasher.hash(normalised))


def check_password(password: str, email: str, *names: str) -> None:
    """Refuse a new password that is too short, too long, personal, leaked or easy to guess.

    Raises:
        WeakPasswordError: with the weakness, the first that applies in the order of :class:`Weakness`.
    """
    normalised = _normalised(password)
    if len(normalised) < SHORTEST_PASSWORD:
        raise WeakPasswordError(Weakness.TOO_SHORT)
    personal = tuple(_telling_parts(email, *names))
    folded = normalised.casefold()
    if any(part in folded for part in personal):
        raise WeakPasswordError(Weakness.PERSONAL)
    if _is_leaked(folded):
        raise WeakPasswordError(Weakness.LEAKED)
    if _score(normalised, personal) < LOWEST_SCORE:
        raise WeakPasswordError(Weakness.GUESSABLE)


def _normalised(password: str) -> str:
    """The password as every keyboard writes it (NFKC), bounded."""
    if len(password) > LONGEST_PASSWORD:
        raise WeakPasswordError(Weakness.TOO_LONG)
    normalised = unicodedata.normalize("NFKC", password)
    if any(unicodedata.category(character) in {"Cs", "Cc"} for character in normalised):
        raise WeakPasswordError(Weakness.UNREADABLE)
    if len(normalised) > LONGEST_PASSWORD:
        raise WeakPasswordError(Weakness.TOO_LONG)
    return normalised


def _telling_parts(email: str, *names: str) -> set[str]:
    """Words of an address and names that would make a password personal, case-folded."""
    local, _, domain = email.rpartition("@")
    texts = [local, domain.partition(".")[0], *names]
    words = [word for text in texts for word in re.split(r"[\W_]+", text)]
    folded = (unicodedata.normalize("NFKC", text).casefold() for text in texts + words)
    return {text for text in folded if len(text) >= _TELLING_PART_CHARACTERS}


@cache
def _leaked_passwords() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_leaked(folded: str) -> bool:
    """Whether a password, also without a few digits and marks behind it, is among those leaked most."""
    stem = re.sub(r"[\W\d_]{1,4}$", "", folded)
    return folded in _leaked_passwords() or stem in _leaked_passwords()


_scoring = Lock()
"""zxcvbn keeps the personal words in a table of its module: one at a time."""


def _score(password: str, personal: tuple[str, ...]) -> int:
    from zxcvbn import zxcvbn
    from zxcvbn.matching import RANKED_DICTIONARIES

    with _scoring:
        try:
            return int(zxcvbn(password[:_SCORED_CHARACTERS], user_inputs=list(personal))["score"])
        finally:
            RANKED_DICTIONARIES.pop("user_inputs", None)


@cache
def _hasher() -> Argon2Hasher:
    from pwdlib.hashers.argon2 import Argon2Hasher

    return Argon2Hasher(
        time_cost=_PASSES,
        memory_cost=_MEMORY_KIB,
        parallelism=_LANES,
        hash_len=_DIGEST_BYTES,
        salt_len=_SALT_BYTES,
    )


def _dummy_hash() -> str:
    """A hash that no password is known for, of the same cost as real ones."""
    salt, digest = (
        base64.b64encode(bytes(count)).decode().rstrip("=") for count in (_SALT_BYTES, _DIGEST_BYTES)
    )
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${salt}${digest}"


_DUMMY_HASH = _dummy_hash()
