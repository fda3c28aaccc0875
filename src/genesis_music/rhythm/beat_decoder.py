"""Beat activations → the most likely sequence of beats, bars and tempi.

A Viterbi search in the spirit of the bar-pointer model (Whiteley, Cemgil & Godsill, ISMIR 2006; Krebs, Böck
& Widmer, ISMIR 2015). Deviations:

1. A state exists only at beats: ``(frame, tempo, place in the bar)``. A beat reaches back by its beat period,
   rounded down or up to whole frames, so the state space stays small and the cost linear.
2. The tempo grid is logarithmic and may move a few steps at every beat.
3. Evidence is summed as log-odds over the beats alone; a frame between beats costs nothing.
4. Several frames, as many as the shortest beat has, are computed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.rhythm.beat_network import BeatActivations
from genesis_music.rhythm.note_frames import FRAMES_PER_SECOND, FloatArray

SLOWEST_BPM = 36.0
FASTEST_BPM = 230.0
_TEMPO_STEP = 1.04
_TEMPO_REACH = 2


@dataclass(frozen=True)
class DecoderWeights:
    """What the search trades off; natural-log units per beat."""

    beat: float = 1.0
    downbeat: float = 0.7
    tempo_change: float = 2.0
    """Per tempo step (4 %) and beat."""
    metre_change: float = 12.0
    typical_bpm: float = 110.0
    tempo_prior: float = 1.0
    """Per squared octave away from ``typical_bpm``."""
    beat_bonus: float = 2.0
    clip: float = 6.0


@dataclass(frozen=True)
class DecodedBeats:
    """Beats in frames, with their number in the bar (from 1) and the length of that bar in beats."""

    frames: NDArray[np.int64]
    numbers: NDArray[np.int64]
    bar_beats: NDArray[np.int64]


@dataclass(frozen=True)
class _Bars:
    """All places in all metres, one after another, and the place before each."""

    number: NDArray[np.int64]
    beats: NDArray[np.int64]
    previous: NDArray[np.int64]

    @property
    def first(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.number == 1)

    @property
    def last(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.number == self.beats)


def _bars(metres: Sequence[int]) -> _Bars:
    number = np.concatenate([np.arange(1, beats + 1) for beats in metres])
    beats = np.repeat(metres, metres)
    place = np.arange(len(number))
    return _Bars(number, beats, np.where(number == 1, place + beats - 1, place - 1))


def tempo_grid(slowest_bpm: float = SLOWEST_BPM, fastest_bpm: float = FASTEST_BPM) -> FloatArray:
    """Beat tempi the search knows, logarithmically spaced."""
    steps = int(np.floor(np.log(fastest_bpm / slowest_bpm) / np.log(_TEMPO_STEP))) + 1
    return (slowest_bpm * _TEMPO_STEP ** np.arange(steps)).astype(np.float32)


def decode_beats(
    activations: BeatActivations,
    *,
    tempi_bpm: FloatArray,
    metres: Sequence[int],
    weights: DecoderWeights = DecoderWeights(),
) -> DecodedBeats:
    """Find the best beats through the whole activation; cost is linear in the number of frames.

    Args:
        activations: log-odds per frame.
        tempi_bpm: beat tempi allowed, from :func:`tempo_grid`.
        metres: numbers of beats a bar may have.
        weights: what the search trades off.

    Returns:
        Beats from within the first beat period to within the last one.
    """
    search = _Search(tempi_bpm, _bars(metres), weights)
    evidence = _evidence(activations, search.bars, weights)
    choices, ahead = search.forward(evidence)
    return search.trace(choices, ahead)


def _evidence(activations: BeatActivations, bars: _Bars, weights: DecoderWeights) -> FloatArray:
    """Score of a beat at each frame and place: ``[frames, places]``."""
    beat = np.clip(activations.beat, -weights.clip, weights.clip) * weights.beat
    down = np.clip(activations.downbeat, -weights.clip, weights.clip) * weights.downbeat
    other = -np.logaddexp(0, down)
    score = (beat + other)[:, None] + np.where(bars.number == 1, down[:, None], 0)
    return np.asarray(score, np.float32)


class _Search:
    """The transitions of the search; scores have the shape ``[frames, tempi, places]``.

    ``ahead[frame]`` is the best score of a path with a beat at ``frame``, by the tempo and place of its
    *next* beat.
    """

    def __init__(self, tempi_bpm: FloatArray, bars: _Bars, weights: DecoderWeights) -> None:
        self.bars = bars
        period = 60 * FRAMES_PER_SECOND / tempi_bpm.astype(np.float64)
        self.reach = np.stack([np.floor(period), np.ceil(period)]).astype(np.int64)
        octaves = np.log2(tempi_bpm / weights.typical_bpm)
        self.tempo_score = (weights.beat_bonus - weights.tempo_prior * octaves**2)[:, None].astype(np.float32)
        self.tempo_cost = weights.tempo_change * np.abs(np.arange(-_TEMPO_REACH, _TEMPO_REACH + 1))
        metres = len(bars.first)
        self.metre_cost = (weights.metre_change * (1 - np.eye(metres))).astype(np.float32)
        self.block = int(self.reach.min())
        self.history = int(self.reach.max())

    def forward(self, evidence: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
        """Run through time; returns every state's choice and ``ahead`` at the last frames."""
        frames, tempi = len(evidence), self.reach.shape[1]
        choices = np.zeros((frames, tempi, len(self.bars.number)), np.int8)
        ahead = np.zeros((self.history, *choices.shape[1:]), np.float32)
        for start in range(0, frames, self.block):
            here = evidence[start : start + self.block, None]
            score, longer = self._arrive(ahead, here)
            leaving, choice = self._leave(score)
            choices[start : start + self.block] = 2 * choice + longer
            ahead = np.concatenate([ahead[len(here) :], leaving])
        return choices, ahead

    def _arrive(self, ahead: FloatArray, evidence: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Reach back one period, rounded down or up; says where rounding up was better."""
        frame = self.history + np.arange(len(evidence))[:, None]
        tempo = np.arange(self.reach.shape[1])
        shorter_score = ahead[frame - self.reach[0], tempo]
        longer_score = ahead[frame - self.reach[1], tempo]
        score = np.maximum(shorter_score, longer_score) + evidence + self.tempo_score
        return score, longer_score > shorter_score

    def _leave(self, score: FloatArray) -> tuple[FloatArray, NDArray[np.int8]]:
        """Go on to the next place, perhaps in another metre, and to a near tempo."""
        bars, metres = self.bars, len(self.bars.first)
        moved = score[:, :, bars.previous]
        metre = np.zeros(moved.shape, np.int8)
        if metres > 1:
            closing = score[:, :, None, bars.last] - self.metre_cost
            moved[:, :, bars.first] = closing.max(axis=-1)
            metre[:, :, bars.first] = closing.argmax(axis=-1)
        padded = np.pad(moved, ((0, 0), (_TEMPO_REACH, _TEMPO_REACH), (0, 0)), constant_values=-np.inf)
        best = np.full(moved.shape, -np.inf, np.float32)
        origin = np.zeros(moved.shape, np.int8)
        tempi = moved.shape[1]
        for shift, cost in enumerate(self.tempo_cost):
            candidate = padded[:, shift : shift + tempi] - np.float32(cost)
            origin[candidate > best] = shift
            best = np.maximum(best, candidate)
        came_from = np.minimum(np.arange(tempi)[:, None] + origin - _TEMPO_REACH, tempi - 1)
        metre = np.take_along_axis(metre, np.maximum(came_from, 0), axis=1)
        return best, (origin * metres + metre).astype(np.int8)

    def trace(self, choices: NDArray[np.int8], ahead: FloatArray) -> DecodedBeats:
        """Follow the choices back from the best state whose next beat lies after the end."""
        frames = len(choices)
        left = np.arange(self.history, 0, -1)[:, None]
        reaches_end = (left <= self.reach[1]) & (left <= frames)
        index = int(np.where(reaches_end[..., None], ahead, -np.inf).argmax())
        offset, tempo, place = (int(i) for i in np.unravel_index(index, ahead.shape))
        frame = frames - self.history + offset
        path: list[tuple[int, int]] = []
        while frame >= 0:
            choice = int(choices[frame, tempo, place]) // 2
            tempo, place = self._before(choice, tempo, place)
            path.append((frame, place))
            longer = int(choices[frame, tempo, place]) % 2
            frame -= int(self.reach[longer, tempo])
        beats, places = np.array(path[::-1], np.int64).reshape(-1, 2).T
        return DecodedBeats(beats, self.bars.number[places], self.bars.beats[places])

    def _before(self, choice: int, tempo: int, place: int) -> tuple[int, int]:
        """The tempo and place of the beat that chose to go on to ``tempo`` and ``place``."""
        shift, metre = divmod(choice, len(self.bars.first))
        before = int(self.bars.previous[place])
        if self.bars.number[place] == 1 and len(self.bars.first) > 1:
            before = int(self.bars.last[metre])
        return tempo + shift - _TEMPO_REACH, before
