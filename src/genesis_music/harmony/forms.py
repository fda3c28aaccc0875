"""Which key a piece is in and which known progression it follows, from the notes of whole measures.

A generative model with normalised likelihoods: every measure has one chord; a note's pitch class comes from the
key's profile, raised for chord tones. Hypotheses are all keys, with free chords or with a named progression
entered anywhere, and a few readings of the bar line. Solo lines, which name no chord by themselves, are read as a
whole this way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from genesis_music.harmony.evidence import BeatGrid, Evidence, FloatArray, IntArray
from genesis_music.harmony.progression import PROGRESSIONS, Progression, numeral_class
from genesis_music.harmony.weights import FormWeights
from genesis_music.score import Key

TRIADS = ("major", "minor", "dim")
CLASSES = 12 * len(TRIADS)
COLOURS = ("major", "minor", "blues")
_CHORD_TONES = {"major": (0, 4, 7, 10), "minor": (0, 3, 7, 10), "dim": (0, 3, 6, 10)}
OTHER_ROLE = 4

LATE_START_LOG_PRIOR = -1.5
"""A form entered in its middle (a cut recording) is this much less likely than one entered at its start."""
MOVED_BAR_LOG_PRIOR = -2.0
"""The tracked bar line off by some beats."""
OTHER_BAR_LOG_PRIOR = -3.0
"""The tracked measure half or twice as long as the felt one."""


@dataclass(frozen=True)
class FormFit:
    """The best reading of the piece.

    ``key`` carries the posterior of tonic and mode; ``form_probability`` is that of the progression (0 when free
    chords explain the piece better); ``classes [beats]`` is the progression's chord per beat as
    ``root * 3 + triad`` (absolute root), meaningless when ``progression`` is ``None``; ``bar_shift`` says how many
    beats after the tracked downbeats the bar line lies.
    """

    key: Key
    progression: Progression | None
    form_probability: float
    classes: IntArray
    bar_shift: int

    def part(self, beats: slice) -> FormFit:
        """Return what it says about some consecutive beats."""
        return replace(self, classes=self.classes[beats])


@dataclass(frozen=True)
class _Reading:
    """One hypothesis in all twelve keys: ``scores [12]`` by tonic, and the form's measure that comes first."""

    scores: FloatArray
    entries: IntArray
    colour: str
    progression: Progression | None
    bar_beats: int
    shift: int


@lru_cache(maxsize=1)
def tone_roles() -> IntArray:
    """``[36, 12]``: for each chord class above the tonic, root 0, third 1, fifth 2, seventh 3, other 4."""
    roles = np.full((CLASSES, 12), OTHER_ROLE, dtype=np.int64)
    for root in range(12):
        for index, triad in enumerate(TRIADS):
            for role, interval in enumerate(_CHORD_TONES[triad]):
                roles[root * len(TRIADS) + index, (root + interval) % 12] = role
    return roles


@lru_cache(maxsize=len(PROGRESSIONS))
def class_sequence(progression: Progression) -> IntArray:
    """The chord class above the tonic of every measure of a progression."""
    pairs = [numeral_class(numeral, progression.mode) for numeral in progression.numerals]
    return np.array([root * len(TRIADS) + TRIADS.index(triad) for root, triad in pairs], dtype=np.int64)


def fit_form(evidence: Evidence, grid: BeatGrid, weights: FormWeights) -> FormFit:
    """Weigh all readings; C major with confidence 0 when nothing sounds."""
    if not evidence.sounding.any():
        return FormFit(Key(0, "major", 0.0), None, 0.0, np.zeros(grid.beats, dtype=np.int64), 0)
    readings = list(_readings(evidence, grid, weights))
    scores = np.array([reading.scores for reading in readings])
    chance = np.exp(scores - scores.max())
    chance /= chance.sum()
    minor = np.array([reading.colour == "minor" for reading in readings])
    by_key = np.concatenate((chance[~minor].sum(axis=0), chance[minor].sum(axis=0)))
    tonic, is_minor = int(by_key.argmax()) % 12, bool(by_key.argmax() >= 12)
    key = Key(tonic, "minor" if is_minor else "major", float(by_key.max()))
    in_key = np.where(minor == is_minor, chance[:, tonic], 0.0)
    best = readings[int(in_key.argmax())]
    same = [reading.progression == best.progression for reading in readings]
    return FormFit(
        key=key,
        progression=best.progression,
        form_probability=float(in_key[same].sum()) if best.progression else 0.0,
        classes=_classes_per_beat(best, tonic, grid),
        bar_shift=best.shift if best.bar_beats == grid.measure_beats else 0,
    )


def _classes_per_beat(reading: _Reading, tonic: int, grid: BeatGrid) -> IntArray:
    if reading.progression is None:
        return np.zeros(grid.beats, dtype=np.int64)
    sequence = class_sequence(reading.progression)
    first = (grid.first_downbeat + reading.shift) % reading.bar_beats
    measure = (np.arange(grid.beats) - first) // reading.bar_beats
    classes = sequence[(measure + reading.entries[tonic]) % len(sequence)]
    return np.asarray((classes + tonic * len(TRIADS)) % CLASSES)


