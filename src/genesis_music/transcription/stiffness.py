"""How stiff the string of each note is, measured from where its partials lie.

Stiffness stretches the partials of a string (Fletcher 1964), ``f_n = n f_0 sqrt((1 + B n^2) / (1 + B))``, so
``(f_n / n)^2`` is a line in ``n^2``. As Barbancho et al. (2012) do, partials are looked for one after the other, each
where those before say that it must be. Ours is a recursive least-squares estimate, whose own uncertainty says how far
to look; partials that fall on those of other notes are left out, and a second pass weighs what remains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genesis_music.audio.noise import hann
from genesis_music.audio.recording import Audio
from genesis_music.score import Inharmonicity, Note

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BLOCK_SECONDS = 20.0
"""Notes that begin in so much time are measured together."""
BEFORE_SECONDS, AFTER_SECONDS = 2.0, 0.4
"""Notes that begin so long before and after others may sound with them."""
RINGS_ON_SECONDS = 0.05
SKIPPED_SECONDS = 0.02
"""The stroke itself: noise."""
WINDOW_SAMPLES = (1536, 2048, 3072, 4096, 6144, 8192)
"""A note is looked at as long as it lasts: 70 to 370 ms at 22,050 Hz."""
HIGHEST_HZ = 6000.0
MOST_PARTIALS = 26
FEWEST_PARTIALS = 5
LEAST_PROMINENCE = 1.5
"""Of a partial above its surroundings, in nepers."""
TUNING_DEVIATION = 0.018
"""Of the pitch from the tempered one, as part of it: 30 cents."""
USUAL_B, USUAL_B_DEVIATION = 1.5e-4, 1.5e-4
ANY_B_DEVIATION = 1e-2
"""So wide that it is the measurement alone which tells B."""
GATE_DEVIATIONS = 2.5
WIDEST_GATE, FINEST_GATE = 0.2, 0.02
"""How far from its place a partial is looked for, as part of the fundamental: at most, at least."""
FINEST_GATE_PERIODS = 0.6
"""At least so far, too, in periods of the window."""
RESOLVED_PERIODS = 1.6
"""Partials nearer than this cannot be told apart."""
PEAK_PERIODS, PEAK_PART = 0.06, 2e-4
"""How well a peak tells the frequency of a partial, in periods of the window, and as part of its frequency."""
LEAST_SQUARE = 0.25
"""Of the ratio of a partial to its tempered place: below, its root would mean nothing."""
DECIMALS = 8


@dataclass(frozen=True, eq=False)
class _Sounds:
    """The spectra of a block's notes ``[notes, bins]`` in nepers, and running sums of them."""

    level: Floats
    running: Floats
    bin_hz: float
    window_seconds: Floats

    def peaks(self, expected: Floats, reach: Floats, spacing: Floats) -> tuple[Floats, Floats]:
        """The highest point near a frequency of each note, and how far it rises above its surroundings.

        It rises not at all when it is no peak.
        """
        row, last_bin = np.arange(len(expected)), self.level.shape[1] - 2
        low = np.ceil((expected - reach) / self.bin_hz).astype(int).clip(1, last_bin)
        high = np.floor((expected + reach) / self.bin_hz).astype(int).clip(1, last_bin)
        column = low[:, None] + np.arange(max(1, int((high - low).max()) + 1))
        near = self.level[row[:, None], column.clip(1, last_bin)]
        top = low + np.where(column <= high[:, None], near, -np.inf).argmax(axis=1)
        left, peak, right = self.level[row, top - 1], self.level[row, top], self.level[row, top + 1]
        curve = left - 2 * peak + right
        is_peak = (peak >= left) & (peak >= right) & (curve < 0)
        shift = np.where(is_peak, 0.5 * (left - right) / np.where(is_peak, curve, 1.0), 0.0)
        return (top + shift) * self.bin_hz, np.where(is_peak, peak - self._around(top, spacing), 0.0)

    def _around(self, top: NDArray[np.int64], spacing: Floats) -> Floats:
        """The mean level within half of ``spacing`` of a bin of each note."""
        half = np.maximum(3, spacing / 2 / self.bin_hz).astype(int)
        first, last = (top - half).clip(0), (top + half).clip(None, self.level.shape[1] - 1)
        row = np.arange(len(top))
        mean: Floats = (self.running[row, last] - self.running[row, first]) / (last - first)
        return mean


