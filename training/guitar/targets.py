"""What the network should say about an example, and how far from that it is.

Onsets and ends are peaks that fall off over the neighbouring frames, so that a true time between two frames shows in
both. A note sounds until its string is stopped. Velocity counts only where a note begins, the string only there and
shortly after; elsewhere nobody asks for them. A dead note has no pitch and so no target at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.guitar.example import RenderedNote
from training.guitar.network import (
    BINS_PER_SEMITONE,
    FRAME_SECONDS,
    LOWEST_PITCH_MIDI,
    PITCHES,
    Heard,
)

PEAK_WIDTH_FRAMES = 0.74
"""Standard deviation of a peak: one frame away it has fallen to 0.4."""
PEAK_REACH_FRAMES = 3
CONTOUR_WIDTH_BINS = 0.7
STRING_FRAMES = 12
"""A string is told by its first quarter of a second."""
NO_STRING = -1

ONSET_BOOST, OFFSET_BOOST = 4.0, 4.0
"""Weight of a frame in which something begins or ends, beside the many in which nothing does."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Targets:
    """Arrays ``[frames, pitches]`` in 0..1, ``contour`` ``[frames, 3 * pitches]``.

    ``string`` holds index 0 (highest) to 5 where it is known, else ``NO_STRING`` (int8); ``velocity`` is below 0 where
    nothing begins. The same with a batch axis in front as tensors.
    """

    onset: FloatArray
    sounding: FloatArray
    offset: FloatArray
    velocity: FloatArray
    contour: FloatArray
    string: NDArray[np.int8]


def targets(notes: Sequence[RenderedNote], frames: int) -> Targets:
    """Targets of the first ``frames`` frames of an example with these notes."""
    shape = (frames, PITCHES)
    empty = Targets(
        onset=np.zeros(shape, np.float32),
        sounding=np.zeros(shape, np.float32),
        offset=np.zeros(shape, np.float32),
        velocity=np.full(shape, -1, np.float32),
        contour=np.zeros((frames, PITCHES * BINS_PER_SEMITONE), np.float32),
        string=np.full(shape, NO_STRING, np.int8),
    )
    for note in sorted(notes, key=lambda note: note.onset_seconds):
        if note.pitched and 0 <= note.pitch_midi - LOWEST_PITCH_MIDI < PITCHES:
            _add(note, empty)
    return empty


def _add(note: RenderedNote, to: Targets) -> None:
    column = note.pitch_midi - LOWEST_PITCH_MIDI
    onset, end = note.onset_seconds / FRAME_SECONDS, note.offset_seconds / FRAME_SECONDS
    _add_peak(to.onset[:, column], onset)
    _add_peak(to.offset[:, column], end)
    first, last = _clipped(round(onset), len(to.onset)), _clipped(round(end), len(to.onset))
    to.sounding[first:last, column] = 1
    if round(onset) >= 0:
        to.velocity[max(first - 1, 0) : min(first + 2, last), column] = note.velocity
        to.string[first : min(first + STRING_FRAMES, last), column] = note.string - 1
    _add_contour(note, first, last, to.contour)


def _clipped(frame: int, frames: int) -> int:
    return min(max(frame, 0), frames)


def _add_peak(column: FloatArray, at: float) -> None:
    first = _clipped(round(at) - PEAK_REACH_FRAMES, len(column))
    near = np.arange(first, _clipped(round(at) + PEAK_REACH_FRAMES + 1, len(column)))
    peak = np.exp(-0.5 * ((near - at) / PEAK_WIDTH_FRAMES) ** 2)
    column[near] = np.maximum(column[near], peak)


def _add_contour(note: RenderedNote, first: int, last: int, contour: FloatArray) -> None:
    """A ridge along the pitch that sounds, bends included."""
    seconds = np.arange(first, last) * FRAME_SECONDS - note.onset_seconds
    bend = np.zeros(len(seconds))
    if note.bend:
        bend = np.interp(seconds, [p.offset_seconds for p in note.bend], [p.semitones for p in note.bend])
    centre = (note.pitch_midi - LOWEST_PITCH_MIDI + bend) * BINS_PER_SEMITONE + 1
    distance = np.arange(contour.shape[1]) - centre[:, None]
    ridge = np.exp(-0.5 * (distance / CONTOUR_WIDTH_BINS) ** 2)
    np.maximum(contour[first:last], ridge, out=contour[first:last])


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each output counts; sums over pitches, means over frames."""

    onset: float = 1.0
    sounding: float = 0.5
    offset: float = 0.25
    velocity: float = 0.5
    contour: float = 0.15
    string: float = 0.5


def losses(heard: Heard, wanted: Targets) -> dict[str, Tensor]:
    """The loss of each output, by the names of :class:`LossWeights`; ``wanted`` holds batched tensors."""
    struck, known = wanted.velocity >= 0, wanted.string != NO_STRING
    string = functional.nll_loss(
        heard.string.transpose(1, 2), wanted.string.long(), ignore_index=NO_STRING, reduction="sum"
    )
    velocity = ((heard.velocity - wanted.velocity) ** 2 * struck).sum()
    return {
        "onset": _entropy(heard.onset, wanted.onset, ONSET_BOOST),
        "sounding": _entropy(heard.sounding, wanted.sounding),
        "offset": _entropy(heard.offset, wanted.offset, OFFSET_BOOST),
        "velocity": velocity / struck.sum().clamp(min=1),
        "contour": _entropy(heard.contour, wanted.contour),
        "string": string / known.sum().clamp(min=1),
    }


def total_loss(parts: dict[str, Tensor], weights: LossWeights) -> Tensor:
    return torch.stack([getattr(weights, field.name) * parts[field.name] for field in fields(weights)]).sum()


def _entropy(logits: Tensor, wanted: Tensor, boost: float = 1.0) -> Tensor:
    """Binary cross-entropy, summed over pitches; what is wanted counts up to ``boost`` times."""
    weight = 1 + (boost - 1) * wanted
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted, weight, reduction="none")
    return entropy.sum(dim=2).mean()
