"""The work of the processes of :mod:`~genesis_music.service.platform.media`: limit oneself, read one file, answer.

``main([PATH, LIMITS])`` prints one JSON object. The length is measured by adding up the packets of the sound track,
which needs no decoding and stops at the limit; then pieces are decoded, to see that it is sound.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from av.error import FFmpegError

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

CODECS = frozenset(
    {
        "aac",
        "aac_fixed",
        "aac_latm",
        "ac3",
        "adpcm_ima_wav",
        "adpcm_ms",
        "alac",
        "amrnb",
        "amrwb",
        "ape",
        "eac3",
    }
    | {
        "flac",
        "gsm",
        "gsm_ms",
        "libopus",
        "mp2",
        "mp2float",
        "mp3",
        "mp3float",
        "opus",
        "speex",
        "tta",
        "vorbis",
    }
    | {
        "wavpack",
        "wmalossless",
        "wmapro",
        "wmav1",
        "wmav2",
        "wmavoice",
        "libopencore_amrnb",
        "libopencore_amrwb",
    }
    | {"pcm_alaw", "pcm_mulaw", "pcm_s8", "pcm_u8", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le"}
    | {"pcm_s32be", "pcm_s32le", "pcm_f32be", "pcm_f32le", "pcm_f64be", "pcm_f64le"}
)
"""FFmpeg's decoders of what people record and export with."""

_FIXED_FRAMES = {"aac": 480, "mp3": 576, "mp3float": 576, "mp2": 1152, "mp2float": 1152}
"""Samples that a packet holds at least."""

_TRIED_PACKETS, _MOST_TRIED_PACKETS = 50, 500
_TOLERANCE_SECONDS = 1.0
_LONGEST_TITLE = 200


def main(arguments: list[str]) -> None:
    """Check the file named by the first argument within the limits of the second."""
    path, limits = Path(arguments[0]), MediaLimits(**json.loads(arguments[1]))
    restrict(limits)
    try:
        answer: MediaFacts | Refusal = examine(path, limits)
    except MediaError as error:
        answer = Refusal(error.code, str(error))
    print(json.dumps(asdict(answer)))


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
        raise NotAudioError(
            str(error).replace(str(path), path.name).replace(path.name, "The file")
        ) from error


def _facts(sound: SoundFile, limits: MediaLimits) -> MediaFacts:
    streams = len(sound.container.streams)
    if sound.channels > limits.most_channels or streams > limits.most_streams:
        raise TooManyChannelsError(
            f"The recording has {sound.channels} channels in {streams} tracks: export it in mono or stereo."
        )
    if sound.codec not in CODECS:
        raise NotAudioError(f"Sound of the kind {sound.codec} is not taken: export it as WAV, FLAC or MP3.")
    seconds = _measured_seconds(sound, limits)
    if seconds < limits.shortest_seconds:
        raise TooShortError(f"The recording lasts only {seconds:.2f} s: give a longer one.")
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
    """The length by the packets; the first ones are decoded, to see that they hold what they say.

    The codecs of fixed frames are counted instead where that gives more: the times in a container may lie.
    """
    trial = _Trial()
    stated = counted = 0.0
    per_tick = float(sound.stream.time_base)
    for packet in _packets(sound):
        seconds = (packet.duration or 0) * per_tick
        if trial.goes_on:
            trial.decode(packet, seconds)
        stated += seconds
        counted += _FIXED_FRAMES.get(sound.codec, 0) / sound.sample_rate_hz if packet.size else 0.0
        if max(stated, counted) > limits.longest_seconds:
            minutes = limits.longest_seconds / 60
            raise TooLongError(
                f"The recording is longer than {minutes:g} minutes: cut out the part you want."
            )
    trial.check()
    return max(stated, counted)


@dataclass(slots=True)
class _Trial:
    """Decodes the beginning of a sound track."""

    packets: int = 0
    damaged: int = 0
    stated_seconds: float = 0.0
    decoded_seconds: float = 0.0

    @property
    def goes_on(self) -> bool:
        return self.packets < _TRIED_PACKETS or (
            not self.decoded_seconds and self.packets < _MOST_TRIED_PACKETS
        )

    def decode(self, packet: Any, stated_seconds: float) -> None:
        self.packets += 1
        self.stated_seconds += stated_seconds
        try:
            self.decoded_seconds += sum(frame.samples / frame.sample_rate for frame in packet.decode())
        except (FFmpegError, ValueError):
            self.damaged += 1

    def check(self) -> None:
        if not self.decoded_seconds or self.damaged * 2 > self.packets:
            raise NotAudioError("The file holds no sound that can be decoded: export it again.")
        if self.decoded_seconds > 2 * self.stated_seconds + _TOLERANCE_SECONDS:
            raise NotAudioError("The file holds more sound than it says: export it again.")


def _packets(sound: SoundFile) -> Iterator[Any]:
    """The packets of the sound track, as far as the file can be read."""
    packets = sound.container.demux(sound.stream)
    while True:
        try:
            yield next(packets)
        except (StopIteration, EOFError):
            return
        except (FFmpegError, IndexError):  # IndexError: a track appeared midway
            continue
