"""A sound file to a :class:`Recording`: decoded, mixed down, resampled and measured in one pass.

Memory does not grow with length: what is long goes to a temporary file on its way.
"""

from __future__ import annotations

import hashlib
import math
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
from genesis_music.audio.stream import WHOLE, FractionCallback, LoadSettings, decoded, ignore_fraction
from genesis_music.errors import AudioError, SettingsError

__all__ = ["WHOLE", "LoadSettings", "Recording", "RecordingFacts", "load_audio"]


_MISSING_SECONDS = 0.1
"""A file that holds this much less than its header says is reported."""

_LEAST_SECONDS, _LEAST_SHARE = 1.0, 0.1
"""Less than both of what the header says: too little to be of use."""


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
            return _load(sound, samples, settings, on_fraction or ignore_fraction)
    except BaseException:
        samples.close()
        raise


def _load(
    sound: SoundFile, samples: Spool, settings: LoadSettings, on_fraction: FractionCallback
) -> Recording:
    meters = _Meters(LoudnessMeter(samples.sample_rate_hz), NoiseMeter(samples.sample_rate_hz))
    rate = samples.sample_rate_hz
    for mono in decoded(sound, sample_rate_hz=rate, channels=1, settings=settings, on_fraction=on_fraction):
        meters.add(mono[0])
        samples.append(mono[0])
    seconds = samples.frames / rate
    check_useful(sound, settings, seconds)
    noise = meters.noise.profile()
    facts = RecordingFacts(
        title=sound.title,
        duration_seconds=seconds,
        source_sample_rate_hz=sound.sample_rate_hz,
        source_channels=sound.channels,
        codec=sound.codec,
        loudness_lufs=meters.loudness.finish(),
        peak=meters.peak,
        noise_floor_db=noise.level_db,
        sha256=file_sha256(sound.path),
        warnings=damage(sound, settings, seconds),
    )
    on_fraction(1.0)
    return Recording(samples, facts, noise)


@dataclass(slots=True)
class _Meters:
    """Everything that is measured while the samples pass."""

    loudness: LoudnessMeter
    noise: NoiseMeter
    peak: float = 0.0

    def add(self, block: Samples) -> None:
        self.loudness.add(block)
        self.noise.add(block)
        self.peak = max(self.peak, float(np.abs(block).max()))


def check_useful(sound: SoundFile, settings: LoadSettings, loaded_seconds: float) -> None:
    """Refuse what turned out to be next to nothing.

    Raises:
        SettingsError: the start lies after the end of the recording.
        AudioError: hardly anything of the file could be decoded.
    """
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


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damage(sound: SoundFile, settings: LoadSettings, loaded_seconds: float) -> tuple[str, ...]:
    """What a user should know about a file that was read with gaps; empty when all is well."""
    warnings = []
    if sound.damaged_pieces:
        warnings.append(f"{sound.path.name} is damaged: pieces skipped: {sound.damaged_pieces}.")
    missing = _missing_seconds(sound, settings, loaded_seconds)
    if missing > _MISSING_SECONDS:
        warnings.append(f"{sound.path.name} is damaged or cut short: {missing:.1f} s of it are missing.")
    return tuple(warnings)
