"""The physics that tells one guitar string from another at the same pitch.

Stiffness stretches the partials (Fletcher 1964), ``f_n = n f_0 sqrt((1 + B n^2) / (1 + B))`` with
``B = pi^3 E d^4 / (64 T L^2)`` for a core of diameter ``d``; the pluck and the pickup silence partials with a node
under them; air, fretting finger and inner friction damp high partials first (Bensa et al. 2003). Fretting shortens
``L``, so on one string ``B`` grows by 2 every six frets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from genesis_music.evaluation.guitarset import STANDARD_OPEN_PITCHES

Family = Literal["steel", "nylon", "electric"]
Floats = NDArray[np.float64]

INCH = 0.0254
HARMONICS = (2, 3, 4)
"""Flageolets in use: a finger on the 12th, 7th or 5th fret lets the string sound at 2, 3 or 4 times its pitch."""
STEEL_PASCAL, STEEL_DENSITY = 2.0e11, 7850.0
NYLON_PASCAL, NYLON_DENSITY = 5.0e9, 1100.0
BRONZE_DENSITY, NICKEL_DENSITY = 8800.0, 8600.0
WRAP_STIFFENS = 1.9
"""How many times its core's a wound string's stiffness is: measured on a Stratocaster (see the README)."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A string as sold, in inches; ``core`` equals ``outer`` on a plain string."""

    outer: float
    core: float


def _gauges(*thousandths: tuple[float, float]) -> tuple[Gauge, ...]:
    return tuple(Gauge(outer / 1000, core / 1000) for outer, core in thousandths)


# Outer diameter and core of each string, highest first, as printed on the packets and by the makers.
ELECTRIC_SETS = (
    _gauges((9, 9), (11, 11), (16, 16), (24, 11), (32, 13.5), (42, 15)),
    _gauges((10, 10), (13, 13), (17, 17), (26, 12), (36, 14), (46, 16)),
    _gauges((11, 11), (14, 14), (18, 18), (28, 13), (38, 15), (49, 17)),
    _gauges((12, 12), (16, 16), (24, 12), (32, 14), (42, 16), (52, 18)),
)
STEEL_SETS = (
    _gauges((10, 10), (14, 14), (23, 11), (30, 12), (39, 14), (47, 15)),
    _gauges((11, 11), (15, 15), (22, 11), (32, 13), (42, 15), (52, 16)),
    _gauges((12, 12), (16, 16), (24, 12), (32, 13), (42, 15), (53, 17)),
    _gauges((13, 13), (17, 17), (26, 12), (35, 14), (45, 16), (56, 18)),
)
# The basses are wound on silk-like nylon floss, whose bending stiffness is that of a thinner rod.
NYLON_SETS = (
    _gauges((27.5, 27.5), (31.7, 31.7), (39.7, 39.7), (29, 20), (34, 21), (42, 23)),
    _gauges((28.5, 28.5), (32.7, 32.7), (41, 41), (30, 21), (36, 22), (44, 24)),
)
SETS: dict[Family, tuple[tuple[Gauge, ...], ...]] = {
    "steel": STEEL_SETS,
    "nylon": NYLON_SETS,
    "electric": ELECTRIC_SETS,
}


@dataclass(frozen=True, slots=True)
class StringSpec:
    """One string of a guitar, open: its B, how fast its lowest partials die, and what each kHz adds to that."""

    open_pitch_midi: int
    stiffness: float
    decay_per_second: float
    decay_per_second_khz: float

    def frequency_hz(self, fret: float) -> float:
        """The fundamental, in tune."""
        return midi_to_hz(self.open_pitch_midi + fret)

    def inharmonicity(self, fret: float) -> float:
        """B of the string stopped at ``fret``."""
        return float(self.stiffness * 2 ** (fret / 6))

    def decay(self, fret: float, frequency_hz: Floats) -> Floats:
        """Decay rate in 1/s (nepers) at each frequency; the finger damps a stopped string more the shorter it is."""
        shorter = 2 ** (fret / DECAY_DOUBLES_IN_FRETS)
        decay: Floats = shorter * (self.decay_per_second + self.decay_per_second_khz * frequency_hz / 1000)
        return decay


