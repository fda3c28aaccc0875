"""Any sound file to float32 samples, with FFmpeg's libraries through PyAV.

A file is treated as hostile: only the file itself is opened (formats that name other files or addresses are
refused), headers are not believed, and damaged pieces are skipped and counted.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_music.errors import AudioError, InputError

if TYPE_CHECKING:  # numpy takes longer to load than a header takes to read
    from genesis_music.audio.recording import Samples

AV_TIME_BASE = 1_000_000
"""FFmpeg's ticks per second for whole files."""

BLOCK_FRAMES = 65536
"""Decoded samples per channel handed on at a time."""

_REFERRING_FORMATS = frozenset(
    {"concat", "dash", "hls", "image2", "imf", "lavfi", "rtp", "rtsp", "sap", "sdp", "tty", "vobsub"}
    | {"webm_dash_manifest", "alsa", "fbdev", "kmsgrab", "oss", "video4linux2,v4l2", "x11grab"}
)
"""FFmpeg inputs that open other files, addresses or devices, or turn any text into pictures."""

_EXACT_DURATION_FORMATS = frozenset({"w64", "aiff", "au", "caf", "flac", "mov", "matroska", "wav"})
"""Formats whose header states the duration; for the others FFmpeg estimates it."""

_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 1000, 1_000_000
_HEADER_BYTES = 1024**2
_NOT_SOUND = "is not a sound file that can be decoded: export it as WAV, FLAC or MP3 and try again."

_PROTECTED_TAGS = frozenset({"drms", "drmi", "enca", "aavd"})
"""MPEG-4 sample entries of encrypted sound (FairPlay, Common Encryption, Audible)."""

_ASF_ENCRYPTION_IDS = (
    bytes.fromhex("fbb31122 23bd d211 b4b7 00a0c955fc6e"),
    bytes.fromhex("14e68a29 2226 174c b935 dae07ee9289c"),
)
"""Content encryption objects in the header of a protected WMA file (ASF specification, 10.1)."""


@dataclass(slots=True)
class SoundFile:
    """An open sound file; facts from its header, then its samples once through :meth:`blocks`."""

    path: Path
    title: str
    codec: str
    sample_rate_hz: int
    channels: int
    stated_seconds: float | None
    exact_duration: bool
    container: Any = field(repr=False)
    stream: Any = field(repr=False)
    damaged_pieces: int = 0

    def blocks(self) -> Iterator[Samples]:
        """Yield all samples as float32 ``[channels, n]`` at ``sample_rate_hz``, in order.

        Raises:
            AudioError: nothing, or mostly damage, could be decoded.
        """
        good = 0
        for block in _uniform(self._frames(), self.sample_rate_hz):
            good += 1
            yield block
        if good == 0 and not self.damaged_pieces:
            raise _explained(self.path, "holds no sound: export or download the recording again.")

    def _frames(self) -> Iterator[Any]:
        """Decoded frames; a damaged packet costs only itself, as in FFmpeg's own player."""
        from av.error import FFmpegError

        packets = self.container.demux(self.stream)
        decoded = 0
        while True:
            try:
                packet = next(packets)
                for frame in packet.decode():
                    decoded += 1
                    yield frame
            except (StopIteration, EOFError):
                break
            # PyAV raises ValueError where no decoder takes the stream (19), IndexError where tracks appear midway.
            except (FFmpegError, ValueError, IndexError):
                self.damaged_pieces += 1
        if self.damaged_pieces >= max(decoded, 1):
            raise _explained(self.path)


@contextmanager
def open_sound(path: Path, *, formats: Collection[str] | None = None) -> Iterator[SoundFile]:
    """Open the best sound track of a file.

    ``formats`` (FFmpeg's names) narrows what may be opened, for files of strangers.

    Raises:
        InputError: missing, not readable, or not a regular file.
        AudioError: empty, protected, without sound, or not a sound file at all.
    """
    import av
    from av.error import FFmpegError

    check_readable(path)
    options = {"protocol_whitelist": "file", "format_whitelist": _allowed_formats(formats)}
    try:
        container = av.open(f"file:{path}", options=options, **_tag_options())
    except (FFmpegError, OSError) as error:
        raise _explained(path) from error
    with container:
        yield _sound_file(path, container)


def _tag_options() -> dict[str, Any]:
    """Tags that are no valid text must not stop us; PyAV 19 replaces them by itself and has no option for it."""
    import av

    return {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}


