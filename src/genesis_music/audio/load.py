"""A sound file to a :class:`Recording`: decoded, mixed down, resampled and measured in one pass.

The mix-down is the mean of the channels; soxr (quality HQ) resamples. Memory does not grow with length.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from genesis_music.audio.decode import SoundFile, open_sound
from genesis_music.audio.loudness import Level, LoudnessMeter
from genesis_music.audio.noise import NoiseMeter, NoiseProfile
from genesis_music.audio.recording import Samples
from genesis_music.audio.spool import Spool
from genesis_music.errors import AudioError, SettingsError

FractionCallback = Callable[[float], None]

_MISSING_SECONDS = 0.1
"""A file that holds this much less than its header says is reported."""

_LEAST_SECONDS, _LEAST_SHARE = 1.0, 0.1
"""Less than both of what the header says: too little to be of use."""

_ABSURD_SAMPLE = 1e6
"""Full scale is 1; some programs write float files with full scale 32768."""


def _ignore(_: float) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """Which part to load, and limits.

    ``end_seconds=None`` means to the end; an end after the recording's end means the same. Recordings longer
    than ``longest_seconds`` are refused. Up to ``memory_bytes`` of samples stay in memory, more go to a
    temporary file.

    Raises:
        SettingsError: start or end is negative or not a number, or the end does not lie after the start.
    """

    start_seconds: float = 0.0
    end_seconds: float | None = None
    longest_seconds: float = 6 * 3600.0
    memory_bytes: int = 16 * 1024**2

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_seconds) and self.start_seconds >= 0):
            raise SettingsError(f"The start must be 0 seconds or later, not {self.start_seconds}.")
        if self.end_seconds is not None and not self.end_seconds > self.start_seconds:
            raise SettingsError(
                f"The end ({self.end_seconds} s) must lie after the start ({self.start_seconds} s)."
            )


WHOLE = LoadSettings()
"""Load everything."""


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What is known about a recording.

    ``title`` comes from the tags, else from the file's name; ``duration_seconds`` is the loaded part;
    ``source_sample_rate_hz``, ``source_channels`` and ``codec`` describe the file; ``loudness_lufs`` (EBU
    R128, −70 for silence), ``peak`` (highest absolute sample) and ``noise_floor_db`` (relative to full scale)
    the mono mix of the loaded part; ``sha256`` is of the file's bytes. ``warnings`` are sentences for the
    user: damage that was skipped, a file that ends early.
    """

    title: str
    duration_seconds: float
    source_sample_rate_hz: int
    source_channels: int
    codec: str
    loudness_lufs: float
    peak: float
    noise_floor_db: float
    sha256: str
    warnings: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """Loudness and peak together, as :func:`~genesis_music.audio.loudness.normalise` takes them."""
        return Level(self.loudness_lufs, self.peak)


