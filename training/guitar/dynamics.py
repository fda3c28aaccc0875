"""How hard each string of a phrase is struck: rarely all alike, the inner voices of chords often much softer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

LEVEL, SPREAD = (0.35, 0.9), (0.03, 0.18)
QUIETEST = 0.05
EVEN_SHARE = 0.45
EMPHASIS_DEPTH = (0.05, 0.35)
CARELESS_SHARE, MOST_CARELESS = 0.5, 0.35
SOFTER = (0.1, 0.4)
_ACROSS = np.linspace(-1, 1, 6)
EMPHASES = (1 - np.abs(_ACROSS), (1 + _ACROSS) / 2, (1 - _ACROSS) / 2, np.array([0.0, 1, 0, 1, 0, 1]))
"""What is held back, strings 1 to 6: the inner strings, the bass under a tune, the treble over a bass, every other."""


@dataclass(frozen=True, slots=True)
class Dynamics:
    """The touch of one phrase; velocities 0..1.

    ``held_back`` is how much softer each string is (highest first). A share ``careless`` of the notes is hardly
    touched: softer by 2 to 10 dB again.
    """

    level: float
    spread: float
    held_back: tuple[float, ...]
    careless: float

    def velocity(self, string: int, random: Generator, accent: float = 0.0) -> float:
        """How hard a stroke on a string is, ``QUIETEST``..1."""
        velocity = random.normal(self.level + accent, self.spread) - self.held_back[string - 1]
        if random.random() < self.careless:
            velocity -= random.uniform(*SOFTER)
        return float(np.clip(velocity, QUIETEST, 1))


def random_dynamics(random: Generator) -> Dynamics:
    """Half of the phrases favour some strings, half have notes that are hardly touched."""
    depth = 0.0 if random.random() < EVEN_SHARE else random.uniform(*EMPHASIS_DEPTH)
    held_back = depth * EMPHASES[random.integers(len(EMPHASES))]
    careless = random.uniform(0, MOST_CARELESS) if random.random() < CARELESS_SHARE else 0.0
    return Dynamics(random.uniform(*LEVEL), random.uniform(*SPREAD), tuple(held_back.tolist()), careless)
