"""Guitar-like sounds made on the spot: plucked strings with decaying harmonics."""

import numpy as np

from genesis_music.audio.recording import ArrayAudio
from genesis_music.transcription.basic_pitch import SAMPLE_RATE_HZ


def plucked(pitch_midi, seconds, level=0.3, bend=None):
    """A struck string, damped after ``seconds``; ``bend`` gives semitones at each of an array of times."""
    time = np.arange(int((seconds + 0.1) * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    semitones = pitch_midi - 69 + (0 if bend is None else bend(time))
    phase = 2 * np.pi * np.cumsum(440 * 2 ** (semitones / 12) * np.ones_like(time)) / SAMPLE_RATE_HZ
    harmonics = np.arange(1, 13)
    strength = np.sin(np.pi * harmonics / 5.3) / harmonics**1.2
    partials = [
        s * np.sin(n * phase) * np.exp(-(0.8 + 0.35 * n) * time)
        for n, s in zip(harmonics, strength, strict=True)
        if n * 440 * 2 ** ((pitch_midi - 69) / 12) < 0.4 * SAMPLE_RATE_HZ
    ]
    attack = np.minimum(1, time / 0.002)
    damped = np.exp(-np.maximum(0, time - seconds) / 0.02)
    return level * attack * damped * np.sum(partials, axis=0)


def mixed(*placed, seconds):
    """Audio of tones at their onsets ``(seconds, samples)``, with a little noise as every recording has."""
    out = 1e-4 * np.random.default_rng(0).standard_normal(int(seconds * SAMPLE_RATE_HZ))
    for onset_seconds, tone in placed:
        start = int(onset_seconds * SAMPLE_RATE_HZ)
        out[start : start + len(tone)] += tone[: len(out) - start]
    return ArrayAudio(out.astype(np.float32), SAMPLE_RATE_HZ)