@dataclass(frozen=True, eq=False)
class _Partial:
    """The ``n``-th partial of each note: ``(f_n / n hz)^2``, the variance of that, and whether it was found."""

    n: int
    square: Floats
    variance: Floats
    usable: Flags


@dataclass(frozen=True, eq=False)
class _Lines:
    """Of each note, ``(f_n / n hz)^2 = level + slope n^2``, with the variances of both and their covariance."""

    level: Floats
    slope: Floats
    level_variance: Floats
    covariance: Floats
    slope_variance: Floats

    @classmethod
    def start(cls, count: int, b_deviation: float) -> _Lines:
        """What is known of any note of a guitar."""
        one = np.ones(count)
        variance = (2 * TUNING_DEVIATION) ** 2 * one
        return cls(one, USUAL_B * one, variance, 0 * one, b_deviation**2 * one)

    def expected(self, n: int) -> Floats:
        """``(f_n / n hz)^2``."""
        return np.maximum(self.level + self.slope * n**2, LEAST_SQUARE)

    def deviation(self, n: int) -> Floats:
        """How well that is known."""
        variance = self.level_variance + 2 * n**2 * self.covariance + n**4 * self.slope_variance
        deviation: Floats = np.sqrt(np.maximum(variance, 0.0))
        return deviation

    def misfit(self, partial: _Partial) -> Floats:
        """How far a partial lies from the line, squared, in deviations."""
        off = (partial.square - self.level - self.slope * partial.n**2) ** 2 / partial.variance
        return np.where(partial.usable, off, 0.0)

    def updated(self, partial: _Partial) -> _Lines:
        """The lines when one more partial is known (a Kalman update)."""
        square = partial.n**2
        to_level = self.level_variance + square * self.covariance
        to_slope = self.covariance + square * self.slope_variance
        scale = partial.usable / (to_level + square * to_slope + partial.variance)
        surprise = scale * (partial.square - self.level - self.slope * square)
        return _Lines(
            self.level + to_level * surprise,
            self.slope + to_slope * surprise,
            self.level_variance - scale * to_level**2,
            self.covariance - scale * to_level * to_slope,
            self.slope_variance - scale * to_slope**2,
        )