@dataclass(frozen=True, slots=True)
class Guitar:
    """A guitar to compute: strings (highest first), where it is plucked and heard, as parts of the open string."""

    family: Family
    strings: tuple[StringSpec, ...]
    pluck_from_bridge: float
    pickup_from_bridge: float | None
    brightness_hz: float


def midi_to_hz(pitch: float) -> float:
    """Equal temperament at A4 = 440 Hz."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def stiffness(gauge: Gauge, family: Family, frequency_hz: float, scale_m: float) -> float:
    """B of an open string from its gauge, tuning and length (see the module's formula)."""
    nylon = family == "nylon"
    core_density, modulus = (NYLON_DENSITY, NYLON_PASCAL) if nylon else (STEEL_DENSITY, STEEL_PASCAL)
    wrap_density = NICKEL_DENSITY if family == "electric" else BRONZE_DENSITY
    core, wrap = gauge.core * INCH, (gauge.outer - gauge.core) / 2 * INCH
    mass_per_m = core_density * np.pi * core**2 / 4 + wrap_density * np.pi**2 / 4 * wrap * (core + wrap)
    tension = mass_per_m * (2 * scale_m * frequency_hz) ** 2
    stiffer = WRAP_STIFFENS if wrap > 0 else 1.0
    return float(stiffer * np.pi**3 * modulus * core**4 / (64 * tension * scale_m**2))


def partials_hz(frequency_hz: float, inharmonicity: float, highest_hz: float) -> Floats:
    """Frequencies of all partials below ``highest_hz``."""
    count = max(1, int(highest_hz / frequency_hz))
    n = np.arange(1, count + 1)
    partials: Floats = n * frequency_hz * np.sqrt((1 + inharmonicity * n**2) / (1 + inharmonicity))
    return partials[partials < highest_hz]


_DECAY: dict[Family, tuple[float, float, float]] = {
    "steel": (0.9, 0.5, 1.6),
    "nylon": (0.9, 2.0, 2.2),
    "electric": (0.7, 0.4, 1.2),
}
"""Decay rates of open strings as measured on the recorded guitars: lowest partials; per kHz plain, wound."""
DECAY_DOUBLES_IN_FRETS = 15


def random_guitar(family: Family, random: Generator) -> Guitar:
    """Draw a guitar: gauges, scale length, age of the strings, hand and pickup position."""
    gauges = SETS[family][random.integers(len(SETS[family]))]
    scale_m = random.uniform(0.615, 0.66)
    age = random.lognormal(0, 0.5)
    return Guitar(
        family,
        tuple(
            typical_string(gauge, pitch, family, scale_m, age, random)
            for gauge, pitch in zip(gauges, STANDARD_OPEN_PITCHES, strict=True)
        ),
        pluck_from_bridge=random.uniform(0.08, 0.30),
        pickup_from_bridge=random.uniform(0.06, 0.27) if family == "electric" else None,
        brightness_hz=random.uniform(1500, 6000) * (0.6 if family == "nylon" else 1.0),
    )


def typical_string(
    gauge: Gauge, pitch: int, family: Family, scale_m: float, age: float, random: Generator
) -> StringSpec:
    """A string as physics and measured decay say it is, give or take what strings differ by."""
    slow, plain, wound = _DECAY[family]
    per_khz = wound * age if gauge.core < gauge.outer else plain * age**0.5
    return StringSpec(
        pitch,
        stiffness(gauge, family, midi_to_hz(pitch), scale_m) * random.lognormal(0, 0.15),
        slow * random.lognormal(0, 0.25),
        per_khz * random.lognormal(0, 0.15),
    )
