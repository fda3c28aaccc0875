"""The guitar model: waveform in, everything heard per frame and pitch out.

1. A constant-Q front end as plain convolutions with windowed sinusoids at three sampling rates, so that the
   exported graph needs nothing but convolutions. Two banks: windows of up to 372 ms tell low notes apart, windows of
   up to 93 ms tell when they begin. From 830 Hz on, where a third of a semitone needs less, both are the same.
2. Power relative to the music of the last and next 1.3 s, compressed logarithmically: loudness plays no role.
3. Harmonic stacking: at every pitch the network sees its sub-harmonic and its first harmonics, as in Bittner et al.,
   "A Lightweight Instrument-Agnostic Model …", ICASSP 2022; here with three bins per semitone as channels, so that
   all later layers work on whole pitches.
4. Residual blocks of dilated convolutions. Dilation in pitch looks at octaves and fifths, in time at the past and
   future half second. No layer looks further: chunked and whole inference agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genesis_music.transcription.guitar_engine import (
    BINS_PER_SEMITONE,
    HOP_SAMPLES,
    LOWEST_PITCH_MIDI,
    PITCHES,
    STRINGS,
)
from training.guitar.example import SAMPLE_RATE_HZ

FRAME_SECONDS = HOP_SAMPLES / SAMPLE_RATE_HZ
BINS_PER_OCTAVE = 12 * BINS_PER_SEMITONE

HARMONICS = (0.5, 1, 2, 3, 4, 5, 6, 7)
LOWEST_BIN_MIDI = LOWEST_PITCH_MIDI - 12 - 1 / BINS_PER_SEMITONE
BINS = PITCHES * BINS_PER_SEMITONE + round(BINS_PER_OCTAVE * math.log2(max(HARMONICS) / min(HARMONICS)))

DECIMATION = 3
DECIMATION_TAPS = 61
LOW_BINS, MIDDLE_BINS = 178, 57
"""Bins heard at a ninth (up to 830 Hz) and at a third (up to 2.5 kHz) of the sampling rate; the rest at all of it."""
CYCLES = 2 / (2 ** (1 / BINS_PER_OCTAVE) - 1)
"""In a Hann window of so many periods, the main lobe is as wide (at -6 dB) as the bins are apart."""
LONG_SECONDS, SHORT_SECONDS = 8192 / SAMPLE_RATE_HZ, 2048 / SAMPLE_RATE_HZ
HIGH_DENSITY = 3
"""High bins have windows shorter than a frame: their power is the mean of three within it."""

LEVEL_FRAMES = 129
QUIETEST_POWER = 1e-8
"""Music is not made louder than if it lay at -80 dBFS."""
DYNAMIC_RANGE_DECADES = 7

RARE_LOG_ODDS = -4.0
"""Of almost everything at almost every moment: where training starts."""


@dataclass(frozen=True, slots=True)
class Design:
    """What may differ between models; ``dilations`` are (frames, semitones), one pair for each block."""

    width: int = 48
    hidden: int = 64
    dilations: tuple[tuple[int, int], ...] = (
        (1, 1),
        (2, 12),
        (4, 1),
        (8, 7),
        (1, 12),
        (2, 1),
        (4, 12),
        (1, 1),
    )


@dataclass(frozen=True)
class Heard:
    """Logits ``[batch, frames, pitches]``; ``contour`` ``[batch, frames, 3 * pitches]``.

    ``velocity`` is in 0..1 already; ``string`` is ``[batch, frames, strings, pitches]``, log-probabilities over the
    strings (index 0 = highest string).
    """

    onset: Tensor
    sounding: Tensor
    offset: Tensor
    velocity: Tensor
    contour: Tensor
    string: Tensor


class FrontEnd(nn.Module):
    """Audio ``[batch, samples]`` → ``[batch, 2, frames, BINS]``, log power of the long and the short bank."""

    def __init__(self) -> None:
        super().__init__()
        frequencies = 440 * 2 ** ((LOWEST_BIN_MIDI - 69 + np.arange(BINS) / BINS_PER_SEMITONE) / 12)
        low, middle, high = np.split(frequencies, [LOW_BINS, LOW_BINS + MIDDLE_BINS])
        rate = SAMPLE_RATE_HZ
        self._constant("decimator", _low_pass())
        self._constant("high", _kernels(high, rate, SHORT_SECONDS))
        self._constant("middle", _kernels(middle, rate / DECIMATION, LONG_SECONDS))
        self._constant("low_long", _kernels(low, rate / DECIMATION**2, LONG_SECONDS))
        self._constant("low_short", _kernels(low, rate / DECIMATION**2, SHORT_SECONDS))

    def _constant(self, name: str, values: np.ndarray) -> None:
        """Constants are rounded to half precision, in which the exported file keeps them."""
        self.register_buffer(name, torch.from_numpy(values).half().float(), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Hear ``[batch, samples]``."""
        full = audio[:, None]
        third, ninth = self._decimated(full), self._decimated(self._decimated(full))
        high = _power(full, self.high, HOP_SAMPLES // HIGH_DENSITY)
        high = functional.avg_pool1d(high, HIGH_DENSITY, padding=HIGH_DENSITY // 2)
        middle = _power(third, self.middle, HOP_SAMPLES // DECIMATION)
        hop = HOP_SAMPLES // DECIMATION**2
        banks = [
            torch.cat([_power(ninth, low, hop), middle, high[:, :, : middle.shape[-1]]], dim=1)
            for low in (self.low_long, self.low_short)
        ]
        return _compressed(torch.stack(banks, dim=1)).transpose(2, 3)

    def _decimated(self, audio: Tensor) -> Tensor:
        return functional.conv1d(audio, self.decimator, stride=DECIMATION, padding=DECIMATION_TAPS // 2)


def _power(audio: Tensor, kernels: Tensor, hop: int) -> Tensor:
    """``[batch, bins, frames]``: squared magnitude of the cosine and sine parts."""
    parts = functional.conv1d(audio, kernels, stride=hop, padding=kernels.shape[-1] // 2)
    cosine, sine = torch.chunk(parts, 2, dim=1)
    return cosine * cosine + sine * sine


def _compressed(power: Tensor) -> Tensor:
    """Log of the power ``[batch, 2, bins, frames]`` relative to its surroundings, about 0..1.5."""
    total = power[:, 1].sum(dim=1, keepdim=True)
    level = functional.avg_pool1d(total, LEVEL_FRAMES, stride=1, padding=LEVEL_FRAMES // 2)[:, None]
    relative = power / (level + QUIETEST_POWER)
    return (torch.log10(relative + 10**-DYNAMIC_RANGE_DECADES) + DYNAMIC_RANGE_DECADES) / 4


def _low_pass() -> np.ndarray:
    """A windowed sinc ``[1, 1, taps]`` that leaves what a third of the sampling rate can hold."""
    n = np.arange(DECIMATION_TAPS) - DECIMATION_TAPS // 2
    taps = np.sinc(0.9 * n / DECIMATION) * np.blackman(DECIMATION_TAPS + 2)[1:-1]
    return (taps / taps.sum())[None, None].astype(np.float32)


def _kernels(frequencies_hz: np.ndarray, rate_hz: float, longest_seconds: float) -> np.ndarray:
    """Windowed cosines, then sines ``[2 * bins, 1, taps]``; a full-scale sine has power 1, a constant none."""
    seconds = np.minimum(longest_seconds, CYCLES / frequencies_hz)[:, None]
    half = int(seconds.max() * rate_hz / 2)
    time = np.arange(-half, half + 1) / rate_hz
    window = np.where(np.abs(time) < seconds / 2, 0.5 + 0.5 * np.cos(2 * np.pi * time / seconds), 0)
    window *= 2 / window.sum(axis=1, keepdims=True)
    phase = 2 * np.pi * frequencies_hz[:, None] * time
    cosine, sine = window * np.cos(phase), window * np.sin(phase)
    cosine -= window * cosine.sum(axis=1, keepdims=True) / window.sum(axis=1, keepdims=True)
    return np.concatenate([cosine, sine])[:, None].astype(np.float32)


def _stacked(spectrum: Tensor) -> Tensor:
    """``[batch, 2, frames, BINS]`` → ``[batch, 2 * harmonics * 3, frames, pitches]``."""
    span = PITCHES * BINS_PER_SEMITONE
    first = [round(BINS_PER_OCTAVE * math.log2(harmonic / HARMONICS[0])) for harmonic in HARMONICS]
    starts = [start + third for start in first for third in range(BINS_PER_SEMITONE)]
    return torch.cat([spectrum[..., s : s + span - 2 : BINS_PER_SEMITONE] for s in starts], dim=1)


class Block(nn.Module):
    """A dilated 3 x 3 convolution and a pointwise one, added to what came in."""

    def __init__(self, width: int, hidden: int, dilation: tuple[int, int]) -> None:
        super().__init__()
        self.spread = nn.Conv2d(width, hidden, 3, padding=dilation, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm2d(hidden)
        self.mix = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape ``[batch, width, frames, pitches]``."""
        hidden: Tensor = self.mix(functional.relu(self.norm(self.spread(x)), inplace=True))
        return x + hidden


class GuitarNetwork(nn.Module):
    """Audio ``[batch, samples]`` at ``SAMPLE_RATE_HZ`` → :class:`Heard`, one frame per ``HOP_SAMPLES``."""

    def __init__(self, design: Design = Design()) -> None:
        super().__init__()
        width = design.width
        self.front_end = FrontEnd()
        self.stem = nn.Conv2d(2 * len(HARMONICS) * BINS_PER_SEMITONE, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(width, design.hidden, d) for d in design.dilations))
        self.join = nn.Conv2d(width, 2 * width, 1)
        self.heads = nn.Conv2d(2 * width, 4 + BINS_PER_SEMITONE + STRINGS, 1)
        nn.init.zeros_(self.heads.bias)
        nn.init.constant_(self.heads.bias[: 3 + BINS_PER_SEMITONE], RARE_LOG_ODDS)

    def forward(self, audio: Tensor) -> Heard:
        """Hear ``[batch, samples]``; frames are ``ceil(samples / HOP_SAMPLES)``."""
        return self.heard(self.stacked(audio))

    @torch.no_grad()
    def stacked(self, audio: Tensor) -> Tensor:
        """The stacked spectrum of ``[batch, samples]``; wants full precision, or what is faint drowns in rounding."""
        return _stacked(self.front_end(audio))

    def heard(self, stacked: Tensor) -> Heard:
        """What follows from the stacked spectrum; all that is trained."""
        x = self.blocks(functional.relu(self.stem(stacked)))
        out = self.heads(functional.relu(self.join(x))).float()
        onset, sounding, offset = (out[:, channel] for channel in range(3))
        contour = out[:, 3 : 3 + BINS_PER_SEMITONE].permute(0, 2, 3, 1).flatten(2)
        velocity = torch.sigmoid(out[:, 3 + BINS_PER_SEMITONE])
        string = functional.log_softmax(out[:, -STRINGS:], dim=1).transpose(1, 2)
        return Heard(onset, sounding, offset, velocity, contour, string)


def parameters(network: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(parameter.numel() for parameter in network.parameters())
