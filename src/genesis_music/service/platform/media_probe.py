"""The child process of :mod:`~genesis_music.service.platform.media`: limits itself, reads one file, answers.

``python -m genesis_music.service.platform.media_probe PATH LIMITS`` prints one JSON object. The length is
measured by adding up the packets of the sound track, which needs no decoding and stops at the limit; then
pieces are decoded, to see that it is sound.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from genesis_music.audio.decode import SoundFile, open_sound
from genesis_music.errors import InputError
from genesis_music.service.platform.media import (
    MediaError,
    MediaFacts,
    MediaLimits,
    NotAudioError,
    Refusal,
    TooLongError,
    TooManyChannelsError,
    TooShortError,
)

CONTAINERS = frozenset(
    {"aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "eac3", "flac", "flv", "matroska,webm"}
    | {"matroska", "webm", "mov,mp4,m4a,3gp,3g2,mj2", "mov", "mp3", "mp4", "mpegts", "ogg", "tta", "w64"}
    | {"wav", "wv"}
)
"""What recordings come in; FFmpeg's hundreds of other readers are never run on a stranger's file."""

_TRIED_PACKETS = 50
_LONGEST_TITLE = 200


def main(arguments: list[str]) -> int:
    """Check the file named by the first argument within the limits of the second."""
    path, limits = Path(arguments[0]), MediaLimits(**json.loads(arguments[1]))
    restrict(limits)
    try:
        answer: MediaFacts | Refusal = examine(path, limits)
    except MediaError as error:
        answer = Refusal(error.code, str(error))
    print(json.dumps(asdict(answer)))
    return 0


def restrict(limits: MediaLimits) -> None:
    """Give up this process's right to much time, memory, and to any file written (not on Windows)."""
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(kind, (most, most))


def examine(path: Path, limits: MediaLimits) -> MediaFacts:
    """Measure one file.

    Raises:
        MediaError: the file is not taken.
    """
    try:
        with open_sound(path, formats=CONTAINERS) as sound:
            return _facts(sound, limits)
    except MediaError:
        raise
    except InputError as error:
        # The file lies in storage under a name that the user never gave it.
        raise NotAudioError(str(error).replace(path.name, "The file")) from error


def _facts(sound: SoundFile, limits: MediaLimits) -> MediaFacts:
    streams = len(sound.container.streams)
    if sound.channels > limits.most_channels or streams > limits.most_streams:
        raise TooManyChannelsError(
            f"The recording has {sound.channels} channels in {streams} tracks: export it in mono or stereo."
        )
    seconds = _measured_seconds(sound, limits)
    if seconds < limits.shortest_seconds:
        raise TooShortError(f"The recording lasts only {seconds:.2f} s: give a longer one.")
    _try_decoding(sound)
    return MediaFacts(
        container=sound.container.format.name.split(",")[0],
        codec=sound.codec,
        duration_seconds=seconds,
        sample_rate_hz=sound.sample_rate_hz,
        channels=sound.channels,
        streams=streams,
        title="" if sound.title == sound.path.stem else sound.title[:_LONGEST_TITLE],
    )


def _measured_seconds(sound: SoundFile, limits: MediaLimits) -> float:
    ticks, per_tick = 0, float(sound.stream.time_base)
    for packet in _packets(sound):
        ticks += packet.duration or 0
        if ticks * per_tick > limits.longest_seconds:
            minutes = limits.longest_seconds / 60
            raise TooLongError(
                f"The recording is longer than {minutes:g} minutes: cut out the part you want."
            )
    return ticks * per_tick


def _try_decoding(sound: SoundFile) -> None:
    from av.error import FFmpegError

    sound.container.seek(0)
    decoded = 0
    for index, packet in enumerate(_packets(sound)):
        try:
            decoded += sum(frame.samples for frame in packet.decode())
        except (FFmpegError, ValueError):
            continue
        if index >= _TRIED_PACKETS and decoded:
            return
    if not decoded:
        raise NotAudioError("The file holds no sound that can be decoded: export it again.")


def _packets(sound: SoundFile) -> Iterator[Any]:
    """The packets of the sound track, as far as the file can be read."""
    from av.error import FFmpegError

    packets = sound.container.demux(sound.stream)
    while True:
        try:
            yield next(packets)
        except (StopIteration, EOFError):
            return
        except FFmpegError:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
