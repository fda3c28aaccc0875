"""The samples of a sound file as a stream: mixed down, resampled, cut to the wanted part, and checked.

The mix-down is the mean of the channels; soxr (quality HQ) resamples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genesis_music.audio.decode import SoundFile
from genesis_music.audio.recording import Samples
from genesis_music.errors import AudioError, SettingsError

FractionCallback = Callable[[float], None]

_ABSURD_SAMPLE = 1e6
"""Full scale is 1; some programs write float files with full scale 32768."""


def ignore_fraction(_: float) -> None:
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


def decoded(
    sound: SoundFile,
    *,
    sample_rate_hz: int,
    channels: int,
    settings: LoadSettings = WHOLE,
    on_fraction: FractionCallback = ignore_fraction,
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
