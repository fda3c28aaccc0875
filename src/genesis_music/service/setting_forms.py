"""What single settings must look like; each function returns the value or says what it should be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from email.utils import parseaddr
from ipaddress import ip_network
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_ALMOST_THE_SAME = 0.88
"""How alike two names are (0 to 1) when one is a slip of the other: ``DATABSE_URL``, ``SECRET_KEY``."""


def origin(text: str) -> str:
    """``https://host`` or with a port; a slash at the end is left out."""
    parts = _split(text)
    bare = text.rstrip("/")
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or bare != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValueError("must look like https://tabs.example.org, without a path")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or password")
    return bare


def origins(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Several of them."""
    return tuple(map(origin, texts))


def database_address(text: str) -> str:
    """An address of SQLAlchemy's with a driver that is here; empty stays empty."""
    parts = _split(text)
    if text and parts.scheme == "sqlite":
        return text
    if text and (parts.scheme != "postgresql+psycopg" or not parts.hostname or not parts.path.strip("/")):
        raise ValueError("must look like postgresql+psycopg://user:password@host:5432/genesis")
    return text


def redis_address(text: str) -> str:
    """An address of Redis; empty stays empty."""
    parts = _split(text)
    here = parts.hostname or (parts.scheme == "unix" and parts.path)
    if text and (parts.scheme not in {"redis", "rediss", "unix"} or not here):
        raise ValueError("must look like redis://:password@host:6379/0, rediss:// for TLS")
    return text


def storage_address(text: str) -> str:
    """A folder or a bucket; empty stays empty. What follows the ``?`` is checked when it is opened."""
    parts = _split(text)
    fits = {"memory": True, "file": parts.path.startswith("/") and not parts.netloc, "s3": bool(parts.netloc)}
    if text and not fits.get(parts.scheme, False):
        raise ValueError("must look like s3://bucket/prefix?endpoint=https://…&region=…, or file:///folder")
    return text


def email_address(text: str) -> str:
    """``name@host``, or ``Name <name@host>``; empty stays empty."""
    name, at, host = parseaddr(text)[1].rpartition("@")
    if text and not (name and at and _HOST.fullmatch(host)):
        raise ValueError("must look like name@example.org")
    return text


def email_addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Several of them."""
    return tuple(map(email_address, texts))


def hosts(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Names of hosts, at least one."""
    if not texts or not all(map(_HOST.fullmatch, texts)):
        raise ValueError("must be names of hosts such as youtube.com,youtu.be")
    return texts


def places(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Hosts or addresses, each perhaps with a port."""
    for text in texts:
        if not urlsplit(f"//{text}").hostname or "/" in text:
            raise ValueError("must be hosts such as hooks.internal or 10.0.0.5:8080")
    return texts


def sentry_address(secret: SecretStr) -> SecretStr:
    """``https://key@host/project``; empty stays empty."""
    parts = _split(secret.get_secret_value())
    fits = parts.scheme in {"http", "https"} and parts.username and parts.path.rpartition("/")[2].isdecimal()
    if secret.get_secret_value() and not fits:
        raise ValueError(
            "must look like https://key@host/4711: copy it from the project's settings in Sentry"
        )
    return secret


def collector_address(text: str) -> str:
    """Where OTLP is taken over HTTP; empty stays empty."""
    parts = _split(text)
    if text and not (parts.scheme in {"http", "https"} and parts.hostname):
        raise ValueError("must be the collector's address, e.g. http://otel-collector:4318")
    return text


def networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses and networks."""
    for text in texts:
        try:
            ip_network(text, strict=False)
        except ValueError as error:
            raise ValueError(f"{text!r} is no address or network: write 10.0.0.5 or 10.0.0.0/8") from error
    return texts


def slips(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Say which names can only be slips of known ones: a setting that was meant would silently not be set."""
    known = set(known)
    unknown = sorted(set(names) - known)
    meant = ((name, get_close_matches(name, known, 1, _ALMOST_THE_SAME)) for name in unknown)
    return [
        f"GENESIS_{name}: there is no such setting; GENESIS_{close[0]} is meant?"
        for name, close in meant
        if close
    ]


def _split(text: str) -> SplitResult:
    """Split an address; what cannot be split has no parts. Its own words could tell a password."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts
