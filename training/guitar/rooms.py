"""What lies between guitar and recording: room, distance, echoes, colour. All linear, so all one multiplication."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.guitar.bank import Waveform
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.modal import random_body

REVERB_SECONDS = (0.1, 0.9)
MOST_WET = 0.5

Response = NDArray[np.complex64]
Magnitude = NDArray[np.float32]
_SIZE = 8192
FREQUENCIES_HZ = np.maximum(np.fft.rfftfreq(_SIZE, 1 / SAMPLE_RATE_HZ), 1.0).astype(np.float32)
"""Where magnitudes are given."""
_OCTAVES = np.log2(np.maximum(FREQUENCIES_HZ, 40) / 40)
_FAINTEST = 1e-4


def fft_size(count: int) -> int:
    """A fast size with room for the reverberation of ``count`` samples."""
    return int(2 ** np.ceil(np.log2(count + REVERB_SECONDS[1] * SAMPLE_RATE_HZ)))


def apply(sound: Waveform, response: Response, size: int) -> Waveform:
    """Filter by a response for ``rfft`` of ``size``."""
    filtered = np.fft.irfft(np.fft.rfft(sound, size) * response, size)
    return filtered[: len(sound)].astype(np.float32)


def minimum_phase(magnitude: Magnitude, size: int) -> Response:
    """The response with this magnitude at ``FREQUENCIES_HZ`` that rings after the sound only, as nature's do.

    By folding the real cepstrum (Oppenheim and Schafer).
    """
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, _FAINTEST)), _SIZE)
    cepstrum[1 : _SIZE // 2] *= 2
    cepstrum[_SIZE // 2 + 1 :] = 0
    impulse = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), _SIZE)
    response: Response = np.fft.rfft(impulse.astype(np.float32), size)
    return response


def smooth_eq(random: Generator) -> Magnitude:
    """A smooth random frequency response, a few dB up and down per octave (standard deviation up to 6 dB)."""
    gain_db = np.interp(_OCTAVES, np.linspace(0, 8.2, 10), random.normal(0, random.uniform(0.5, 6), 10))
    return (10 ** (gain_db / 20)).astype(np.float32)


def wooden_body(random: Generator) -> Magnitude:
    """An acoustic body's resonances, for a string that was recorded by a pickup."""
    return random_body("steel", random).response(np.maximum(FREQUENCIES_HZ, 20)).astype(np.float32)


def room(size: int, random: Generator, most_wet: float = MOST_WET) -> Response:
    """A room: the direct sound, early reflections, exponentially decaying noise; highs die first.

    The farther the microphone, the stronger the room; the direct sound always comes at time 0.
    """
    seconds = random.uniform(*REVERB_SECONDS)
    count = round(min(1.2 * seconds, 0.9) * SAMPLE_RATE_HZ)
    time = np.arange(count, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    noise = random.standard_normal(count, dtype=np.float32)
    dull = random.uniform(0.2, 0.8)
    darker = np.cumsum(noise) - np.concatenate([np.zeros(4, np.float32), np.cumsum(noise)[:-4]])
    fade = np.exp(-time / np.float32(0.25 * seconds))
    impulse = (fade * noise * (1 - dull) + (1 - fade) * darker * 0.5) * 10 ** (
        -3 * time / np.float32(seconds)
    )
    impulse[: round(random.uniform(0.001, 0.02) * SAMPLE_RATE_HZ)] = 0
    early = (random.uniform(0.001, 0.03, 6) * SAMPLE_RATE_HZ).astype(np.intp)
    impulse[np.minimum(early, count - 1)] += random.normal(0, 2.0, 6)
    impulse *= random.uniform(0.03, most_wet) / np.sqrt(np.sum(impulse**2))
    impulse[0] = 1
    return np.fft.rfft(impulse.astype(np.float32), size)


def echo(size: int, random: Generator) -> Response:
    """A delay pedal: ever weaker repeats."""
    seconds, level, feedback = random.uniform(0.08, 0.6), random.uniform(0.05, 0.35), random.uniform(0, 0.5)
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ) * seconds)
    response: Response = (1 + level * turn / (1 - feedback * turn)).astype(np.complex64)
    return response


def distance(random: Generator) -> Magnitude:
    """A far or cheap microphone: some highs and lows are missing."""
    dull = (1 + (FREQUENCIES_HZ / random.uniform(2500, 12000)) ** 2) ** -0.5
    thin = (1 + (random.uniform(20, 150) / FREQUENCIES_HZ) ** 2) ** -0.5
    return (dull * thin).astype(np.float32)


def brightness(random: Generator) -> Magnitude:
    """A pickup near the bridge: up to 6 dB per octave more from some hundred hertz on."""
    corner_hz = random.uniform(200, 3000)
    tilt: Magnitude = np.minimum(1 + (FREQUENCIES_HZ / corner_hz) ** 2, 400) ** random.uniform(0, 0.5)
    return tilt


def telephone(random: Generator) -> Magnitude:
    """A phone's band: from the old line's 300-3400 Hz to a modern 60-8000 Hz, with a bumpy response inside."""
    low = float(np.exp(random.uniform(np.log(60), np.log(350))))
    high = float(np.exp(random.uniform(np.log(3200), np.log(8000))))
    order = random.integers(2, 6)
    low_cut = (1 + (low / FREQUENCIES_HZ) ** (2 * order)) ** -0.5
    high_cut = (1 + (FREQUENCIES_HZ / high) ** (4 * order)) ** -0.5
    return (low_cut * high_cut * smooth_eq(random)).astype(np.float32)
