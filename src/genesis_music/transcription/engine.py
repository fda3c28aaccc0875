"""What an engine is: audio in, activations out, in blocks, so that memory does not grow with length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from genesis_music.audio.recording import Audio

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ActivationFormat:
    """How an engine's activations are to be read; constant for one engine.

    ``bins_per_semitone`` and ``contour_lowest_midi`` describe ``Activations.contour``. ``decoder_weights``
    names the file in ``models/`` with what the decoder learned about such activations. ``faintest_onset`` and
    ``faintest_sounding`` are the onset activation of the faintest note worth judging, and the mean sounding activation
    that follows it.
    """

    frame_seconds: float
    lowest_pitch_midi: int
    pitches: int
    bins_per_semitone: int = 3
    contour_lowest_midi: float = 21.0
    decoder_weights: str = "basic_pitch_decoder"
    faintest_onset: float = 0.2
    faintest_sounding: float = 0.12

    def frames(self, seconds: float) -> int:
        """The whole number of frames nearest to a time, at least 1."""
        return max(1, round(seconds / self.frame_seconds))


@dataclass(frozen=True, slots=True)
class Activations:
    """A run of consecutive frames; blocks follow each other without gap or overlap.

    ``onset`` and ``sounding`` are ``[frames, pitches]`` in 0..1, ``contour`` is ``[frames, bins]`` in 0..1 or
    ``None``; ``string_evidence`` is ``[frames, 6, pitches]``, the log-probability of each string of a six-string
    guitar (string 1, the highest, first) given that the pitch sounds, or ``None``. ``offset`` (where notes end) and
    ``velocity`` (where they begin) are ``[frames, pitches]`` in 0..1 or ``None``.
    """

    first_frame: int
    onset: FloatArray
    sounding: FloatArray
    contour: FloatArray | None = None
    string_evidence: FloatArray | None = None
    offset: FloatArray | None = None
    velocity: FloatArray | None = None


class Engine(Protocol):
    """A note detector, chosen by name through :func:`genesis_music.transcription.engines.get_engine`."""

    @property
    def name(self) -> str:
        """The name on the command line and in results."""

    @property
    def sample_rate_hz(self) -> int:
        """The rate its audio must have."""

    @property
    def format(self) -> ActivationFormat:
        """How to read its activations."""

    def activations(
        self, audio: Audio, on_fraction: Callable[[float], None] | None = None
    ) -> Iterator[Activations]:
        """Yield activations over the whole audio in blocks; calls ``on_fraction`` with 0..1 as it goes."""
