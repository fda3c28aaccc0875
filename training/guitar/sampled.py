"""Notes of recorded guitars, brought to every string and fret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr

from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES
from training.guitar.bank import LONGEST_SECONDS, BankNote, Waveform
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.inharmonicity import Measured, measure
from training.guitar.libraries import Sample, from_onset
from training.guitar.shaping import flageolet, restring
from training.guitar.soundfont import render_notes
from training.guitar.strings import (
    HARMONICS,
    SETS,
    Family,
    Floats,
    Gauge,
    StringSpec,
    midi_to_hz,
    random_guitar,
    typical_string,
)

HIGHEST_FRET = 22
LOWEST_FRET = -12
"""The lowest string may have been tuned down for the recording."""
FRET_COST = 0.02
"""What a fret higher up costs beside the logarithm of B: players start low."""
TAKES = 2
OTHER_STRING_SEMITONES = 2.0
"""How far a sample of the right string may be tuned before one of another string is taken."""
TYPICAL_SCALE_M = 0.645
SOUNDFONT_PITCHES = tuple(range(40, 89, 2))
SOUNDFONT_VELOCITIES = (60, 115)


def soundfont_samples(soundfont: Path, program: int) -> list[Sample]:
    """A General MIDI guitar, every other semitone, soft and loud.

    Raises:
        InputError: FluidSynth is not installed or cannot read the SoundFont.
    """
    return [
        Sample(pitch, velocity / 127, 0, from_onset(sound))
        for velocity in SOUNDFONT_VELOCITIES
        for pitch, sound in zip(
            SOUNDFONT_PITCHES,
            render_notes(soundfont, program, SOUNDFONT_PITCHES, velocity, LONGEST_SECONDS),
            strict=True,
        )
    ]


def sampled_notes(samples: Sequence[Sample], family: Family, restrung: bool = False) -> Iterator[BankNote]:
    """The nearest recorded notes for every string and fret, in tune, and with that string's colour.

    ``restrung``: not the strings that the guitar was recorded with, but others of its family.
    """
    random = np.random.default_rng(len(samples) + restrung)
    recorded, specs = _with_strings(samples, family)
    if restrung:
        others = random_guitar(family, random).strings
        specs = tuple(
            replace(spec, stiffness=other.stiffness) for spec, other in zip(specs, others, strict=True)
        )
    pluck_from_bridge = random.uniform(0.1, 0.25)
    for string, becomes in enumerate(specs, start=1):
        for fret in range(HIGHEST_FRET + 1):
            for layer in sorted({sample.layer for sample in samples}):
                takes = [item for item in recorded if item.sample.layer == layer]
                takes.sort(key=lambda item: item.cost(string, becomes.open_pitch_midi + fret))
                for take in takes[:TAKES]:
                    sound = take.on(becomes, fret, pluck_from_bridge)
                    yield BankNote(string, fret, layer, sound)
                    if fret == 0:
                        for harmonic in HARMONICS:
                            yield BankNote(string, 0, layer, flageolet(sound, becomes, harmonic), harmonic)


def _with_strings(
    samples: Sequence[Sample], family: Family
) -> tuple[list[_Recorded], tuple[StringSpec, ...]]:
    measured = [measure(sample.waveform, midi_to_hz(sample.pitch_midi)) for sample in samples]
    inharmonicities = typical_inharmonicities(samples, measured)
    strings = infer_strings(samples, inharmonicities, family)
    recorded = [
        _Recorded(sample, found.frequency_hz, b, strings.specs[string - 1], string)
        for sample, found, b, string in zip(
            samples, measured, inharmonicities, strings.of_samples, strict=True
        )
    ]
    return recorded, strings.specs


@dataclass(frozen=True, eq=False)
class _Recorded:
    """A sample, what was measured on it, and the string it was played on."""

    sample: Sample
    frequency_hz: float
    inharmonicity: float
    spec: StringSpec
    string: int

    def cost(self, string: int, pitch: int) -> float:
        """How far this sample is from what is wanted; the same string is worth some semitones."""
        distance = abs(self.sample.pitch_midi - pitch)
        return distance + (0.0 if self.string == string else OTHER_STRING_SEMITONES)

    def on(self, becomes: StringSpec, fret: int, pluck_from_bridge: float) -> Waveform:
        """At the exact pitch of another string's fret, with that string's colour."""
        wanted_hz = becomes.frequency_hz(fret)
        tuned = soxr.resample(
            self.sample.waveform, SAMPLE_RATE_HZ * wanted_hz / self.frequency_hz, SAMPLE_RATE_HZ
        )
        return restring(
            tuned[: round(LONGEST_SECONDS * SAMPLE_RATE_HZ)],
            wanted_hz,
            self.spec,
            self.inharmonicity,
            becomes,
            pluck_from_bridge,
        )


@dataclass(frozen=True, slots=True)
class InferredStrings:
    """The strings of a recorded guitar, highest first, and which of them each sample was played on."""

    specs: tuple[StringSpec, ...]
    of_samples: tuple[int, ...]


def infer_strings(
    samples: Sequence[Sample], inharmonicities: Sequence[float], family: Family
) -> InferredStrings:
    """Tell from each note's inharmonicity on which string it was played.

    Two strings give the same pitch with B differing by a factor of 2 or more. Starting from the physics of each
    set of strings on sale, notes choose the string whose B fits best and strings the B that fits their notes; the
    set that ends nearest to the notes wins.
    """
    pitches = np.array([sample.pitch_midi for sample in samples])
    known = np.array([sample.string for sample in samples])
    frets = pitches[:, None] - np.array(STANDARD_OPEN_PITCHES)
    open_b = np.log(np.maximum(inharmonicities, 1e-6))[:, None] - frets * np.log(2) / 6
    lowest = np.array([0, 0, 0, 0, 0, LOWEST_FRET])
    unlikely = FRET_COST * np.maximum(frets, 0) + np.where((frets < lowest) | (frets > HIGHEST_FRET), 1e6, 0)
    unlikely = np.where(known[:, None] == np.arange(1, 7), -1e9, unlikely)
    fits = [_fit_strings(_typical_strings(gauges, family), open_b, unlikely) for gauges in SETS[family]]
    return min(fits, key=lambda fit: fit[0])[1]


def _typical_strings(gauges: Sequence[Gauge], family: Family) -> list[StringSpec]:
    random = np.random.default_rng(0)
    return [
        typical_string(gauge, pitch, family, TYPICAL_SCALE_M, 1.0, random)
        for gauge, pitch in zip(gauges, STANDARD_OPEN_PITCHES, strict=True)
    ]


def _fit_strings(specs: list[StringSpec], open_b: Floats, unlikely: Floats) -> tuple[float, InferredStrings]:
    """Turn by turn: the string of every note, the B of every string."""
    for _ in range(10):
        cost = np.abs(open_b - np.log([spec.stiffness for spec in specs])) + unlikely
        chosen = cost.argmin(axis=1)
        for string in range(6):
            own = open_b[chosen == string, string]
            if len(own):
                specs[string] = replace(specs[string], stiffness=float(np.exp(np.median(own))))
    return float(cost.min(axis=1).sum()), InferredStrings(tuple(specs), tuple(int(c) + 1 for c in chosen))


def typical_inharmonicities(samples: Sequence[Sample], measured: Sequence[Measured]) -> list[float]:
    """B of each sample, the middle one of all takes of the same note."""
    return [
        float(
            np.median(
                [
                    found.inharmonicity
                    for other, found in zip(samples, measured, strict=True)
                    if (other.pitch_midi, other.string) == (sample.pitch_midi, sample.string)
                ]
            )
        )
        for sample in samples
    ]
