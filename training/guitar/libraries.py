"""Recorded guitars on disk: which there are, how their files are named, their notes cut to the onset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from training.guitar.bank import PRE_ONSET_SECONDS, Waveform
from training.guitar.example import SAMPLE_RATE_HZ
from training.guitar.strings import Family

KEPT_SECONDS = 8.0
_PITCH = r"(?P<letter>[a-gA-G])(?P<accidental>[#b]?)(?P<octave>\d)"
_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"#": 1, "S": 1, "b": -1, "": 0}
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


_LAYERED = rf"^{_PITCH}_(?P<layer>vl\d|p|mp|mf|f)_"
_TWANG = rf"^twang_{_PITCH}_(?P<layer>p|mf|f)_"
_SHARPS = r"^(?P<letter>[A-G])(?P<accidental>S?)(?P<octave>\d)$"
_SHINY = "karoryfer.shinyguitar/Samples"
_BLACK_AND_GREEN = "karoryfer.black-and-green-guitars/Samples"
LIBRARIES = (
    Library("shiny-acoustic", "steel", f"{_SHINY}/acoustic", _LAYERED, ("vl1", "vl2", "vl3", "vl4")),
    Library("shiny-electric", "electric", f"{_SHINY}/electric", _LAYERED, ("vl1", "vl2", "vl3", "vl4")),
    Library("emily", "electric", "karoryfer.emilyguitar/notes", _LAYERED, ("p", "mp", "mf", "f")),
    Library("black", "electric", f"{_BLACK_AND_GREEN}/black/ord", _TWANG, ("p", "mf", "f"), -1),
    Library("green", "electric", f"{_BLACK_AND_GREEN}/green/ord", _TWANG, ("p", "mf", "f"), -1),
    Library("flat-top", "steel", "MyTuner/client/src/data/guitar_sounds", _SHARPS),
    Library("spanish", "nylon", "spanish-classical-guitar/samples", rf"^{_PITCH}$"),
    Library("strat", "electric", "nyanshell.strat/samples", rf"^(?P<string>E2|E4|[ADGB])_{_PITCH}_mp_"),
)


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
        if match is None or path.suffix not in {".wav", ".flac", ".mp3"}:
            continue
        name = match.groupdict()
        octave = int(name["octave"]) + library.octave_shift
        pitch = _SEMITONES[name["letter"].lower()] + _ACCIDENTALS[name["accidental"]] + 12 * (octave + 1)
        layer = (library.layers.index(name["layer"]) + 0.5) / len(library.layers) if library.layers else 0.6
        string = _STRAT_STRINGS.get(name.get("string") or "", 0)
        samples.append(Sample(pitch, layer, string, from_onset(read_mono(path))))
    return samples


def read_mono(path: Path) -> Waveform:
    """The mean of an audio file's channels at ``SAMPLE_RATE_HZ``."""
    data, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono: Waveform = soxr.resample(data.mean(axis=1), rate, SAMPLE_RATE_HZ)
    return mono


def from_onset(waveform: Waveform) -> Waveform:
    """At most ``KEPT_SECONDS``, from ``PRE_ONSET_SECONDS`` before the level comes within 26 dB of the attack's peak."""
    level = np.abs(waveform)
    onset = int(np.argmax(level > 0.05 * level[: SAMPLE_RATE_HZ // 5].max()))
    start = max(0, onset - round(PRE_ONSET_SECONDS * SAMPLE_RATE_HZ))
    return waveform[start : start + round(KEPT_SECONDS * SAMPLE_RATE_HZ)]
