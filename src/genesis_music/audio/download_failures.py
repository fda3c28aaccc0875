"""What yt-dlp says when it fails, in the words of somebody who wants to help."""

from __future__ import annotations

import re

from genesis_music.audio.links import BY_HAND
from genesis_music.errors import DownloadError, GenesisError, OutputError, TransientDownloadError

NOT_ALLOWED = "is not an allowed host"
"""What the guard says of a host that a link leads to; the host comes before it."""

_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"not a bot", f"YouTube wants to see that you are not a robot: try again later, or {BY_HAND}."),
    (
        r"confirm your age|age.restricted|inappropriate for some users|age.verif",
        f"The video is age-restricted and needs a sign-in: {BY_HAND}.",
    ),
    (r"private video|video is private", f"The video is private: ask its owner, or {BY_HAND}."),
    (
        r"members.only|join this channel|requires payment|premium|rent this|purchase",
        f"The video is only for members or buyers: {BY_HAND}.",
    ),
    (
        r"available (in|from) your (country|location)|blocked it in your country|geo.?restrict",
        f"The video is not available in your country: {BY_HAND}.",
    ),
    (
        r"live event will begin|premieres in|is live|not currently live|live stream",
        "The link is a live stream or has not started yet: wait until it is over.",
    ),
    (
        r"been removed|no longer available|does(n't| not) exist|been terminated|been deleted|"
        r"video( is)? unavailable|video is not available|http error (404|410)",
        f"The video does not exist or was removed: check the link, or {BY_HAND}.",
    ),
    (r"drm", f"The video is protected (DRM): {BY_HAND}."),
    (
        rf"http error 429|too many requests|google\.com {NOT_ALLOWED}",
        f"The site asks for a pause: try again later, or {BY_HAND}.",
    ),
    (
        r"javascript runtime|n challenge|signature solving|js runtime",
        "YouTube needs a JavaScript runtime that is missing: "
        f'pip install "genesis-music[youtube]", or {BY_HAND}.',
    ),
    (
        r"resolve|name or service|getaddrinfo|name resolution|connection refused|timed? ?out|unreachable|"
        r"connection (reset|aborted)|remote end closed|failed to establish|more expected|bytes read|"
        r"content too short|downloaded \d+ bytes, expected|did not get any data|certificate",
        f"The site cannot be reached: check the network and try again (the download goes on), or {BY_HAND}.",
    ),
    (
        r"http error 40[13]",
        f'The site refuses the download: pip install --upgrade "genesis-music[youtube]", or {BY_HAND}.',
    ),
    (r"http error 5\d\d", f"The site has a fault of its own: try again later, or {BY_HAND}."),
    (
        r"unsupported url|no video formats|format is not available|only images|no formats|unable to extract",
        f"No sound was found behind the link: check it, or {BY_HAND}.",
    ),
)
"""Patterns in the order in which they are tried: the particular before the general."""

_PASSING = "try again"
"""A meaning that says so tells of a trouble of the site or the network, not of the link."""


def explained(messages: list[str]) -> GenesisError:
    """The error for what yt-dlp said, most telling message first in ``_MEANINGS``' order."""
    text = "\n".join(messages)
    if re.search(r"no space left|unable to (open for writing|write data)|read-only file system", text, re.I):
        return OutputError("The download cannot be written: free disk space or choose another folder.")
    if (refused := re.search(rf"([\w.:\[\]-]+) {NOT_ALLOWED}", messages[0])) and "google.com" not in refused[
        1
    ]:
        return DownloadError(f"The link leads to {refused[1]}, which is not allowed: {BY_HAND}.")
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, text, re.I):
            kind = TransientDownloadError if _PASSING in meaning else DownloadError
            return kind(meaning)
    return DownloadError(f"The link cannot be downloaded ({_first_line(text)}): {BY_HAND}.")


def _first_line(text: str) -> str:
    """The gist of an unknown message: no colours, no prefix, no request to report a bug."""
    line = re.sub(r"\x1b\[[0-9;]*m", "", text).strip().split("\n")[0]
    line = line.removeprefix("ERROR: ").split("; please report this issue")[0]
    return "".join(c for c in line if c.isprintable())[:200].strip().rstrip(".") or "no reason given"
