"""Compute the sound of a plucked string as the sum of its damped partials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.strings import Family, Floats, Guitar, partials_hz

HIGHEST_HZ = 10600.0
ATTACK_SECONDS = 0.0012
_BLOCK = 320


@dataclass(frozen=True, eq=False)
class Body:
    """Resonances of the wood: they colour partials, and thump when a string is plucked."""

    centre_hz: Floats
    gain: Floats
    width_octaves: Floats
    thump: float

    def response(self, frequency_hz: Floats) -> Floats:
        """Gain at each frequency."""
        octaves = np.log2(frequency_hz[:, None] / self.centre_hz) / self.width_octaves
        response: Floats = 0.5 + (self.gain / (1 + octaves**2)).sum(axis=1)
        return response


def random_body(family: Family, random: Generator) -> Body:
    """An air and a top resonance of an acoustic guitar, and a dozen above; an electric's are weak."""
    low = [random.uniform(85, 130), random.uniform(170, 260)]
    centre = np.array([*low, *np.exp(random.uniform(np.log(300), np.log(8000), 12))])
    strength = 0.25 if family == "electric" else 1.0
    gain = strength * random.uniform(0.3, 2.5, len(centre))
    thump = 0.0 if family == "electric" else random.uniform(0.05, 0.5)
    return Body(centre, gain, random.uniform(0.08, 0.4, len(centre)), thump)


def pluck(
    guitar: Guitar,
    body: Body,
    string: int,
    fret: int,
    hardness: float,
    seconds: float,
    random: Generator,
    harmonic: int = 1,
) -> NDArray[np.float32]:
    """The note at ``fret`` of ``string`` (1 = highest), from its onset on; ``hardness`` 0..1 brightens it.

    A ``harmonic`` above 1 leaves only every so-many-th partial of the string, as a finger on a node does.
    """
    spec = guitar.strings[string - 1]
    f0 = spec.frequency_hz(fret)
    frequency = partials_hz(f0, spec.inharmonicity(fret), HIGHEST_HZ)
    n = np.arange(1, len(frequency) + 1)
    shortened = 2 ** (-fret / 12)
    at = min(0.5, guitar.pluck_from_bridge * random.uniform(0.75, 1.3) / shortened)
    softness_hz = guitar.brightness_hz * 2 ** (2 * hardness - 1)
    amplitude = (0.03 + np.abs(np.sin(np.pi * n * at))) / n * np.exp(-frequency / softness_hz / 2)
    if guitar.pickup_from_bridge is not None:
        heard = min(0.9, guitar.pickup_from_bridge / shortened)
        amplitude = amplitude * n**0.5 * (0.05 + np.abs(np.sin(np.pi * n * heard)))
    amplitude = amplitude * body.response(frequency) * (n % harmonic == 0)
    decay = spec.decay(fret, frequency) * random.lognormal(0, 0.3, len(n))
    second = random.uniform(0.1, 0.45)
    split_hz = random.normal(0, 0.15, len(n)) * np.sqrt(n)
    signs = random.choice((-1.0, 1.0), len(n))
    tone = _sum_of_partials(
        np.concatenate([frequency, frequency + split_hz]),
        np.concatenate([decay, decay * 0.4]),
        np.concatenate([signs * amplitude, signs * second * amplitude]),
        round(seconds * SAMPLE_RATE_HZ),
    )
    ramp = round(ATTACK_SECONDS * SAMPLE_RATE_HZ)
    tone[:ramp] *= np.linspace(0, 1, ramp)
    peak = float(np.abs(tone).max())
    return (tone + peak * _attack(body, len(tone), hardness, random)).astype(np.float32)


def _sum_of_partials(frequency: Floats, decay: Floats, amplitude: Floats, count: int) -> Floats:
    """Blocks of samples as one matrix product: every block is the first one, turned and damped."""
    step = (-decay + 2j * np.pi * frequency) / SAMPLE_RATE_HZ
    blocks = -(-count // _BLOCK)
    within = np.exp(np.outer(step, np.arange(_BLOCK))).astype(np.complex64)
    starts = (amplitude * np.exp(np.outer(np.arange(blocks) * _BLOCK, step))).astype(np.complex64)
    summed = starts.real @ within.real - starts.imag @ within.imag
    return summed.reshape(-1)[:count].astype(np.float64)


def _attack(body: Body, count: int, hardness: float, random: Generator) -> Floats:
    """The click of finger or pick, and the knock of the body; relative to the tone's peak."""
    attack = np.zeros(count)
    length = min(count, SAMPLE_RATE_HZ // 4)
    time = np.arange(length) / SAMPLE_RATE_HZ
    noise = random.standard_normal(length) * np.exp(-time / random.uniform(0.002, 0.008))
    kernel = np.hanning(2 * random.integers(1, 5) + 1)
    attack[:length] = (0.02 + 0.08 * hardness) * np.convolve(noise, kernel / kernel.sum(), "same")
    for centre, gain in zip(body.centre_hz[:2], body.gain[:2], strict=True):
        knock = np.sin(2 * np.pi * centre * time) * np.exp(-time / random.uniform(0.02, 0.05))
        attack[:length] += 0.15 * body.thump * gain * knock
    return attack
