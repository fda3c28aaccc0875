"""What lossy compression does to a sound: real MP3 and AAC, and a quick stand-in."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.random import Generator

from training.guitar.bank import Waveform
from training.guitar.example import SAMPLE_RATE_HZ

CODECS = (("libmp3lame", "mp3"), ("aac", "adts"))
BIT_RATES = (24_000, 32_000, 40_000, 56_000, 64_000, 96_000, 128_000)
_HOP = 512
_BAND_EDGES = np.unique(np.round(np.geomspace(4, _HOP, 22))).astype(int)


def compress_really(sound: Waveform, random: Generator) -> Waveform:
    """Through an encoder and back, its delay taken off."""
    codec, container = CODECS[random.integers(len(CODECS))]
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=SAMPLE_RATE_HZ, layout="mono")
        stream.bit_rate = int(random.choice(BIT_RATES))
        frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        for packet in (*stream.encode(frame), *stream.encode(None)):
            output.mux(packet)
    file.seek(0)
    with av.open(file) as coded:
        decoded = np.concatenate([frame.to_ndarray()[0] for frame in coded.decode(audio=0)])
    return _aligned(decoded.astype(np.float32), sound)


def _aligned(late: Waveform, sound: Waveform) -> Waveform:
    size = int(2 ** np.ceil(np.log2(len(late) + len(sound))))
    match = np.fft.irfft(np.fft.rfft(late, size) * np.conj(np.fft.rfft(sound, size)), size)
    delay = int(np.argmax(match[: SAMPLE_RATE_HZ // 4]))
    aligned = late[delay : delay + len(sound)]
    return np.pad(aligned, (0, len(sound) - len(aligned)))


def compress_roughly(sound: Waveform, random: Generator) -> Waveform:
    """Quantise a lapped cosine transform band by band and drop what is faint, as such codecs do."""
    frames = -(-len(sound) // _HOP) + 1
    padded = np.zeros((frames + 1) * _HOP, np.float32)
    padded[_HOP : _HOP + len(sound)] = sound
    window = np.sin(np.pi * (np.arange(2 * _HOP) + 0.5) / (2 * _HOP)).astype(np.float32)
    lapped = np.lib.stride_tricks.sliding_window_view(padded, 2 * _HOP)[::_HOP] * window
    lines = lapped @ _BASIS
    lines[:, round(random.uniform(5000, 11000) / SAMPLE_RATE_HZ * 2 * _HOP) :] = 0
    bands = np.sqrt(np.add.reduceat(lines**2, _BAND_EDGES[:-1], axis=1) / np.diff(_BAND_EDGES))
    masked = np.maximum(bands, 0.2 * bands.max(axis=1, keepdims=True) * 10 ** (-random.uniform(30, 50) / 20))
    coarse = np.float32(random.uniform(0.3, 1.2))
    step = np.repeat(coarse * masked, np.diff(_BAND_EDGES), axis=1) + np.float32(1e-9)
    lines[:, _BAND_EDGES[0] :] = np.round(lines[:, _BAND_EDGES[0] :] / step) * step
    back = (lines @ _BASIS.T) * window * np.float32(1 / _HOP)
    out = np.zeros_like(padded)
    out[:-_HOP].reshape(-1, _HOP)[:] += back[:, :_HOP]
    out[_HOP:].reshape(-1, _HOP)[:] += back[:, _HOP:]
    return out[_HOP : _HOP + len(sound)]


def _basis() -> Waveform:
    """The modified discrete cosine transform as a matrix ``[2 hop, hop]``."""
    time = np.arange(2 * _HOP)[:, None] + 0.5 + _HOP / 2
    return (np.sqrt(2.0) * np.cos(np.pi / _HOP * time * (np.arange(_HOP) + 0.5))).astype(np.float32)


_BASIS = _basis()