def _sound_file(path: Path, container: Any) -> SoundFile:
    stream = container.streams.best("audio")
    if stream is None and container.streams.video:
        raise AudioError(f"{path.name} has no sound track: choose a file with sound in it.")
    context = None if stream is None else stream.codec_context
    if context is not None and _codec_tag(context) in _PROTECTED_TAGS:
        raise _protected(path)
    if context is None or not _LOWEST_RATE_HZ <= context.sample_rate <= _HIGHEST_RATE_HZ:
        raise _explained(path)
    stream.thread_type = "AUTO"
    format_name = container.format.name.split(",")[0]
    return SoundFile(
        path=path,
        title=_title(container, stream, path),
        codec=context.name,
        sample_rate_hz=context.sample_rate,
        channels=context.channels,
        stated_seconds=_stated_seconds(container, path),
        exact_duration=format_name in _EXACT_DURATION_FORMATS,
        container=container,
        stream=stream,
    )


def _codec_tag(context: Any) -> str:
    """The four letters that name the codec in the file; empty where they are no letters."""
    try:
        return str(context.codec_tag)
    except UnicodeDecodeError:
        return ""


def _stated_seconds(container: Any, path: Path) -> float | None:
    """The duration from the header, in seconds; FFmpeg cuts that of a WAV file down to what is there."""
    if not container.duration:
        return None
    seconds: float = container.duration / AV_TIME_BASE
    if container.format.name != "wav":
        return seconds
    with path.open("rb") as file:
        stated_bytes = int.from_bytes(file.read(8)[4:], "little")
    bytes_there = path.stat().st_size
    unknown = stated_bytes in (0, 0xFFFFFFFF)
    return seconds if unknown else seconds * max(stated_bytes / bytes_there, 1.0)


def _uniform(frames: Iterator[Any], sample_rate_hz: int) -> Iterator[Samples]:
    """Frames of any format as float32 blocks; a change of format on the way is converted back."""
    from av import AudioResampler

    resampler: AudioResampler | None = None
    signature: tuple[object, ...] | None = None
    layout = None
    for frame in frames:
        layout = layout or frame.layout.name
        if signature != (frame.format.name, frame.layout.name, frame.sample_rate):
            if resampler is not None:
                yield from _arrays(resampler.resample(None))
            signature = (frame.format.name, frame.layout.name, frame.sample_rate)
            resampler = AudioResampler("fltp", layout, sample_rate_hz, frame_size=BLOCK_FRAMES)
        assert resampler is not None
        frame.pts = None
        yield from _arrays(resampler.resample(frame))
    if resampler is not None:
        yield from _arrays(resampler.resample(None))


def _arrays(frames: list[Any]) -> Iterator[Samples]:
    return (frame.to_ndarray() for frame in frames)


def _allowed_formats(formats: Collection[str] | None) -> str:
    import av

    return ",".join(sorted((av.formats_available if formats is None else set(formats)) - _REFERRING_FORMATS))


def check_readable(path: Path) -> None:
    """Refuse what is no readable regular file with bytes in it, before anything waits for it.

    Raises:
        InputError: missing, a folder, a device or pipe, or not readable.
        AudioError: empty.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(f"{path.name} is a folder: give a sound file.")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path.name} is not a regular file: save the sound to a file and give that.")
        if status.st_size == 0:
            raise AudioError(f"{path.name} is empty: export or download the recording again.")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: check the path.") from error
    except PermissionError as error:
        raise InputError(f"{path} may not be read: allow reading it, or copy it to your folder.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be opened ({error}): check the path.") from error


def _protected(path: Path) -> AudioError:
    return AudioError(f"{path.name} is protected (DRM): use an unprotected copy of the recording.")


def _explained(path: Path, otherwise: str = _NOT_SOUND) -> AudioError:
    """The most helpful error for a file that FFmpeg cannot decode."""
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
        file.seek(max(path.stat().st_size - _HEADER_BYTES, 0))
        tail = file.read(_HEADER_BYTES)  # MPEG-4 files may keep their header at the end
    is_mpeg4 = b"ftyp" in head[:16]
    if is_mpeg4 and any(tag.encode() in head or tag.encode() in tail for tag in _PROTECTED_TAGS):
        return _protected(path)
    if any(identifier in head for identifier in _ASF_ENCRYPTION_IDS):
        return _protected(path)
    if is_mpeg4:
        return AudioError(f"{path.name} is incomplete or damaged: download or export it again.")
    return AudioError(f"{path.name} {otherwise}")


def _title(container: Any, stream: Any, path: Path) -> str:
    """The title from the tags, else the file's name; one printable line."""
    tagged = container.metadata.get("title") or stream.metadata.get("title") or ""
    line = "".join(c if c.isprintable() else " " for c in tagged)
    return " ".join(line.split()) or path.stem
