"""Notes → frames: what a beat tracker can see in a list of notes, at a fixed number of frames per pulse.

Every feature is local in time and independent of key: registers, bass and top line, chord size, gaps,
lengths, harmonic change, what is struck anew; and of tempo, but for one that says how fast the pulse is.
Velocity is left out on purpose: the annotations that the network learned from have none, and detectors
disagree about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.rhythm.pulse import FRAMES_PER_PULSE, PulseClock
from genesis_music.score import Note

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

_REGISTER_CENTRES_MIDI = (36, 42, 48, 54, 60, 66, 72, 78)
_REGISTER_WIDTH_SEMITONES = 6.0
_NEAR_EXTREME_SEMITONES = 3.0
_TYPICAL_PULSE_SECONDS = 0.5
_LINE_WINDOWS_FRAMES = (FRAMES_PER_PULSE // 2, 2 * FRAMES_PER_PULSE)
_CHANGE_WINDOWS_FRAMES = (6, 12, 24, 48)
_LONGEST_GAP_FRAMES = 8 * FRAMES_PER_PULSE

FEATURES = len(_REGISTER_CENTRES_MIDI) + 2 * len(_LINE_WINDOWS_FRAMES) + 2 * len(_CHANGE_WINDOWS_FRAMES) + 10
"""Number of features per frame."""


@dataclass(frozen=True)
class _NoteArrays:
    """Notes as columns in onset order, and the number of frames they are laid out on."""

    onset_frames: FloatArray
    end_frames: FloatArray
    pitch_midi: IntArray
    frames: int

    @property
    def nearest_frame(self) -> IntArray:
        return np.minimum(np.rint(self.onset_frames).astype(np.int64), self.frames - 1)

    def laid_out(self, weights: FloatArray) -> FloatArray:
        """Sum per-note ``weights`` at the onsets, shared between the two nearest frames: shape [frames]."""
        left = self.onset_frames.astype(np.int64)
        share = self.onset_frames - left
        total = np.bincount(left, weights * (1 - share), self.frames + 1)
        total += np.bincount(left + 1, weights * share, self.frames + 1)
        return total[: self.frames].astype(np.float32)


def note_frames(notes: Sequence[Note], clock: PulseClock) -> FloatArray:
    """Lay notes out as features.

    Args:
        notes: at least one, in any order; onsets outside the clock's span are moved to its edges.
        clock: the times of the frames.

    Returns:
        ``[frames, FEATURES]``, one row per frame of the clock, values mostly in 0..2.
    """
    arrays = _columns(notes, clock)
    lowest, highest = _line_height(arrays, low=True), _line_height(arrays, low=False)
    columns = [
        *_registers(arrays),
        *(np.log1p(arrays.laid_out(line)) for line in (*lowest, *highest)),
        *_harmonic_change(_sounding_chroma(arrays)),
        *_harmonic_change(_onset_chroma(arrays, lowest[0])),
        *_onset_character(arrays),
        *_gaps(arrays),
        *_sounding(arrays),
        np.log2(clock.pulse_seconds / _TYPICAL_PULSE_SECONDS),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _columns(notes: Sequence[Note], clock: PulseClock) -> _NoteArrays:
    rows = sorted((note.onset_seconds, note.end_seconds, note.pitch_midi) for note in notes)
    onsets, ends, pitches = (np.array(column) for column in zip(*rows, strict=True))
    return _NoteArrays(
        onset_frames=clock.frames_at(onsets).astype(np.float32),
        end_frames=clock.frames_at(ends).astype(np.float32),
        pitch_midi=pitches.astype(np.int64),
        frames=len(clock.seconds),
    )


def _registers(arrays: _NoteArrays) -> list[FloatArray]:
    """How much is struck in each register (triangular, overlapping bands)."""
    bands = []
    for centre in _REGISTER_CENTRES_MIDI:
        distance = np.abs(arrays.pitch_midi - centre) / _REGISTER_WIDTH_SEMITONES
        bands.append(np.log1p(arrays.laid_out(np.maximum(0, 1 - distance).astype(np.float32))))
    return bands


def _line_height(arrays: _NoteArrays, *, low: bool) -> list[FloatArray]:
    """Per note, 1 when it is the lowest (or highest) onset around it, falling off with the distance."""
    sign = 1 if low else -1
    floor = np.full(arrays.frames, np.inf)
    np.minimum.at(floor, arrays.nearest_frame, sign * arrays.pitch_midi)
    heights = []
    for window in _LINE_WINDOWS_FRAMES:
        above = sign * arrays.pitch_midi - _sliding_minimum(floor, window)[arrays.nearest_frame]
        heights.append(np.exp(-above / _NEAR_EXTREME_SEMITONES).astype(np.float32))
    return heights


def _sliding_minimum(values: NDArray[np.float64], half_width: int) -> NDArray[np.float64]:
    """Minimum over ``half_width`` frames to either side, by doubling: linear in length."""
    width = 2 * half_width + 1
    padded = np.pad(values, half_width, constant_values=np.inf)
    reach = 1
    while 2 * reach <= width:
        padded = np.minimum(padded[:-reach], padded[reach:])
        reach *= 2
    return np.minimum(padded[: len(values)], padded[width - reach : width - reach + len(values)])


def _sounding_chroma(arrays: _NoteArrays) -> FloatArray:
    """Number of sounding notes per pitch class: ``[frames, 12]``."""
    cells = 12 * (arrays.frames + 1)
    pitch_class = arrays.pitch_midi % 12
    starts = np.bincount(12 * arrays.nearest_frame + pitch_class, minlength=cells)
    ends = np.maximum(arrays.end_frames.astype(np.int64), arrays.nearest_frame + 1)
    stops = np.bincount(12 * ends + pitch_class, minlength=cells)
    return np.cumsum((starts - stops).reshape(-1, 12), axis=0)[: arrays.frames].astype(np.float32)


def _onset_chroma(arrays: _NoteArrays, weights: FloatArray) -> FloatArray:
    """Weighted onsets per pitch class: ``[frames, 12]``."""
    cell = 12 * arrays.nearest_frame + arrays.pitch_midi % 12
    return np.bincount(cell, weights, 12 * arrays.frames).reshape(-1, 12).astype(np.float32)


def _harmonic_change(chroma: FloatArray) -> list[FloatArray]:
    """Cosine distance between the chroma just before and from each frame on, for several spans."""
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0, dtype=np.float64)])
    frames = len(chroma)
    index = np.arange(frames)
    changes = []
    for span in _CHANGE_WINDOWS_FRAMES:
        before = total[index] - total[np.maximum(index - span, 0)]
        after = total[np.minimum(index + span, frames)] - total[index]
        norm = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        cosine = np.einsum("fc,fc->f", before, after) / np.maximum(norm, 1e-6)
        changes.append(np.where(norm > 1e-6, 1 - cosine, 0).astype(np.float32))
    return changes


def _onset_character(arrays: _NoteArrays) -> list[FloatArray]:
    """All onsets; onsets weighted by length; onsets weighted by how long their pitch was not struck."""
    length = np.log1p((arrays.end_frames - arrays.onset_frames) / FRAMES_PER_PULSE * 2)
    order = np.lexsort((arrays.onset_frames, arrays.pitch_midi))
    pitch, onset = arrays.pitch_midi[order], arrays.onset_frames[order]
    longest = np.float32(_LONGEST_GAP_FRAMES)
    unheard = np.full(len(order), longest, np.float32)
    same = pitch[1:] == pitch[:-1]
    unheard[order[1:]] = np.where(same, np.minimum(np.diff(onset), longest), longest)
    return [
        np.log1p(arrays.laid_out(weights.astype(np.float32)))
        for weights in (np.ones_like(length), length, unheard / longest)
    ]


def _gaps(arrays: _NoteArrays) -> list[FloatArray]:
    """Time since the last onset and until the next one, everywhere and at onsets only (logarithmic)."""
    struck = np.unique(arrays.nearest_frame)
    index = np.arange(arrays.frames)
    limit = _LONGEST_GAP_FRAMES
    edges = np.concatenate([[-limit], struck, [arrays.frames + limit]])
    since = index - edges[np.searchsorted(struck, index, side="right")]
    until = edges[np.searchsorted(struck, index, side="right") + 1] - index
    before = index - edges[np.searchsorted(struck, index, side="left")]
    at_onset = np.isin(index, struck)
    shaped = [(np.log1p(np.minimum(gap, limit) / 4) / 2).astype(np.float32) for gap in (since, until, before)]
    return [shaped[0], shaped[1], shaped[2] * at_onset, shaped[1] * at_onset]


def _sounding(arrays: _NoteArrays) -> list[FloatArray]:
    """Number of sounding notes and of notes that end (logarithmic)."""
    sounding = _sounding_chroma(arrays).sum(axis=1)
    ends = np.bincount(arrays.end_frames.astype(np.int64), minlength=arrays.frames)[: arrays.frames]
    return [np.log1p(sounding), np.log1p(ends).astype(np.float32)]
