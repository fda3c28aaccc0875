"""Personal data and secrets out of everything that leaves the process as text: logs, error reports.

Masking happens on the finished text (after formatting, with exceptions and extra fields in it), so it does not
matter how something got there. What cannot be told for sure is masked rather than kept. Every pattern starts at
a fixed word or at the edge of one and is bounded, so that a hostile line costs time in proportion to its length.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

EMAIL_MASK, SECRET_MASK, FILE_NAME_MASK = "[e-mail]", "[secret]", "[file name]"

_DEEPEST = 12
"""Structures nested deeper are cut off: nobody reads them, and some contain themselves."""

_LONGEST_TEXT = 32 * 1024
_CUT = "… [cut]"

_SECRET_WORDS = (
    r"password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|signing[-_]?key|"
    r"authorization|cookie|credential|(?<!time[-_ ])(?<!key[-_ ])(?<!time)(?<!key)signature|session[-_]?id|csrf|xsrf|"
    r"(?<![a-z])(?:pwd|jwt|otp|dsn|sig|auth)(?![a-z])"
)
"""In names of fields, parameters and headers; but a time signature and a key signature are music."""

_SECRET_NAME = re.compile(_SECRET_WORDS, re.IGNORECASE)
_FILE_FIELD = re.compile(r"(?:^|[._-])(?:file_?name|original_?name|upload_?name)$", re.IGNORECASE)
_NAME_CHARACTER = r"[^\s/\\\"'=:]"
_FILE_NAME = re.compile(
    rf"(?<!{_NAME_CHARACTER}){_NAME_CHARACTER}+?\.(?:mp3|wav|m4a|mp4|ogg|opus|flac|webm|aiff?|aac|wma|mov)(?!\w)",
    re.IGNORECASE,
)

_HEADER_LINE = re.compile(
    r"(?P<name>authorization|cookie)(?P<sep>[\"']?\s{0,8}[:=]\s{0,8}|[\"']\s{0,8},\s{0,8})[^\r\n]+",
    re.IGNORECASE,
)
_SCHEME = re.compile(
    r"\b(?:bearer\s{1,8}[^\s\"',;]+|basic\s{1,8}(?=[A-Za-z]*+[0-9=+/])[\w+/=]{8,})", re.IGNORECASE
)
"""Basic only before what is no word: Basic Pitch is a program."""

_ASSIGNMENT = re.compile(
    rf"(?P<name>(?:{_SECRET_WORDS})[\w.-]{{0,64}}+)"
    r"(?P<sep>\\?[\"']?\s{0,8}[:=]\s{0,8}|[\"']\s{0,8},\s{0,8}(?=b?[\"']))"
    r"(?!\[secret\])(?:b?\"(?:[^\"\\]|\\.)*+\"?|b?'(?:[^'\\]|\\.)*+'?|[^\s&,;\"'}\])]+)",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"://[^/?#\s@]*+@(?:[^/?#\s@]*+@)*")
_DOTTED = re.compile(r"(?<![\w.-])[\w-]*+(?:\.[\w-]*+)++")
_JWT_START = "eyJ"
"""What an encoded JSON object begins with."""

_OPAQUE = re.compile(
    r"gm_[a-z]+_\w{8,}+|whsec_[\w+/=-]{8,}+|\$argon2\w*+\$\S++|AKIA[0-9A-Z]{16}|"
    r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----(?s:.*)"
)
_AT = r"(?:@|%40|＠|&#0{0,4}64;|\\u0040)"
_LOCAL = r"[^\s@＠<>()\[\]\\,;:\"]"
_EMAIL = re.compile(
    rf"(?:\"[^\"\r\n]{{1,64}}\"|(?<!{_LOCAL}){_LOCAL}+?){_AT}(?:\[[^\]\s]{{1,64}}\]|[^\s<>()\\,;:\"'&?#/\]]+)",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<!\d)(?<!\d\.)(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}(?!\d)(?!\.\d)")
_IPV6 = re.compile(r"(?<!\w)[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}(?!\w)(?:%\w{1,16})?")
_IPV6_KEPT_BITS = 48


@dataclass(frozen=True, slots=True)
class Masker:
    """What is masked besides addresses and secrets: ``file_names`` of recordings, if wished."""

    file_names: bool = False

    def text(self, text: str) -> str:
        """A text without e-mail addresses, tokens, passwords and whole IP addresses."""
        if len(text) > _LONGEST_TEXT:
            text = text[:_LONGEST_TEXT] + _CUT
        text = _OPAQUE.sub(SECRET_MASK, text)
        text = _DOTTED.sub(_without_jwt, text)
        text = _HEADER_LINE.sub(rf"\g<name>\g<sep>{SECRET_MASK}", text)
        text = _SCHEME.sub(_without_credentials, text)
        text = _ASSIGNMENT.sub(rf"\g<name>\g<sep>{SECRET_MASK}", text)
        text = _USER_INFO.sub(f"://{SECRET_MASK}@", text)
        text = _EMAIL.sub(EMAIL_MASK, text)
        text = _IPV4.sub(r"\1.0", text)
        text = _IPV6.sub(_shortened_ipv6, text)
        return _FILE_NAME.sub(FILE_NAME_MASK, text) if self.file_names else text

    def value(self, value: Any, depth: int = 0) -> Any:
        """Anything as plain data (mappings, lists, texts, numbers), with every text and name in it masked."""
        if value is None or isinstance(value, bool | int | float | datetime):
            return value
        if isinstance(value, str | bytes | bytearray) or not isinstance(value, Mapping | Sequence | Set):
            return self.text(_text(value))
        if depth >= _DEEPEST:
            return _CUT
        if isinstance(value, Mapping):
            return {self.text(_text(name)): self.field(name, item, depth + 1) for name, item in value.items()}
        return self._items(list(value), depth + 1)

    def field(self, name: object, value: Any, depth: int = 0) -> Any:
        """The value of a named field; nothing of it is kept when the name is that of a secret."""
        name = _text(name)
        if _SECRET_NAME.search(name):
            return SECRET_MASK
        if self.file_names and _FILE_FIELD.search(name):
            return FILE_NAME_MASK
        return self.value(value, depth)

    def _items(self, items: list[Any], depth: int) -> list[Any]:
        if len(items) == 2 and isinstance(items[0], str | bytes):  # a header or parameter as a pair
            return [self.value(items[0], depth), self.field(items[0], items[1], depth)]
        return [self.value(item, depth) for item in items]


def mask_text(text: str) -> str:
    """A text without e-mail addresses, tokens, passwords and whole IP addresses."""
    return Masker().text(text)


def mask_value(value: Any) -> Any:
    """Anything as plain data with every text in it masked."""
    return Masker().value(value)


def mask_event(event: Any, hint: Any) -> Any:
    """Sentry's ``before_send``, ``before_send_transaction`` and ``before_breadcrumb``: the event, masked.

    The release stays: ``name@version`` looks like an address.
    """
    del hint
    masked = Masker().value(event)
    return masked | {"release": event["release"]} if "release" in event else masked


def _without_credentials(found: re.Match[str]) -> str:
    return f"{found[0].split()[0]} {SECRET_MASK}"


def _without_jwt(found: re.Match[str]) -> str:
    return SECRET_MASK if _JWT_START in found[0] else found[0]


def _shortened_ipv6(found: re.Match[str]) -> str:
    text = found[0]
    bare = text.partition("%")[0].rstrip(".")
    if bare.count(":") < 2:
        return text
    try:
        network = ipaddress.IPv6Network((bare, _IPV6_KEPT_BITS), strict=False)
    except ValueError:
        return text
    return str(network.network_address)


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode("latin-1")
    try:
        return str(value)
    except Exception as error:
        return f"[{type(value).__name__} without text: {type(error).__name__}]"
