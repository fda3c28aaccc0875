"""Evidence per beat to chords: a hidden Markov model over roots and qualities, given the key.

In the spirit of Chordino (Mauch, Dixon, 2010) and of log-linear chord models, with notes in place of chroma. Every
weight is tied to the *role* of a pitch class in the chord (root, third, fifth, colour, in the scale, chromatic), so
that nothing depends on the absolute key and unseen qualities share what was learned from the seen ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from genesis_music.harmony.evidence import (
    DOWNBEAT,
    BeatGrid,
    Evidence,
    FloatArray,
    IntArray,
    beat_grid,
    gather_evidence,
)
from genesis_music.harmony.forms import CLASSES, TRIADS, FormFit
from genesis_music.harmony.qualities import NO_CHORD_LABEL, QUALITIES, Quality, Role, chord_label
from genesis_music.harmony.roman import roman_numeral
from genesis_music.harmony.scale import key_pitch_classes, leading_tone
from genesis_music.harmony.spans import Span, name_thirdless, slash_bass
from genesis_music.harmony.weights import ChordWeights, chord_weights
from genesis_music.score import Chord, Key, Note, TempoMap

HINT = 2.0
"""Log-odds per beat that a chord gains when a known progression asks for it with certainty."""
ABSENT_SHARE = 0.05
"""A pitch class with less than this share of a measure's energy is not there."""
HEARD_BASS = 0.4
"""Bass per beat (0..1) from which a measure has a bass line."""
EVIDENCE_TRUST = 0.5
"""Beats of one chord repeat each other, so confidence counts them for this much."""
AUDIBLE = 0.2
"""Energy from which a pitch class counts as played in a beat."""
FORM_KNOWN = 0.5
"""Probability from which a known progression is taken for granted."""
QUALITY_NAMES = tuple(QUALITIES)


def recognise_chords(
    notes: Sequence[Note], tempo_map: TempoMap, key: Key, weights: ChordWeights | None = None
) -> tuple[Chord, ...]:
    """Name the chord of every stretch of beats.

    Args:
        notes: the notes as performed, in any order.
        tempo_map: where beats and measures lie; chords change on beats only.
        key: the key whose scale, spelling and numerals are used.
        weights: the model; the shipped one when ``None``.

    Returns:
        Chords in time order without gaps from the first to the last beat; ``"N.C."`` over silence.
    """
    grid = beat_grid(notes, tempo_map)
    evidence = gather_evidence(notes, grid)
    return chords_from_evidence(evidence, grid, key, weights or chord_weights())


def chords_from_evidence(
    evidence: Evidence, grid: BeatGrid, key: Key, weights: ChordWeights, fit: FormFit | None = None
) -> tuple[Chord, ...]:
    """Decode, find each stretch's bass, and name it; ``fit`` hints at the chords of a known progression."""
    emission = emissions(evidence, key, weights)
    if fit is not None:
        emission = emission + form_hint(fit) * ~contradicted(fit, evidence, grid)[:, None]
    path, _ = decode(emission, grid.kind, key, weights)
    silent = silent_beats(evidence, grid)
    spans = [
        _span(start, end, path, evidence)
        for first, stop in _bounds(path, silent)
        for start, end in _bass_bounds(first, stop, path, evidence, grid)
    ]
    form_known = fit is not None and fit.form_probability > FORM_KNOWN
    named = name_thirdless([span for span in spans if not silent[span.first]], form_known=form_known)
    silence = [span for span in spans if silent[span.first]]
    prior = chord_prior(key, weights)
    chords = [_chord(span, grid, key, emission, prior) for span in named]
    chords += [_silence(span, grid) for span in silence]
    return tuple(sorted(chords, key=lambda chord: chord.onset_seconds))


@lru_cache(maxsize=64)
def chord_roles(tonic: int, mode: str) -> IntArray:
    """``[12 roots * qualities, 12]``: the role of every pitch class in every chord in a key."""
    scale = key_pitch_classes(Key(tonic, mode))
    rows = [
        [_role(quality, (pitch - root) % 12, pitch in scale) for pitch in range(12)]
        for root in range(12)
        for quality in QUALITIES.values()
    ]
    return np.array(rows, dtype=np.int64)