def with_inharmonicity(notes: Sequence[Note], audio: Audio) -> list[Note]:
    """Add to each note the stiffness of its string, where it can be measured; linear in time, flat in memory.

    Args:
        notes: in time order.
        audio: the recording they were heard in, mono at 16 kHz or more.
    """
    measured: list[Note] = []
    blocks = np.array([note.onset_seconds // BLOCK_SECONDS for note in notes])
    for block in np.unique(blocks):
        own = np.flatnonzero(blocks == block)
        around = _around(notes, own)
        found = _measured(notes[around], audio)[own - around.start]
        measured += [replace(notes[int(i)], inharmonicity=each) for i, each in zip(own, found, strict=True)]
    return measured


def _around(notes: Sequence[Note], own: NDArray[np.int64]) -> slice:
    """A block's notes and those that may sound with them."""
    first, last = int(own[0]), int(own[-1]) + 1
    start = notes[first].onset_seconds - BEFORE_SECONDS
    end = notes[last - 1].onset_seconds + AFTER_SECONDS
    while first > 0 and notes[first - 1].onset_seconds > start:
        first -= 1
    while last < len(notes) and notes[last].onset_seconds < end:
        last += 1
    return slice(first, last)


def _measured(notes: Sequence[Note], audio: Audio) -> NDArray[np.object_]:
    """The :class:`Inharmonicity` of each note or ``None``."""
    chords = _Chords.of(notes, _sounds(notes, audio))
    guide = _Lines.start(len(notes), USUAL_B_DEVIATION)
    for n in range(1, MOST_PARTIALS + 1):
        guide = guide.updated(chords.seen(n, guide))
    seen = [chords.seen(n, guide) for n in range(1, MOST_PARTIALS + 1)]
    lines = _Lines.start(len(notes), ANY_B_DEVIATION)
    for partial in seen:
        lines = lines.updated(partial)
    count = np.sum([partial.usable for partial in seen], axis=0)
    misfit = np.sum([lines.misfit(partial) for partial in seen], axis=0) / np.maximum(count - 2, 1)
    b = lines.slope / lines.level
    deviation = np.sqrt(np.maximum(lines.slope_variance, 0.0) * np.maximum(misfit, 1.0)) / lines.level
    found = np.full(len(notes), None, dtype=object)
    for index in np.flatnonzero(count >= FEWEST_PARTIALS):
        found[index] = Inharmonicity(
            round(float(b[index]), DECIMALS), round(float(deviation[index]), DECIMALS)
        )
    return found


@dataclass(frozen=True, eq=False)
class _Chords:
    """A block's notes: their spectra, nominal frequencies ``[notes]``, and what sounds with each.

    ``others`` ``[notes, most]`` are indices of notes, of which those flagged in ``together`` sound with a note.
    """

    sounds: _Sounds
    hz: Floats
    others: NDArray[np.int64]
    together: Flags

    @classmethod
    def of(cls, notes: Sequence[Note], sounds: _Sounds) -> _Chords:
        hz = 440 * 2 ** ((np.array([note.pitch_midi for note in notes]) - 69) / 12)
        onset = np.array([note.onset_seconds for note in notes])
        end = np.array([note.end_seconds for note in notes]) + RINGS_ON_SECONDS
        start = (onset + SKIPPED_SECONDS)[:, None]
        meets = (onset < start + sounds.window_seconds[:, None]) & (end > start)
        meets &= ~np.eye(len(notes), dtype=bool)
        others = np.argsort(~meets, axis=1, kind="stable")[:, : meets.sum(axis=1).max()]
        return cls(sounds, hz, others, np.take_along_axis(meets, others, axis=1))

    def seen(self, n: int, guide: _Lines) -> _Partial:
        """The ``n``-th partial of every note, looked for where ``guide`` says that it must be."""
        expected = n * self.hz * np.sqrt(guide.expected(n))
        finest = np.maximum(FINEST_GATE_PERIODS / self.sounds.window_seconds, FINEST_GATE * self.hz)
        doubt = GATE_DEVIATIONS * expected * guide.deviation(n) / (2 * guide.expected(n))
        at, prominence = self.sounds.peaks(
            expected, finest + np.minimum(doubt, WIDEST_GATE * self.hz), self.hz
        )
        audible = (prominence > LEAST_PROMINENCE) & (expected < HIGHEST_HZ)
        usable: Flags = audible & ~self._collides(at, guide)
        deviation_hz = np.hypot(PEAK_PERIODS / self.sounds.window_seconds, PEAK_PART * expected)
        return _Partial(n, (at / (n * self.hz)) ** 2, (2 * deviation_hz / (n * self.hz)) ** 2, usable)

    def _collides(self, at: Floats, guide: _Lines) -> Flags:
        """Whether a frequency of each note lies on a partial of a note that sounds with it."""
        hz, level, slope = self.hz[self.others], guide.level[self.others], guide.slope[self.others]
        ratio = at[:, None] / hz
        number = np.maximum(1, np.rint(ratio / np.sqrt(np.maximum(1 + slope * ratio**2, 0.5))))
        partial = number * hz * np.sqrt(np.maximum(level + slope * number**2, LEAST_SQUARE))
        width = (RESOLVED_PERIODS / self.sounds.window_seconds)[:, None]
        collides: Flags = np.any(self.together & (np.abs(at[:, None] - partial) < width), axis=1)
        return collides


def _sounds(notes: Sequence[Note], audio: Audio) -> _Sounds:
    """Look at each note from after its stroke on, as long as it lasts."""
    rate, size = audio.sample_rate_hz, WINDOW_SAMPLES[-1]
    starts = [round((note.onset_seconds + SKIPPED_SECONDS) * rate) for note in notes]
    lengths = [_window_samples(note, rate) for note in notes]
    count = starts[-1] - starts[0] + size
    samples = audio.read(starts[0], count)
    samples = np.pad(samples, (0, count - len(samples)))
    cut = np.zeros((len(notes), size), np.float32)
    for row, start, length in zip(cut, starts, lengths, strict=True):
        row[:length] = samples[start - starts[0] :][:length] * _HANN[length]
    bins = round((1 + WIDEST_GATE) * HIGHEST_HZ / rate * size)
    level = np.log(np.abs(np.fft.rfft(cut)[:, :bins]) + 1e-9)
    running = np.cumsum(level, axis=1, dtype=np.float64)
    return _Sounds(level, running, rate / size, np.array(lengths) / rate)


def _window_samples(note: Note, rate: int) -> int:
    lasts = (note.duration_seconds - SKIPPED_SECONDS) * rate
    return max((length for length in WINDOW_SAMPLES if length <= lasts), default=WINDOW_SAMPLES[0])


_HANN = {length: hann(length) for length in WINDOW_SAMPLES}
