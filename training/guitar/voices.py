"""Strokes to sound: one voice per string, each note cut off by the next on its string."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.random import Generator
from numpy.typing import NDArray

from training.guitar.bank import PRE_ONSET_SECONDS, Bank, Waveform
from training.guitar.example import SAMPLE_RATE_HZ, RenderedNote
from training.guitar.strokes import Manner, Phrase, Stroke

RELEASE_SECONDS = (0.015, 0.09)
_STANDARD = (64, 59, 55, 50, 45, 40)


@dataclass(frozen=True, slots=True)
class _Voice:
    """A string of the phrase on a string of the bank, ``ratio`` times as high as the bank's is tuned."""

    string: int
    fret_shift: int
    ratio: float


def play(
    phrase: Phrase, bank: Bank, detune_semitones: tuple[float, ...], seconds: float, random: Generator
) -> tuple[Waveform, list[RenderedNote]]:
    """The dry sound of a phrase and its notes; ``detune_semitones`` string by string, highest first."""
    mix = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    notes: list[RenderedNote] = []
    for string, pitch in enumerate(phrase.open_pitches_midi, start=1):
        own = [stroke for stroke in phrase.strokes if stroke.string == string]
        if not own:
            continue
        voice = _voice(string, pitch, detune_semitones[string - 1], max(s.fret for s in own), bank)
        stem = np.zeros(round((seconds + 0.1) * voice.ratio * SAMPLE_RATE_HZ), np.float32)
        for stroke, after in zip(own, [*own[1:], None], strict=True):
            cut = after is not None and after.onset_seconds - stroke.end_seconds < 0.01
            offset = _strike(stem, stroke, voice, bank, cut, random)
            if offset > 0:
                notes.append(
                    RenderedNote(
                        stroke.onset_seconds,
                        offset,
                        pitch + stroke.fret,
                        stroke.velocity,
                        string,
                        stroke.fret,
                        stroke.bend,
                        stroke.manner is not Manner.DEAD,
                    )
                )
        sound = soxr.resample(stem, SAMPLE_RATE_HZ * voice.ratio, SAMPLE_RATE_HZ, "MQ")
        mix += sound[: len(mix)]
    return mix, sorted(notes, key=lambda note: (note.onset_seconds, note.pitch_midi))


def _voice(string: int, open_pitch: int, detune: float, highest: int, bank: Bank) -> _Voice:
    """Other tunings and capos shift the frets; what frets cannot reach is left to the tape speed."""
    shift = open_pitch - _STANDARD[string - 1]
    shift_by_fret = int(np.clip(shift, 0, max(0, bank.highest_fret - highest)))
    return _Voice(string, shift_by_fret, 2 ** ((shift - shift_by_fret + detune) / 12))


def _strike(stem: Waveform, stroke: Stroke, voice: _Voice, bank: Bank, cut: bool, random: Generator) -> float:
    """Add a note to its string's stem (which runs at ``ratio``); returns when it has ended."""
    cell = bank.choose(voice.string, stroke.fret + voice.fret_shift, stroke.velocity, random)
    rate = SAMPLE_RATE_HZ * voice.ratio
    duration = stroke.end_seconds - stroke.onset_seconds
    release = random.uniform(0.002, 0.006) if cut else random.uniform(*RELEASE_SECONDS)
    source = bank.waveform(cell)
    count = min(len(source), round((PRE_ONSET_SECONDS + duration + 5 * release) * rate))
    sound = source[:count] * np.float32(10 ** ((stroke.velocity - 1) * 24 / 20) / cell.level**0.7)
    tail = round((PRE_ONSET_SECONDS + duration) * rate)
    if tail < count:
        time = np.arange(count - tail, dtype=np.float32) / np.float32(release * rate)
        sound[tail:] *= np.exp(-time)
    _add(stem, sound, round((stroke.onset_seconds - PRE_ONSET_SECONDS) * rate))
    return stroke.onset_seconds + min(duration, cell.ring_seconds / voice.ratio)


def _add(stem: Waveform, sound: NDArray[np.float32], start: int) -> None:
    begin = max(0, start)
    part = sound[begin - start : len(stem) - start]
    if len(part):
        stem[begin : begin + len(part)] += part