def _role(quality: Quality, interval: int, in_scale: bool) -> int:
    if interval == 0:
        return Role.ROOT
    if interval == quality.third:
        return Role.THIRD
    if interval == quality.fifth:
        return Role.FIFTH
    if interval in quality.colours:
        return Role.COLOUR
    return Role.SCALE if in_scale else Role.CHROMATIC


def emissions(evidence: Evidence, key: Key, weights: ChordWeights) -> FloatArray:
    """``[beats, 12 * qualities]``: how well every chord explains every beat (log-linear score)."""
    roles = chord_roles(key.tonic, key.mode)
    score = evidence.energy @ weights.energy[roles].T
    score += (1.0 - evidence.presence) @ weights.missing[roles].T
    score += evidence.bass @ weights.bass[roles].T
    return np.asarray(score * evidence.sounding[:, None])


@lru_cache(maxsize=64)
def foreign_tones(tonic: int, mode: str) -> IntArray:
    """``[12 * qualities]``: how many tones of every chord (two at most) lie outside the key."""
    key = Key(tonic, mode)
    own = key_pitch_classes(key) | {leading_tone(key)}
    counts = [
        len({(root + interval) % 12 for interval in quality.intervals} - own)
        for root in range(12)
        for quality in QUALITIES.values()
    ]
    return np.minimum(np.array(counts, dtype=np.int64), 2)


@lru_cache(maxsize=1)
def class_members() -> FloatArray:
    """``[36, 12 * qualities]``: 1 where a quality on a root holds the triad of the class ``root * 3 + triad``."""
    members = np.zeros((CLASSES, 12, len(QUALITIES)))
    for index, quality in enumerate(QUALITIES.values()):
        triad = {(4, 7): 0, (3, 7): 1, (3, 6): 2}.get((quality.third or 0, quality.fifth))
        if triad is not None:
            members[np.arange(12) * len(TRIADS) + triad, np.arange(12), index] = 1.0
    return members.reshape(CLASSES, -1)


def form_hint(fit: FormFit) -> FloatArray:
    """``[beats, 12 * qualities]``: what the known progression adds to its own chords."""
    return HINT * fit.form_probability * class_members()[fit.classes]


def contradicted(fit: FormFit, evidence: Evidence, grid: BeatGrid) -> NDArray[np.bool_]:
    """``[beats]``: whether a measure with a bass of its own lacks the root that the known progression asks for.

    A progression may fill in what a melody leaves open, not overrule an accompaniment.
    """
    measure = np.cumsum(grid.kind == DOWNBEAT)
    energy, bass = (
        np.array([np.bincount(measure, column) for column in part.T])
        for part in (evidence.energy, evidence.bass)
    )
    root = fit.classes // len(TRIADS)
    root_share = energy[root, measure] / np.maximum(energy.sum(axis=0), 1e-6)[measure]
    bass_per_beat = bass.sum(axis=0) / np.maximum(np.bincount(measure), 1)
    return np.asarray((root_share < ABSENT_SHARE) & (bass_per_beat[measure] > HEARD_BASS))


def chord_prior(key: Key, weights: ChordWeights) -> FloatArray:
    """``[12 * qualities]``: how welcome each chord is in the key before any note is heard."""
    degree = weights.degree_major if key.mode == "major" else weights.degree_minor
    by_root = np.roll(degree, key.tonic)
    prior = (by_root[:, None] + weights.quality[None, :]).ravel()
    return np.asarray(prior + weights.foreign * foreign_tones(key.tonic, key.mode))


