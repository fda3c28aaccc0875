"""Spectral gating: bands that do not rise above the recording's own noise floor are turned down.

A short-time spectrum (square-root Hann, half overlap: perfect reconstruction), the power of each band
averaged over three frames and bands so that single noise peaks do not sparkle through, and a gain that falls
softly from 1 as the power approaches the threshold (spectral subtraction with a floor: Berouti, Schwartz,
Makhoul, ICASSP 1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.audio.noise import SILENCE_DB, NoiseProfile, hann
from genesis_music.audio.recording import Audio, Samples, clipped_range
from genesis_music.errors import SettingsError

_CONTEXT_FRAMES = 1


@dataclass(frozen=True, slots=True)
class DenoiseSettings:
    """How far above its floor a band must rise to be kept, and how far down noise is turned, in dB.

    Raises:
        SettingsError: a value is negative.
    """

    threshold_db: float = 3.0
    reduction_db: float = 18.0

    def __post_init__(self) -> None:
        if not (self.threshold_db >= 0 and self.reduction_db >= 0):
            raise SettingsError("Denoising: threshold and reduction must be 0 dB or more.")


def needs_denoising(profile: NoiseProfile, *, ratio_db: float = 20.0) -> bool:
    """Whether the noise is near the music: less than ``ratio_db`` below its loud passages."""
    return profile.level_db > SILENCE_DB and profile.signal_db - profile.level_db < ratio_db


def denoise(audio: Audio, noise: NoiseProfile, settings: DenoiseSettings = DenoiseSettings()) -> Audio:
    """A view of the audio with its noise turned down.

    Any range read from it has the same samples (within float rounding) however the reads are cut.

    Raises:
        ValueError: the profile was measured at another sample rate.
    """
    if noise.sample_rate_hz != audio.sample_rate_hz:
        raise ValueError(
            f"a noise profile at {noise.sample_rate_hz} Hz for audio at {audio.sample_rate_hz} Hz"
        )
    size = noise.frame_samples
    window = np.sqrt(hann(size))
    # band_power is scaled to mean square per frame; this is the power of the raw spectrum of such a frame.
    raw_power = noise.band_power * size * float((window**2).sum())
    raw_power[1:-1] /= 2
    threshold = (raw_power * 10 ** (settings.threshold_db / 10)).astype(np.float32)
    return _Denoised(audio, window, threshold, 10 ** (-settings.reduction_db / 20))


@dataclass(frozen=True, slots=True, eq=False)
class _Denoised:
    audio: Audio
    window: Samples
    threshold: NDArray[np.float32]
    lowest_gain: float

    @property
    def sample_rate_hz(self) -> int:
        return self.audio.sample_rate_hz

    @property
    def frames(self) -> int:
        return self.audio.frames

    def read(self, start: int, count: int) -> Samples:
        first, end = clipped_range(self.frames, start, count)
        if first == end:
            return np.empty(0, np.float32)
        hop = len(self.window) // 2
        # Frame k covers samples (k - 1) * hop .. (k + 1) * hop; the grid never depends on the read.
        first_frame, last_frame = first // hop, (end - 1) // hop + 1
        spectra = self._spectra(first_frame - _CONTEXT_FRAMES, last_frame + _CONTEXT_FRAMES)
        inner = spectra[_CONTEXT_FRAMES:-_CONTEXT_FRAMES] * self._gains(spectra)
        samples = _overlap_add(inner, self.window)
        offset = first - first_frame * hop
        return samples[offset : offset + end - first]

    def _spectra(self, first_frame: int, last_frame: int) -> NDArray[np.complex64]:
        size = len(self.window)
        hop = size // 2
        start, end = (first_frame - 1) * hop, (last_frame + 1) * hop
        inside = self.audio.read(max(start, 0), end - max(start, 0))
        padded = np.zeros(end - start, np.float32)
        padded[max(-start, 0) : max(-start, 0) + len(inside)] = inside
        framed = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
        return np.asarray(np.fft.rfft(framed * self.window, axis=1), np.complex64)

    def _gains(self, spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Gain per band of the inner frames: 0..1."""
        power = spectra.real**2 + spectra.imag**2
        in_time = power[:-2] + power[1:-1] + power[2:]
        smooth = in_time.copy()
        smooth[:, 1:] += in_time[:, :-1]
        smooth[:, :-1] += in_time[:, 1:]
        gain = 1 - 9 * self.threshold / np.maximum(smooth, np.float32(1e-20))
        return np.asarray(np.sqrt(np.maximum(gain, self.lowest_gain**2)), np.float32)


def _overlap_add(spectra: NDArray[np.complex64], window: Samples) -> Samples:
    """The ``(frames - 1) * hop`` samples that two frames cover, from the middle of the first frame on."""
    hop = len(window) // 2
    frames = np.fft.irfft(spectra, len(window), axis=1).astype(np.float32, copy=False) * window
    return np.asarray(frames[:-1, hop:] + frames[1:, :hop], np.float32).reshape(-1)
