"""Beat activations → the most likely sequence of beats and bars.

A Viterbi search in the spirit of the bar-pointer model (Whiteley, Cemgil & Godsill, ISMIR 2006; Krebs, Böck
& Widmer, ISMIR 2015). Deviations:

1. A state exists only at beats: ``(frame, period, place in the bar)``. A beat reaches back by its period,
   give or take a frame, so the state space stays small and the cost linear.
2. Frames are tied to the pulse, so the period of the beat hardly changes; it may move on a logarithmic grid.
3. Evidence is summed as log-odds over the beats alone; a frame between beats costs nothing.
4. Several frames, as many as the shortest beat has, are computed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.rhythm.beat_network import BeatActivations
from genesis_music.rhythm.note_frames import FloatArray
from genesis_music.rhythm.pulse import FRAMES_PER_PULSE

_PERIOD_STEP = 1.06
_PERIOD_SHIFTS = (-1, 0, 1)
"""Steps of the grid that a period may move at every beat."""


@dataclass(frozen=True)
class DecoderWeights:
    """What the search trades off; natural-log units per beat."""

    beat: float = 1.0
    downbeat: float = 0.7
    beat_bonus: float = 2.0
    """For every beat, so that slow readings do not win by making fewer claims."""
    deviation: float = 0.5
    """Per frame that a beat of one pulse is longer or shorter than its period says."""
    period_change: float = 8.0
    """Per step of the period grid (6 %)."""
    metre_change: float = 12.0
    evidence_limit: float = 6.0


@dataclass(frozen=True)
class DecodedBeats:
    """Beats in frames, with their number in the bar (from 1) and the length of that bar in beats."""

    frames: NDArray[np.int64]
    numbers: NDArray[np.int64]
    bar_beats: NDArray[np.int64]


@dataclass(frozen=True)
class _Bars:
    """All places in all metres, one after another; which are first and last, and the place before each."""

    number: NDArray[np.int64]
    beats: NDArray[np.int64]
    previous: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def _bars(metres: Sequence[int]) -> _Bars:
    number = np.concatenate([np.arange(1, beats + 1) for beats in metres])
    beats = np.repeat(metres, metres)
    place = np.arange(len(number))
    previous = np.where(number == 1, place + beats - 1, place - 1)
    return _Bars(number, beats, previous, np.flatnonzero(number == 1), np.flatnonzero(number == beats))


def period_grid(shortest_frames: float, longest_frames: float) -> FloatArray:
    """Beat periods the search knows, logarithmically spaced between the limits."""
    steps = int(np.ceil(np.log(longest_frames / shortest_frames) / np.log(_PERIOD_STEP)))
    ratio = longest_frames / shortest_frames
    return np.asarray(shortest_frames * ratio ** (np.arange(steps + 1) / max(steps, 1)), np.float32)


def decode_beats(
    activations: BeatActivations,
    *,
    periods_frames: FloatArray,
    period_scores: FloatArray,
    metres: Sequence[int],
    weights: DecoderWeights = DecoderWeights(),
) -> DecodedBeats:
    """Find the best beats through the whole activation; cost is linear in the number of frames.

    Args:
        activations: log-odds per frame.
        periods_frames: beat periods allowed, from :func:`period_grid`, at least 2 frames.
        period_scores: what each beat of that period earns beforehand, natural-log units.
        metres: numbers of beats a bar may have.
        weights: what the search trades off.

    Returns:
        Beats from within the first beat period to within the last one.
    """
    bars = _bars(metres)
    search = _Search(periods_frames, period_scores, bars, weights)
    evidence = _evidence(activations, bars, weights)
    choices, ahead = search.forward(evidence)
    return search.trace(choices, ahead)


def _evidence(activations: BeatActivations, bars: _Bars, weights: DecoderWeights) -> FloatArray:
    """Score of a beat at each frame and place: ``[frames, places]``."""
    beat = np.clip(activations.beat, -weights.evidence_limit, weights.evidence_limit) * weights.beat
    down = np.clip(activations.downbeat, -weights.evidence_limit, weights.evidence_limit) * weights.downbeat
    other = -np.logaddexp(0, down)
    score = (beat + other)[:, None] + np.where(bars.number == 1, down[:, None], 0)
    return np.asarray(score, np.float32)


class _Search:
    """The transitions of the search; scores have the shape ``[frames, periods, places]``.

    ``ahead[frame]`` is the best score of a path with a beat at ``frame``, by the period and place of its
    *next* beat.
    """

    def __init__(
        self, periods: FloatArray, period_scores: FloatArray, bars: _Bars, weights: DecoderWeights
    ) -> None:
        self.bars = bars
        self.reach = np.rint(periods).astype(np.int64) + np.array([[-1], [0], [1]])
        deviation = np.abs(self.reach / periods - 1) * FRAMES_PER_PULSE
        earned = period_scores + weights.beat_bonus
        self.reach_score = (earned - weights.deviation * deviation)[..., None].astype(np.float32)
        self.change_cost = weights.period_change
        metres = len(bars.first)
        self.metre_cost = (weights.metre_change * (1 - np.eye(metres))).astype(np.float32)
        self.block = int(self.reach.min())
        self.history = int(self.reach.max())

    def forward(self, evidence: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
        """Run through time; returns every state's choice and ``ahead`` at the last frames."""
        choices = np.zeros((len(evidence), self.reach.shape[1], len(self.bars.number)), np.int8)
        ahead = np.zeros((self.history, *choices.shape[1:]), np.float32)
        for start in range(0, len(evidence), self.block):
            here = evidence[start : start + self.block, None]
            score, reach = self._arrive(ahead, here)
            leaving, choice = self._leave(score)
            choices[start : start + self.block] = len(self.reach) * choice + reach
            ahead = np.concatenate([ahead[len(here) :], leaving])
        return choices, ahead

    def _arrive(self, ahead: FloatArray, evidence: FloatArray) -> tuple[FloatArray, NDArray[np.int8]]:
        """Reach back one period, give or take a frame; says which reach was best."""
        frame = self.history + np.arange(len(evidence))[:, None]
        period = np.arange(self.reach.shape[1])
        best = np.full((len(evidence), *ahead.shape[1:]), -np.inf, np.float32)
        chosen = np.zeros(best.shape, np.int8)
        for index, (reach, score) in enumerate(zip(self.reach, self.reach_score, strict=True)):
            candidate = ahead[frame - reach, period] + score
            chosen[candidate > best] = index
            np.maximum(best, candidate, out=best)
        return best + evidence, chosen

    def _leave(self, score: FloatArray) -> tuple[FloatArray, NDArray[np.int8]]:
        """Go on to the next place and a near period; says which, as one number."""
        moved, metre = self._next_place(score)
        periods, metres = score.shape[1], len(self.bars.first)
        best = np.full(moved.shape, -np.inf, np.float32)
        choice = np.zeros(moved.shape, np.int8)
        for index, shift in enumerate(_PERIOD_SHIFTS):
            source = slice(max(0, shift), periods + min(0, shift))
            target = slice(max(0, -shift), periods + min(0, -shift))
            candidate = moved[:, source] - np.float32(self.change_cost * abs(shift))
            better = candidate > best[:, target]
            np.maximum(best[:, target], candidate, out=best[:, target])
            choice[:, target][better] = (index * metres + metre[:, source])[better]
        return best, choice

    def _next_place(self, score: FloatArray) -> tuple[FloatArray, NDArray[np.int8]]:
        """Go on to the next place; says from which metre a new bar comes."""
        bars = self.bars
        moved = score[:, :, bars.previous]
        metre = np.zeros(moved.shape, np.int8)
        if len(bars.first) > 1:
            closing = score[:, :, None, bars.last] - self.metre_cost
            moved[:, :, bars.first] = closing.max(axis=-1)
            metre[:, :, bars.first] = closing.argmax(axis=-1)
        return moved, metre

    def trace(self, choices: NDArray[np.int8], ahead: FloatArray) -> DecodedBeats:
        """Follow the choices back from the best state whose next beat lies after the end."""
        frames = len(choices)
        left = np.arange(self.history, 0, -1)[:, None]
        reaches_end = (left <= self.reach[1]) & (left <= frames)
        index = int(np.where(reaches_end[..., None], ahead, -np.inf).argmax())
        offset, period, place = (int(i) for i in np.unravel_index(index, ahead.shape))
        frame = frames - self.history + offset
        path: list[tuple[int, int]] = []
        while frame >= 0:
            choice = int(choices[frame, period, place]) // len(self.reach)
            period, place = self._before(choice, period, place)
            path.append((frame, place))
            frame -= int(self.reach[int(choices[frame, period, place]) % len(self.reach), period])
        beats, places = np.array(path[::-1], np.int64).reshape(-1, 2).T
        return DecodedBeats(beats, self.bars.number[places], self.bars.beats[places])

    def _before(self, choice: int, period: int, place: int) -> tuple[int, int]:
        """The period and place of the beat that chose to go on to ``period`` and ``place``."""
        shift, metre = divmod(choice, len(self.bars.first))
        before = int(self.bars.previous[place])
        if self.bars.number[place] == 1 and len(self.bars.first) > 1:
            before = int(self.bars.last[metre])
        return period + _PERIOD_SHIFTS[shift], before