def decode(emission: FloatArray, kind: IntArray, key: Key, weights: ChordWeights) -> tuple[IntArray, float]:
    """The best chord per beat ``[beats]`` (index root * qualities + quality) and its score (Viterbi)."""
    beats, states = emission.shape
    qualities = states // 12
    enter_prior = chord_prior(key, weights)
    change = weights.change[kind]
    motion = weights.motion[(np.arange(12)[None, :] - np.arange(12)[:, None]) % 12]
    score = enter_prior + emission[0]
    back = np.full((beats, states), -1, dtype=np.int64)
    for t in range(1, beats):
        by_root = score.reshape(12, qualities)
        best_quality = by_root.argmax(axis=1)
        arrival = by_root[np.arange(12), best_quality][:, None] + motion
        origin = arrival.argmax(axis=0)
        enter = np.repeat(arrival[origin, np.arange(12)] + change[t], qualities) + enter_prior
        source = np.repeat(origin * qualities + best_quality[origin], qualities)
        moved = enter > score
        back[t] = np.where(moved, source, np.arange(states))
        score = np.where(moved, enter, score) + emission[t]
    path = np.empty(beats, dtype=np.int64)
    path[-1] = int(score.argmax())
    for t in range(beats - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path, float(score.max())


def silent_beats(evidence: Evidence, grid: BeatGrid) -> FloatArray:
    """``[beats]`` 1 where there is no chord: before the first note, after the last, and in gaps of a measure."""
    sounding = np.flatnonzero(evidence.sounding)
    silent = np.zeros(grid.beats)
    if not len(sounding):
        return silent + 1.0
    edges = [-1, *sounding.tolist(), grid.beats]
    longest_rest = max(int(np.ceil(grid.beats / max(int((grid.kind == 0).sum()), 1))), 2)
    for a, b in pairwise(edges):
        outside = a < 0 or b == grid.beats
        if b - a - 1 >= (1 if outside else longest_rest):
            silent[a + 1 : b] = 1.0
    return silent


def _bounds(path: IntArray, silent: FloatArray) -> list[tuple[int, int]]:
    label = np.where(silent > 0, -1, path)
    cuts = [0, *(np.flatnonzero(np.diff(label)) + 1).tolist(), len(label)]
    return list(pairwise(cuts))


def _bass_bounds(
    first: int, stop: int, path: IntArray, evidence: Evidence, grid: BeatGrid
) -> list[tuple[int, int]]:
    """Split a stretch of one chord at the bar lines where its bass note changes."""
    if not evidence.sounding[first:stop].any():
        return [(first, stop)]
    downbeats = first + 1 + np.flatnonzero(grid.kind[first + 1 : stop] == DOWNBEAT)
    bounds = list(pairwise([first, *downbeats.tolist(), stop]))
    basses = [slash_bass(_span(start, end, path, evidence)) for start, end in bounds]
    cuts = [bounds[i][0] for i in range(1, len(bounds)) if basses[i] != basses[i - 1]]
    return list(pairwise([first, *cuts, stop]))


def _span(first: int, stop: int, path: IntArray, evidence: Evidence) -> Span:
    root, index = divmod(int(path[first]), len(QUALITIES))
    return Span(
        first,
        stop,
        root,
        QUALITY_NAMES[index],
        evidence.energy[first:stop].sum(axis=0),
        evidence.bass[first:stop].sum(axis=0),
        evidence.bass[first],
        float((evidence.energy[first:stop] > AUDIBLE).sum(axis=1).max()),
    )


def _silence(span: Span, grid: BeatGrid) -> Chord:
    onset, end = float(grid.edges_seconds[span.first]), float(grid.edges_seconds[span.stop])
    return Chord(onset, end, None, "", None, NO_CHORD_LABEL)


def _chord(span: Span, grid: BeatGrid, key: Key, emission: FloatArray, prior: FloatArray) -> Chord:
    bass = slash_bass(span)
    chord = Chord(
        float(grid.edges_seconds[span.first]),
        float(grid.edges_seconds[span.stop]),
        span.root,
        span.quality,
        bass,
        chord_label(span.root, span.quality, bass, flats=key.uses_flats),
        confidence=_confidence(span, emission, prior),
    )
    return replace(chord, roman=roman_numeral(chord, key))


def _confidence(span: Span, emission: FloatArray, prior: FloatArray) -> float:
    """Probability of the root and triad among all chords, from the stretch's own notes."""
    score = EVIDENCE_TRUST * emission[span.first : span.stop].sum(axis=0) + prior
    chance = np.exp(score - score.max()).reshape(12, -1)
    triad = (QUALITIES[span.quality].third, QUALITIES[span.quality].fifth)
    same = [(quality.third, quality.fifth) == triad for quality in QUALITIES.values()]
    return float(chance[span.root, same].sum() / chance.sum())
