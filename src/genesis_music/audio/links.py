"""Which links may be followed: scheme and host against an allow-list, before anything is contacted."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from genesis_music.errors import DownloadError, SettingsError

BY_HAND = "download the recording yourself and give the file"
"""What a user can always do instead."""


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """What may be downloaded.

    ``allowed_hosts``: hosts of links, each with its subdomains. ``serving_hosts``: further hosts, each with
    its subdomains, that the pages of allowed hosts may refer to or redirect to. ``allow_private`` accepts
    plain ``http``, any port and bare IP addresses (which must be allowed hosts still), for a server of one's
    own.

    Raises:
        SettingsError: a limit is not positive, or no host is allowed.
    """

    allowed_hosts: tuple[str, ...] = ("youtube.com", "youtu.be")
    serving_hosts: tuple[str, ...] = ("googlevideo.com", "youtubei.googleapis.com", "ytimg.com")
    max_bytes: int = 500 * 1024**2
    max_duration_seconds: float = 2 * 3600.0
    socket_timeout_seconds: float = 20.0
    allow_private: bool = False

    def __post_init__(self) -> None:
        if not min(self.max_bytes, self.max_duration_seconds, self.socket_timeout_seconds) > 0:
            raise SettingsError("Limits of downloads must be greater than 0.")
        if not self.allowed_hosts:
            raise SettingsError("Allow at least one host, or give a file instead of a link.")


YOUTUBE = DownloadSettings()
"""YouTube only, with the usual limits."""


def is_link(text: str) -> bool:
    """Whether what a user gave is meant as a link and not as a path."""
    return "://" in text[:16]


def check_link(url: str, settings: DownloadSettings = YOUTUBE) -> None:
    """Refuse a link that is not plainly to an allowed host.

    Raises:
        DownloadError: not a web address, with a user name in it, or to a host that is not allowed.
    """
    parts = unambiguous_parts(url)
    schemes = {"https", "http"} if settings.allow_private else {"https"}
    if parts is None or parts.scheme not in schemes or not parts.hostname:
        raise DownloadError(f"{url[:200]!r} is not a link that starts with https://: copy it again.")
    if "@" in parts.netloc:
        raise DownloadError("A link with a user name in it is not accepted: copy it again from the browser.")
    if not may_contact(url, settings, settings.allowed_hosts):
        raise DownloadError(f"Links to {parts.hostname} are not allowed: {BY_HAND}, or allow that host.")


def may_contact(url: str, settings: DownloadSettings, hosts: tuple[str, ...] = ()) -> bool:
    """Whether an address may be contacted: one of ``hosts``, else of all hosts that the settings name."""
    parts = unambiguous_parts(url)
    if parts is None or "@" in parts.netloc or not parts.hostname:
        return False
    if not settings.allow_private and (
        parts.scheme != "https" or _port(parts) not in (None, 443) or is_address(parts.hostname)
    ):
        return False
    hosts = hosts or settings.allowed_hosts + settings.serving_hosts
    return is_host_within(parts.hostname, hosts)


def is_host_within(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether a host is one of ``hosts`` or a subdomain of one."""
    return any(host == allowed or host.endswith("." + allowed) for allowed in hosts)


def unambiguous_parts(url: str) -> SplitResult | None:
    """The parts of an address; ``None`` for one that programs may understand in different ways."""
    if "\\" in url or any(c.isspace() or not c.isprintable() for c in url):
        return None
    try:
        parts = urlsplit(url)
        _port(parts)
    except ValueError:
        return None
    return parts


def _port(parts: SplitResult) -> int | None:
    return parts.port


def is_address(host: str) -> bool:
    """Whether a host is an IP address in any notation that a resolver accepts (``127.1``, ``0x7f000001``)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        return last.isdigit() or last.startswith("0x")
    return True
