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
STEEL_PASCAL, STEEL_DENSITY = 2.0e11, 7850.0
NYLON_PASCAL, NYLON_DENSITY = 5.0e9, 1100.0
BRONZE_DENSITY, NICKEL_DENSITY = 8800.0, 8600.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """A string as sold, in inches; ``core`` equals ``outer`` on a plain string."""

    outer: float
    core: float


# Highest string first, as printed on the packets; cores as their makers publish them.
ELECTRIC_SETS = (
    (Gauge(0.009, 0.009), Gauge(0.011, 0.011), Gauge(0.016, 0.016), Gauge(0.024, 0.011), Gauge(0.032, 0.0135), Gauge(0.042, 0.015)),
    (Gauge(0.010, 0.010), Gauge(0.013, 0.013), Gauge(0.017, 0.017), Gauge(0.026, 0.012), Gauge(0.036, 0.014), Gauge(0.046, 0.016)),
    (Gauge(0.011, 0.011), Gauge(0.014, 0.014), Gauge(0.018, 0.018), Gauge(0.028, 0.013), Gauge(0.038, 0.015), Gauge(0.049, 0.017)),
    (Gauge(0.012, 0.012), Gauge(0.016, 0.016), Gauge(0.024, 0.012), Gauge(0.032, 0.014), Gauge(0.042, 0.016), Gauge(0.052, 0.018)),
)  # fmt: skip
STEEL_SETS = (
    (Gauge(0.010, 0.010), Gauge(0.014, 0.014), Gauge(0.023, 0.011), Gauge(0.030, 0.012), Gauge(0.039, 0.014), Gauge(0.047, 0.015)),
    (Gauge(0.011, 0.011), Gauge(0.015, 0.015), Gauge(0.022, 0.011), Gauge(0.032, 0.013), Gauge(0.042, 0.015), Gauge(0.052, 0.016)),
    (Gauge(0.012, 0.012), Gauge(0.016, 0.016), Gauge(0.024, 0.012), Gauge(0.032, 0.013), Gauge(0.042, 0.015), Gauge(0.053, 0.017)),
    (Gauge(0.013, 0.013), Gauge(0.017, 0.017), Gauge(0.026, 0.012), Gauge(0.035, 0.014), Gauge(0.045, 0.016), Gauge(0.056, 0.018)),
)  # fmt: skip
# The basses are wound on silk-like nylon floss, whose bending stiffness is that of a much thinner rod.
NYLON_SETS = (
    (Gauge(0.0275, 0.0275), Gauge(0.0317, 0.0317), Gauge(0.0397, 0.0397), Gauge(0.029, 0.020), Gauge(0.034, 0.021), Gauge(0.042, 0.023)),
    (Gauge(0.0285, 0.0285), Gauge(0.0327, 0.0327), Gauge(0.0410, 0.0410), Gauge(0.030, 0.021), Gauge(0.036, 0.022), Gauge(0.044, 0.024)),
)  # fmt: skip
SETS: dict[Family, tuple[tuple[Gauge, ...], ...]] = {
    "steel": STEEL_SETS,
    "nylon": NYLON_SETS,
    "electric": ELECTRIC_SETS,
}


@dataclass(frozen=True, slots=True)
class StringSpec:
    """One string of a guitar, open; decay rates in 1/s, ``stiffness`` is the open string's B."""

    open_pitch_midi: int
    stiffness: float
    decay_per_second: float
    decay_per_second_khz2: float

    def frequency_hz(self, fret: int) -> float:
        """The fundamental, in tune."""
        return midi_to_hz(self.open_pitch_midi + fret)

    def inharmonicity(self, fret: int) -> float:
        """B of the string stopped at ``fret``."""
        return float(self.stiffness * 2 ** (fret / 6))


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
    return float(np.pi**3 * modulus * core**4 / (64 * tension * scale_m**2))


def partials_hz(frequency_hz: float, inharmonicity: float, highest_hz: float) -> Floats:
    """Frequencies of all partials below ``highest_hz``."""
    count = max(1, int(highest_hz / frequency_hz))
    n = np.arange(1, count + 1)
    partials: Floats = n * frequency_hz * np.sqrt((1 + inharmonicity * n**2) / (1 + inharmonicity))
    return partials[partials < highest_hz]


_DECAY: dict[Family, tuple[float, float]] = {
    "steel": (1.6, 0.45),
    "nylon": (2.6, 2.2),
    "electric": (0.9, 0.35),
}
"""Middle decay rates of an open string: at low frequency, and what each kHz squared adds."""


def random_guitar(family: Family, random: Generator) -> Guitar:
    """Draw a guitar: gauges, scale length, age of the strings, hand and pickup position."""
    gauges = SETS[family][random.integers(len(SETS[family]))]
    scale_m = random.uniform(0.615, 0.66)
    slow, fast = _DECAY[family]
    damping, age = random.lognormal(0, 0.3), random.lognormal(0, 0.5)
    strings = []
    for gauge, pitch in zip(gauges, STANDARD_OPEN_PITCHES, strict=True):
        b = stiffness(gauge, family, midi_to_hz(pitch), scale_m) * random.lognormal(0, 0.15)
        height = 2 ** ((pitch - 52) / 24)
        wound = gauge.core < gauge.outer
        strings.append(
            StringSpec(
                pitch,
                b,
                slow * damping * height * random.lognormal(0, 0.12),
                fast * age * (1.3 if wound else 0.8) * random.lognormal(0, 0.12),
            )
        )
    return Guitar(
        family,
        tuple(strings),
        pluck_from_bridge=random.uniform(0.08, 0.30),
        pickup_from_bridge=random.uniform(0.06, 0.27) if family == "electric" else None,
        brightness_hz=random.uniform(1500, 6000) * (0.6 if family == "nylon" else 1.0),
    )
