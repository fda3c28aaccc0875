"""Notes of recorded guitars, brought to every string and fret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES
from training.guitar.bank import LONGEST_SECONDS, PRE_ONSET_SECONDS, BankNote, Waveform
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.strings import Family

HIGHEST_FRET = 22
TAKES = 2
_PITCH = r"(?P<letter>[a-gA-G])(?P<accidental>[#b]?)(?P<octave>\d)"
_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"#": 1, "b": -1, "": 0}
_STRAT_STRINGS = {"E4": 1, "B": 2, "G": 3, "D": 4, "A": 5, "E2": 6}


@dataclass(frozen=True, slots=True)
class Library:
    """Where a recorded guitar lies and how its files are named.

    ``pattern`` has the groups letter, accidental, octave and, where recorded, layer and string.
    """

    name: str
    family: Family
    folder: str
    pattern: str
    layers: tuple[str, ...] = ()
    octave_shift: int = 0


_KARORYFER = rf"^{_PITCH}_(?P<layer>vl\d|p|mp|mf|f)_"
LIBRARIES = (
    Library("shiny-acoustic", "steel", "karoryfer.shinyguitar/Samples/acoustic", _KARORYFER, ("vl1", "vl2", "vl3", "vl4")),
    Library("shiny-electric", "electric", "karoryfer.shinyguitar/Samples/electric", _KARORYFER, ("vl1", "vl2", "vl3", "vl4")),
    Library("emily", "electric", "karoryfer.emilyguitar/notes", _KARORYFER, ("p", "mp", "mf", "f")),
    Library("black", "electric", "karoryfer.black-and-green-guitars/Samples/black/ord", rf"^twang_{_PITCH}_(?P<layer>p|mf|f)_", ("p", "mf", "f"), -1),
    Library("green", "electric", "karoryfer.black-and-green-guitars/Samples/green/ord", rf"^twang_{_PITCH}_(?P<layer>p|mf|f)_", ("p", "mf", "f"), -1),
    Library("spanish", "nylon", "spanish-classical-guitar/samples", rf"^{_PITCH}$"),
    Library("strat", "electric", "nyanshell.strat/samples", rf"^(?P<string>E2|E4|[ADGB])_{_PITCH}_mp_"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sample:
    """One recorded note from ``PRE_ONSET_SECONDS`` before its onset; ``string`` 0 where nobody wrote it down."""

    pitch_midi: int
    layer: float
    string: int
    waveform: Waveform


def read_samples(libraries: Path, library: Library) -> list[Sample]:
    """All notes of a library at 22,050 Hz."""
    samples = []
    for path in sorted((libraries / library.folder).rglob("*")):
        match = re.match(library.pattern, path.stem)
        if match is None or path.suffix not in {".wav", ".flac"}:
            continue
        name = match.groupdict()
        octave = int(name["octave"]) + library.octave_shift
        pitch = _SEMITONES[name["letter"].lower()] + _ACCIDENTALS[name["accidental"]] + 12 * (octave + 1)
        layer = (library.layers.index(name["layer"]) + 0.5) / len(library.layers) if library.layers else 0.6
        data, rate = soundfile.read(path, dtype="float32", always_2d=True)
        waveform = soxr.resample(data.mean(axis=1), rate, SAMPLE_RATE_HZ)
        string = _STRAT_STRINGS.get(name.get("string") or "", 0)
        samples.append(Sample(pitch, layer, string, from_onset(waveform)))
    return samples


def from_onset(waveform: Waveform) -> Waveform:
    """Cut to ``PRE_ONSET_SECONDS`` before the level first rises within 26 dB of the attack's peak."""
    level = np.abs(waveform)
    onset = int(np.argmax(level > 0.05 * level[: SAMPLE_RATE_HZ // 5].max()))
    start = max(0, onset - round(PRE_ONSET_SECONDS * SAMPLE_RATE_HZ))
    return waveform[start : start + round((LONGEST_SECONDS + 1.5) * SAMPLE_RATE_HZ)]


def sampled_notes(libraries: Path, library: Library) -> Iterator[BankNote]:
    """The nearest recorded notes for every string and fret, resampled to its pitch."""
    samples = read_samples(libraries, library)
    layers = sorted({sample.layer for sample in samples})
    for string in range(1, 7):
        own = [sample for sample in samples if sample.string in {0, string}]
        for fret in range(HIGHEST_FRET + 1):
            pitch = STANDARD_OPEN_PITCHES[string - 1] + fret
            for layer in layers:
                near = sorted((s for s in own if s.layer == layer), key=lambda s: abs(s.pitch_midi - pitch))
                for sample in near[:TAKES]:
                    ratio = 2 ** ((pitch - sample.pitch_midi) / 12)
                    shifted = soxr.resample(sample.waveform, SAMPLE_RATE_HZ * ratio, SAMPLE_RATE_HZ)
                    yield BankNote(string, fret, layer, shifted)
