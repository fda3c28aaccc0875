"""Is an upload a recording we take? Decided by its content, in a child process that can be killed.

FFmpeg parses whatever a stranger sends, so it does not do it here: a child without the service's secrets in its
environment, with limits on its processor time, memory and files, reads the file and answers with one line.
Whatever happens to the child costs only the upload.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Timer

from genesis_music.service.errors import (
    InvalidRequestError,
    ServiceError,
    TooLargeError,
    UnsupportedMediaError,
)

_PROBE = "genesis_music.service.platform.media_probe"
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
    command = [sys.executable, "-P", "-m", _PROBE, str(path.absolute()), json.dumps(asdict(limits))]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd=path.anchor or None,
        start_new_session=True,
    ) as child:
        answer = _heard(child, limits.wall_seconds)
    if child.returncode != 0 or len(answer) > _MOST_ANSWER_BYTES:
        raise _too_costly()
    return _understood(answer)


def _heard(child: subprocess.Popen[bytes], wall_seconds: float) -> bytes:
    """What a child says before its time is over; it is dead afterwards."""
    assert child.stdout is not None
    end = Timer(wall_seconds, _kill, [child])
    end.start()
    try:
        answer = child.stdout.read(_MOST_ANSWER_BYTES + 1)
        if len(answer) <= _MOST_ANSWER_BYTES:
            child.wait()
    finally:
        end.cancel()
        _kill(child)
    return answer


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and what it started, unless it has ended by itself."""
    if child.poll() is not None:
        return
    if sys.platform == "win32":
        child.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Where to import from, and nothing else of ours: least of all secrets."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path),
        "PYTHONUTF8": "1",
    }


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
