"""Strokes to sound: one voice per string, each note cut off by the next on its string."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.random import Generator
from scipy.signal import lfilter

from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES
from genesis_music.score import BendPoint
from training.guitar.articulation import SOUNDING_FRET
from training.guitar.bank import PRE_ONSET_SECONDS, Bank, Cell, Waveform
from training.guitar.example import SAMPLE_RATE_HZ, RenderedNote
from training.guitar.hexaphonic import mixed_pickups
from training.guitar.strokes import Manner, Phrase, Stroke

RELEASE_SECONDS = (0.015, 0.09)
CUT_SECONDS = (0.002, 0.008)
DYNAMIC_RANGE_DB = 24
MUTED_SECONDS = {
    Manner.PALM_MUTED: (0.05, 0.25),
    Manner.CHOKED: (0.015, 0.08),
    Manner.DEAD: (0.006, 0.02),
}
"""How long a muted string takes to fall to 1/e."""
GONE_AFTER = 5.0
"""So many times that, a muted note is over: 43 dB down."""
SOFT_TOUCH_SHARE, SOFTEST_TOUCH_SECONDS = 0.3, 0.012
"""Flesh lets go of a string more slowly than nail or pick: attacks rise within up to so long."""
BALANCE_DB = 2.0
"""How much louder or softer than the others a whole string may be (standard deviation)."""
_HARMONIC_OF_FRET = {fret: harmonic for harmonic, fret in SOUNDING_FRET.items()}


@dataclass(frozen=True, eq=False)
class Played:
    """The dry sound, and the notes in it."""

    sound: Waveform
    notes: tuple[RenderedNote, ...]


@dataclass(frozen=True, slots=True)
class _Voice:
    """One string of the phrase on one string of a bank.

    Frets are shifted by ``fret_shift``; the stem runs at ``rate_hz``, so that resampling it to the sample rate brings
    what is left of tuning and detuning. Attacks rise within ``rise_seconds``.
    """

    string: int
    open_pitch_midi: int
    fret_shift: int
    rate_hz: float
    rise_seconds: float


def play(
    phrase: Phrase,
    bank: Bank,
    detune_semitones: tuple[float, ...],
    seconds: float,
    random: Generator,
    hexaphonic: bool = False,
) -> Played:
    """Sound a phrase; ``detune_semitones`` string by string, highest first.

    ``hexaphonic``: as a pickup for every string hears it.
    """
    count = round(seconds * SAMPLE_RATE_HZ)
    stems = np.zeros((6, count), np.float32)
    balance = (10 ** (random.normal(0, BALANCE_DB, 6) / 20)).astype(np.float32)
    rise = random.uniform(0, SOFTEST_TOUCH_SECONDS) if random.random() < SOFT_TOUCH_SHARE else 0.0
    notes: list[RenderedNote] = []
    for string, pitch in enumerate(phrase.open_pitches_midi, start=1):
        own = [stroke for stroke in phrase.strokes if stroke.string == string]
        if not own:
            continue
        voice = _voice(string, pitch, detune_semitones[string - 1], max(s.fret for s in own), bank, rise)
        stem = np.zeros(round((seconds + 0.1) * voice.rate_hz), np.float32)
        notes += _play_string(own, voice, bank, stem, random)
        stems[string - 1] = soxr.resample(stem, voice.rate_hz, SAMPLE_RATE_HZ, "MQ")[:count]
    mix = mixed_pickups(stems, random) if hexaphonic else balance @ stems
    return Played(mix, tuple(sorted(notes, key=lambda note: (note.onset_seconds, note.pitch_midi))))


def _voice(
    string: int, open_pitch: int, detune: float, highest: int, bank: Bank, rise_seconds: float
) -> _Voice:
    shift = open_pitch - STANDARD_OPEN_PITCHES[string - 1]
    by_fret = int(np.clip(shift, 0, max(0, bank.highest_fret - highest)))
    return _Voice(
        string, open_pitch, by_fret, SAMPLE_RATE_HZ * 2 ** ((shift - by_fret + detune) / 12), rise_seconds
    )


def _play_string(
    own: list[Stroke], voice: _Voice, bank: Bank, stem: Waveform, random: Generator
) -> list[RenderedNote]:
    notes = []
    for stroke, after in zip(own, [*own[1:], None], strict=True):
        cut = after is not None and after.onset_seconds - stroke.end_seconds < CUT_SECONDS[1]
        release = random.uniform(*(CUT_SECONDS if cut else RELEASE_SECONDS))
        sound, offset = _sound(stroke, voice, bank, release, random)
        _add(stem, sound, round((stroke.onset_seconds - PRE_ONSET_SECONDS) * voice.rate_hz))
        if offset > 0 and stroke.is_meant:
            notes.append(_label(stroke, voice, offset))
    return notes


def _label(stroke: Stroke, voice: _Voice, offset_seconds: float) -> RenderedNote:
    return RenderedNote(
        stroke.onset_seconds,
        offset_seconds,
        voice.open_pitch_midi + stroke.fret,
        stroke.velocity,
        voice.string,
        stroke.fret,
        stroke.bend,
        stroke.manner is not Manner.DEAD,
    )


def _sound(
    stroke: Stroke, voice: _Voice, bank: Bank, release: float, random: Generator
) -> tuple[Waveform, float]:
    """A stroke's waveform at the stem's rate from ``PRE_ONSET_SECONDS`` before its onset, and when it has ended."""
    harmonic = _HARMONIC_OF_FRET[stroke.fret] if stroke.manner is Manner.HARMONIC else 1
    fret = 0 if harmonic > 1 else stroke.fret + voice.fret_shift
    cell = bank.choose(voice.string, fret, stroke.velocity, random, harmonic)
    duration = stroke.end_seconds - stroke.onset_seconds
    count = round((PRE_ONSET_SECONDS + duration + 5 * release) * voice.rate_hz)
    constant = voice.fret_shift if harmonic > 1 else 0
    sound = _read(bank, cell, stroke.bend, constant, count, voice.rate_hz)
    sound *= np.float32(10 ** ((stroke.velocity - 1) * DYNAMIC_RANGE_DB / 20) / cell.level**0.7)
    sound, muted_seconds = _in_manner(sound, stroke.manner, voice.rate_hz, random)
    _soften(sound, round((PRE_ONSET_SECONDS + voice.rise_seconds) * voice.rate_hz))
    tail = round((PRE_ONSET_SECONDS + duration) * voice.rate_hz)
    if tail < len(sound):
        sound[tail:] *= np.exp(
            -np.arange(len(sound) - tail, dtype=np.float32) / np.float32(release * voice.rate_hz)
        )
    ring = cell.ring_seconds * SAMPLE_RATE_HZ / voice.rate_hz
    return sound, stroke.onset_seconds + min(duration, ring, muted_seconds)


def _read(
    bank: Bank, cell: Cell, bend: tuple[BendPoint, ...], semitones: float, count: int, rate_hz: float
) -> Waveform:
    """The cell's waveform, along the bend at varying speed (cubic interpolation)."""
    source = bank.waveform(cell)
    if not bend and not semitones:
        return source[:count]
    time = np.arange(count) / rate_hz - PRE_ONSET_SECONDS
    curve = semitones + np.interp(
        time, [p.offset_seconds for p in bend] or [0.0], [p.semitones for p in bend] or [0.0]
    )
    position = np.cumsum(2 ** (curve / 12)) - 1
    position = position[: np.searchsorted(position, len(source) - 3)]
    return _interpolated(source, position)


