"""A pickup for every string, mixed to one: dry and bright, strings out of balance, neighbours heard faintly.

Such recordings are often cleaned of what a pickup hears of the other strings by masks over the spectrogram (as in
Prätzlich, Bittner, Liutkus, Müller: "Kernel Additive Modeling for Interference Reduction …", ICASSP 2015; here one
plain Wiener mask, not refined in turns). Masks eat soft notes whose partials meet those of a loud string, and smear
attacks.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.guitar.bank import Waveform

BALANCE_DB = 5.0
"""How much louder or softer than the others a pickup may be (standard deviation)."""
NEIGHBOUR_DB = (-34.0, -12.0)
CLEANED_SHARE = 0.7
SUSPICION_DB = (-20.0, 0.0)
"""How much of the other pickups' power a mask takes for its own pickup's bleed."""
WINDOWS = (512, 1024, 2048)


def mixed_pickups(strings: Waveform, random: Generator) -> Waveform:
    """One sound from the sounds of the strings ``[strings, samples]``, highest first."""
    count = len(strings)
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    bleed = 10 ** ((random.uniform(*NEIGHBOUR_DB) - 6.0 * (apart - 1)) / 20)
    np.fill_diagonal(bleed, 1.0)
    heard = (bleed @ strings).astype(np.float32)
    if random.random() < CLEANED_SHARE:
        heard = cleaned(heard, 10 ** (random.uniform(*SUSPICION_DB) / 10), int(random.choice(WINDOWS)))
    balance = 10 ** (random.normal(0, BALANCE_DB, count) / 20)
    mixed: Waveform = (balance @ heard).astype(np.float32)
    return mixed


def cleaned(heard: Waveform, suspicion: float, window: int) -> Waveform:
    """Every pickup's sound ``[pickups, samples]`` where it is louder than a share of all others (Wiener masks)."""
    hop = window // 2
    frames = -(-heard.shape[1] // hop) + 1
    padded = np.zeros((len(heard), (frames + 1) * hop), np.float32)
    padded[:, hop : hop + heard.shape[1]] = heard
    shape = np.sqrt(np.hanning(window + 1)[:-1]).astype(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(padded, window, axis=1)[:, ::hop]
    spectra = np.fft.rfft(views * shape).astype(np.complex64)
    power = _power(spectra)
    others = power.sum(axis=0) - power
    spectra *= power / (power + np.float32(suspicion) * others + np.float32(1e-12))
    back = (np.fft.irfft(spectra, window) * shape).astype(np.float32)
    out = np.zeros_like(padded)
    out[:, :-hop] += back[..., :hop].reshape(len(heard), -1)
    out[:, hop:] += back[..., hop:].reshape(len(heard), -1)
    return out[:, hop : hop + heard.shape[1]]


def _power(spectra: NDArray[np.complex64]) -> Waveform:
    power: Waveform = spectra.real**2 + spectra.imag**2
    return power
