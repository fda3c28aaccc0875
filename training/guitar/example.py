"""One labelled piece of rendered guitar: what the model learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import BendPoint

SAMPLE_RATE_HZ = 22050


@dataclass(frozen=True, slots=True)
class RenderedNote:
    """A note as it sounds in an example; times in seconds from the example's start.

    A note may have begun before the example (negative onset) or end after it. ``offset_seconds`` is when the string
    is stopped, or when the note has decayed to nothing. ``pitch_midi`` is the fretted pitch the player means (the
    guitar may be out of tune); ``bend`` is how far it strays from that. ``string`` 1 is the highest, ``fret`` counts
    from the capo. A dead note has ``pitched`` false: it sounds, but has no pitch to report.
    """

    onset_seconds: float
    offset_seconds: float
    pitch_midi: int
    velocity: float
    string: int
    fret: int
    bend: tuple[BendPoint, ...] = ()
    pitched: bool = True


@dataclass(frozen=True, eq=False)
class Example:
    """Mono ``audio`` (float32, ``SAMPLE_RATE_HZ``, peak within ±1) and everything that sounds in it.

    ``open_pitches_midi`` are the open strings as they sound (tuning and capo), highest string first. ``seed``
    makes the same example again.
    """

    audio: NDArray[np.float32]
    notes: tuple[RenderedNote, ...]
    open_pitches_midi: tuple[int, ...]
    seed: int