def _interpolated(source: Waveform, position: np.ndarray) -> Waveform:
    """Catmull-Rom through four samples."""
    k = np.maximum(position.astype(np.intp), 1)
    x = (position - k).astype(np.float32)
    a, b, c, d = source[k - 1], source[k], source[k + 1], source[k + 2]
    curved: Waveform = b + 0.5 * x * (c - a + x * (2 * a - 5 * b + 4 * c - d + x * (3 * (b - c) + d - a)))
    return curved


def _soften(sound: Waveform, rise: int) -> None:
    rise = min(rise, len(sound))
    sound[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)


def _in_manner(sound: Waveform, manner: Manner, rate_hz: float, random: Generator) -> tuple[Waveform, float]:
    """How a muting hand or a missing pluck changes the sound, and after how long a muted one is gone."""
    if manner is Manner.LEGATO:
        skip = round(random.uniform(0.005, 0.06) * rate_hz)
        sound = sound[skip:] if len(sound) > 2 * skip else sound
        sound = sound * np.float32(random.uniform(0.4, 1.0))
        _soften(sound, round(random.uniform(0.002, 0.008) * rate_hz))
    if manner not in MUTED_SECONDS:
        return sound, np.inf
    seconds = random.uniform(*MUTED_SECONDS[manner])
    return _damped(sound, seconds, random.uniform(600, 4000), rate_hz), GONE_AFTER * seconds


def _damped(sound: Waveform, seconds: float, cutoff_hz: float, rate_hz: float) -> Waveform:
    """Die away within ``seconds`` (to 1/e), high partials most."""
    pole = np.exp(-2 * np.pi * cutoff_hz / rate_hz)
    dark = lfilter([1 - pole], [1, -pole], sound).astype(np.float32)
    return dark * np.exp(-np.arange(len(sound), dtype=np.float32) / np.float32(seconds * rate_hz))


def _add(stem: Waveform, sound: Waveform, start: int) -> None:
    begin = max(0, start)
    part = sound[begin - start : max(0, len(stem) - start)]
    if len(part):
        stem[begin : begin + len(part)] += part