def free_measures(evidence: Evidence, grid: BeatGrid, weights: FormWeights) -> FloatArray:
    """``[measures, 24]``: log-likelihood of every measure under each key (minor ones last), its chord left open.

    A part measure before the first downbeat counts as the first measure.
    """
    measures = sum_measures(evidence, grid.measure_beats, grid.first_downbeat)
    by_colour = [
        _log_sum(
            measure_likelihood(measures, np.concatenate(pitch_tables(colour, weights), axis=1).T)
            + _log_softmax(weights.chords[COLOURS.index(colour)])
        )
        for colour in COLOURS
    ]
    major = np.maximum(by_colour[0], by_colour[2])
    return np.concatenate((major, by_colour[1])).T


def _readings(evidence: Evidence, grid: BeatGrid, weights: FormWeights) -> Iterator[_Reading]:
    whole = grid.measure_beats
    tables = {colour: np.concatenate(pitch_tables(colour, weights), axis=1).T for colour in COLOURS}
    for bar_beats in sorted({whole, 2 * whole, whole // 2 if whole % 2 == 0 else whole}):
        for shift in range(bar_beats):
            prior = MOVED_BAR_LOG_PRIOR if shift else 0.0
            prior += OTHER_BAR_LOG_PRIOR if bar_beats != whole else 0.0
            first = (grid.first_downbeat + shift) % bar_beats
            measures = sum_measures(evidence, bar_beats, first)
            for colour in COLOURS:
                likelihood = measure_likelihood(measures, tables[colour])
                for scores, entries, progression in _fits(likelihood, first > 0, colour, weights):
                    yield _Reading(scores + prior, entries, colour, progression, bar_beats, shift)


def sum_measures(evidence: Evidence, bar_beats: int, first: int) -> FloatArray:
    """``[measures, 24]``: energy and bass over measures that start ``first`` beats in (a part one comes first)."""
    features = np.concatenate((evidence.energy, evidence.bass), axis=1)
    starts = np.arange(first, len(features), bar_beats)
    return np.asarray(np.add.reduceat(features, starts if first == 0 else np.append(0, starts), axis=0))


def measure_likelihood(measures: FloatArray, table: FloatArray) -> FloatArray:
    """``[12 tonics, measures, 36]``: log-likelihood of each measure under each chord class above the tonic."""
    turn = (np.arange(12)[None, :] - np.arange(12)[:, None]) % 12
    rows = np.concatenate((turn, turn + 12), axis=1)
    turned = np.moveaxis(table[rows], 1, 0).reshape(len(table), -1)
    by_tonic = (measures @ turned).reshape(len(measures), 12, CLASSES)
    return np.ascontiguousarray(np.moveaxis(by_tonic, 1, 0))


def pitch_tables(colour: str, weights: FormWeights) -> tuple[FloatArray, FloatArray]:
    """Two ``[36, 12]``: tempered log-probability of pitch classes above the tonic, for all notes and for the bass."""
    roles = tone_roles()
    melody = weights.profiles[COLOURS.index(colour)] + weights.bonus[roles]
    bass = weights.bass_bonus[roles]
    return weights.temper * _log_softmax(melody), weights.bass_temper * _log_softmax(bass)


def _log_softmax(scores: FloatArray) -> FloatArray:
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True)))


def _fits(
    likelihood: FloatArray, part_first: bool, colour: str, weights: FormWeights
) -> Iterator[tuple[FloatArray, IntArray, Progression | None]]:
    """Scores ``[12]`` by tonic, entry measures ``[12]`` and progression of every hypothesis of one colour."""
    chord = _log_softmax(weights.chords[COLOURS.index(colour)])
    yield _log_sum(likelihood + chord).sum(axis=1), np.zeros(12, dtype=np.int64), None
    share = weights.form - np.log(len(PROGRESSIONS))
    for progression in PROGRESSIONS:
        length = len(progression.numerals)
        if progression.colour == colour and length <= likelihood.shape[1]:
            scores = entry_scores(likelihood, class_sequence(progression), part_first) + share
            scores[:, 1:] += LATE_START_LOG_PRIOR - np.log(length)
            yield _log_sum(scores), scores.argmax(axis=1), progression


def _log_sum(scores: FloatArray) -> FloatArray:
    """Logarithm of the sum of exponentials over the last axis."""
    top = scores.max(axis=-1)
    return np.asarray(top + np.log(np.exp(scores - top[..., None]).sum(axis=-1)))


def entry_scores(likelihood: FloatArray, sequence: IntArray, part_first: bool) -> FloatArray:
    """``[12, length]``: the piece as the looped sequence, its first full measure being each of the sequence's."""
    length = len(sequence)
    before = (length - 1) if part_first else 0
    after = -(likelihood.shape[1] + before) % length
    padded = np.pad(likelihood, ((0, 0), (before, after), (0, 0)))
    folded = padded.reshape(12, -1, length, CLASSES).sum(axis=1)
    place = np.arange(length)
    turned = sequence[(place[None, :] + place[:, None]) % length]
    return np.asarray(folded[:, place[None, :], turned].sum(axis=2))