class Recording:
    """A loaded recording: an :class:`~genesis_music.audio.recording.Audio` with facts.

    Use it as a context manager, or call :meth:`close`, to give its temporary file back early.
    """

    def __init__(self, samples: Spool, facts: RecordingFacts, noise: NoiseProfile) -> None:
        self._samples = samples
        self.facts = facts
        self.noise = noise

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second, as asked for."""
        return self._samples.sample_rate_hz

    @property
    def frames(self) -> int:
        """Length in samples."""
        return self._samples.frames

    def read(self, start: int, count: int) -> Samples:
        """Return samples ``start .. start+count`` as a new float32 ``[n]``; shorter at the end."""
        return self._samples.read(start, count)

    def close(self) -> None:
        """Delete the samples."""
        self._samples.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load_audio(
    path: Path,
    *,
    sample_rate_hz: int,
    settings: LoadSettings = WHOLE,
    on_fraction: FractionCallback | None = None,
) -> Recording:
    """Load any file that FFmpeg decodes as mono float32 at ``sample_rate_hz``.

    ``on_fraction`` is called with the fraction done, 0..1.

    Raises:
        InputError: the file is missing, may not be read, or is a folder or a device.
        AudioError: empty, damaged, protected, without sound, not a sound file, too long, or with samples that
            are no sound (not numbers, or absurdly large).
        SettingsError: the start lies after the end of the recording.
        OutputError: no room for the temporary file.
    """
    samples = Spool(sample_rate_hz, memory_bytes=settings.memory_bytes)
    try:
        with open_sound(path) as sound:
            return _load(sound, samples, settings, on_fraction or _ignore)
    except BaseException:
        samples.close()
        raise


def _load(
    sound: SoundFile, samples: Spool, settings: LoadSettings, on_fraction: FractionCallback
) -> Recording:
    loudness = LoudnessMeter(samples.sample_rate_hz)
    noise = NoiseMeter(samples.sample_rate_hz)
    peak = 0.0
    rate = samples.sample_rate_hz
    for mono in decoded(sound, sample_rate_hz=rate, channels=1, settings=settings, on_fraction=on_fraction):
        block = mono[0]
        peak = max(peak, float(np.abs(block).max()))
        loudness.add(block)
        noise.add(block)
        samples.append(block)
    duration = samples.frames / samples.sample_rate_hz
    _check_useful(sound, settings, duration)
    profile = noise.profile()
    facts = RecordingFacts(
        title=sound.title,
        duration_seconds=duration,
        source_sample_rate_hz=sound.sample_rate_hz,
        source_channels=sound.channels,
        codec=sound.codec,
        loudness_lufs=loudness.finish(),
        peak=peak,
        noise_floor_db=profile.level_db,
        sha256=file_sha256(sound.path),
        warnings=_warnings(sound, settings, duration),
    )
    on_fraction(1.0)
    return Recording(samples, facts, profile)


def decoded(
    sound: SoundFile,
    *,
    sample_rate_hz: int,
    channels: int,
    settings: LoadSettings = WHOLE,
    on_fraction: FractionCallback = _ignore,
) -> Iterator[Samples]:
    """The part of a sound file that the settings choose, as float32 ``[channels, n]`` blocks.

    ``channels`` is 1 (the mean of all) or 2 (the file's own if it has two, else the mean twice).

    Raises:
        AudioError: nothing, or mostly damage, could be decoded; too long; samples that are no sound.
    """
    first = round(settings.start_seconds * sample_rate_hz)
    end = math.inf if settings.end_seconds is None else round(settings.end_seconds * sample_rate_hz)
    expected = min(end, (sound.stated_seconds or math.inf) * sample_rate_hz)
    position = 0
    for block in _resampled(sound, sample_rate_hz, channels):
        length = block.shape[1]
        kept = block[:, max(first - position, 0) : int(min(max(end - position, 0), length))]
        position += length
        if kept.shape[1]:
            _check_finite(kept, sound.path)
            yield kept
        if position >= end:
            return
        _check_length((position - first) / sample_rate_hz, settings, sound.path)
        on_fraction(min(position / expected, 1.0))


def _resampled(sound: SoundFile, sample_rate_hz: int, channels: int) -> Iterator[Samples]:
    mixed = (_mixed(block, channels) for block in sound.blocks())
    if sound.sample_rate_hz == sample_rate_hz:
        yield from mixed
        return
    import soxr

    resampler = soxr.ResampleStream(
        sound.sample_rate_hz, sample_rate_hz, channels, dtype="float32", quality="HQ"
    )
    for block in mixed:
        yield resampler.resample_chunk(np.ascontiguousarray(block.T)).T
    yield resampler.resample_chunk(np.empty((0, channels), np.float32), last=True).T


def _mixed(block: Samples, channels: int) -> Samples:
    if len(block) == channels:
        return block
    return np.broadcast_to(block.mean(axis=0), (channels, block.shape[1]))


def _check_useful(sound: SoundFile, settings: LoadSettings, loaded_seconds: float) -> None:
    if loaded_seconds == 0 and settings.start_seconds > 0:
        raise SettingsError(
            f"The start ({settings.start_seconds:g} s) lies after the end of {sound.path.name}: "
            "choose an earlier one."
        )
    wanted = loaded_seconds + _missing_seconds(sound, settings, loaded_seconds)
    if loaded_seconds < min(_LEAST_SECONDS, wanted * _LEAST_SHARE) or loaded_seconds == 0:
        raise AudioError(
            f"{sound.path.name} is cut off or damaged: only {loaded_seconds:.3f} s of it can be decoded. "
            "Download or export it again."
        )


def _missing_seconds(sound: SoundFile, settings: LoadSettings, loaded_seconds: float) -> float:
    """How much of what was asked for the header promises and the file does not hold."""
    if not sound.exact_duration or sound.stated_seconds is None:
        return 0.0
    wanted = min(sound.stated_seconds, settings.end_seconds or math.inf) - settings.start_seconds
    return max(wanted - loaded_seconds, 0.0)


def _check_length(seconds: float, settings: LoadSettings, path: Path) -> None:
    if seconds > settings.longest_seconds:
        raise AudioError(
            f"{path.name} is longer than {settings.longest_seconds / 3600:g} hours: "
            "load a part of it with a start and an end."
        )


def _check_finite(block: Samples, path: Path) -> None:
    # The sum is finite only if every sample is, and is cheaper than a flag for each.
    total = float(block.sum(dtype=np.float64))
    if not math.isfinite(total) or float(np.abs(block).max()) > _ABSURD_SAMPLE:
        raise AudioError(
            f"{path.name} has samples that are no sound (not a number, or far too large): export it again."
        )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _warnings(sound: SoundFile, settings: LoadSettings, loaded_seconds: float) -> tuple[str, ...]:
    warnings = []
    if sound.damaged_pieces:
        warnings.append(f"{sound.path.name} is damaged: pieces skipped: {sound.damaged_pieces}.")
    missing = _missing_seconds(sound, settings, loaded_seconds)
    if missing > _MISSING_SECONDS:
        warnings.append(f"{sound.path.name} is damaged or cut short: {missing:.1f} s of it are missing.")
    return tuple(warnings)
