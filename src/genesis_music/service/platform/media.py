"""Is an upload a recording we take? Decided by its content, in a child process that can be killed.

FFmpeg parses whatever a stranger sends, so it does not do it here: a process of its own for each file, without the
service's secrets in its environment, with limits on its processor time, memory and files, reads it and answers with one
line. Whatever happens to that process costs only the upload. Where it comes from: ``fork_server``.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from genesis_music.service.errors import (
    InvalidRequestError,
    ServiceError,
    TooLargeError,
    UnsupportedMediaError,
)
from genesis_music.service.platform.fork_server import ForkServer

_MOST_ANSWER_BYTES = 100_000


class MediaError(ServiceError):
    """An upload that is not taken; the message says what to do."""


class NotAudioError(MediaError, UnsupportedMediaError):
    """No sound in it, damaged, protected, or of a kind that is not taken."""

    code, title = "not-audio", "Not a usable recording"


class TooLongError(MediaError, TooLargeError):
    """More sound than is allowed, whatever its header says."""

    code, title = "audio-too-long", "The recording is too long"


class TooShortError(MediaError, InvalidRequestError):
    """Too little sound to transcribe."""

    code, title = "audio-too-short", "The recording is too short"


class TooManyChannelsError(MediaError, InvalidRequestError):
    """More channels or tracks than a recording has."""

    code, title = "too-many-channels", "The recording has too many channels"


class MediaLimitError(MediaError, UnsupportedMediaError):
    """Reading it takes more time or memory than any real recording needs."""

    code, title = "media-too-costly", "The recording cannot be read in reasonable time"


_ERRORS: dict[str, type[MediaError]] = {
    error.code: error for error in (NotAudioError, TooLongError, TooShortError, TooManyChannelsError)
}
"""What the child may answer."""


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What an upload may hold, and what checking it may cost (the child's processor time, memory, life)."""

    longest_seconds: float = 2 * 3600.0
    shortest_seconds: float = 0.5
    most_channels: int = 8
    most_streams: int = 16
    cpu_seconds: int = 10
    memory_bytes: int = 1024**3
    wall_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What an upload holds, measured and not believed.

    ``container`` and ``codec`` are FFmpeg's names; ``duration_seconds`` is the sum of the sound's packets, not
    what the header says; ``streams`` counts tracks of every kind, pictures included; ``title`` comes from the
    tags and is empty where they have none.
    """

    container: str
    codec: str
    duration_seconds: float
    sample_rate_hz: int
    channels: int
    streams: int
    title: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The child's other answer: the code of the error and its message."""

    code: str
    message: str


def check_media(path: Path, limits: MediaLimits = MediaLimits()) -> MediaFacts:
    """Check a file's content in a child process, in bounded time and memory.

    Raises:
        NotAudioError, TooLongError, TooShortError, TooManyChannelsError: what is wrong with the file.
        MediaLimitError: the child had to be stopped, or died of the file.
    """
    arguments = (str(path.absolute()), json.dumps(asdict(limits)))
    answer = _prober.ask(arguments, seconds=limits.wall_seconds, most_bytes=_MOST_ANSWER_BYTES)
    if len(answer) > _MOST_ANSWER_BYTES:
        raise _too_costly()
    return _understood(answer)


def _environment() -> dict[str, str]:
    """Where to import from, and nothing else of ours: least of all secrets."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return kept | {
        "PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path),
        "PYTHONUTF8": "1",
    }


_prober = ForkServer("genesis_music.service.platform.media_probe", _environment)


def _understood(answer: bytes) -> MediaFacts:
    """The child's answer, not trusted either: whatever took it over may have written it."""
    from pydantic import TypeAdapter, ValidationError

    try:
        understood = TypeAdapter(MediaFacts | Refusal).validate_json(answer, strict=True)
    except ValidationError as error:
        raise _too_costly() from error
    if isinstance(understood, MediaFacts):
        return understood
    raise _ERRORS.get(understood.code, NotAudioError)(understood.message)


def _too_costly() -> MediaLimitError:
    return MediaLimitError(
        "The file cannot be read in reasonable time: export it as WAV, FLAC or MP3 and try again."
    )
