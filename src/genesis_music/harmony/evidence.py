"""Notes to what each beat says about the harmony: pitch-class energy, presence and bass per beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Note, TempoMap

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DOWNBEAT, HALF_MEASURE, OTHER_BEAT = 0, 1, 2
RING_SECONDS = 1.5
"""How long a plucked note takes to lose most of its say."""
BASS_MIDI = 54.0
"""Notes around this pitch are half believed to be a bass; lower ones more."""


@dataclass(frozen=True)
class BeatGrid:
    """Beats that cover all notes: ``edges_seconds [beats + 1]``, ``kind [beats]`` (downbeat, half measure, other)."""

    edges_seconds: FloatArray
    kind: IntArray
    measure_beats: int

    @property
    def first_downbeat(self) -> int:
        """Index of the first downbeat."""
        downbeats = np.flatnonzero(self.kind == DOWNBEAT)
        return int(downbeats[0]) if len(downbeats) else 0

    @property
    def beats(self) -> int:
        """Number of beats."""
        return len(self.kind)

    def part(self, beats: slice) -> BeatGrid:
        """Return some consecutive beats."""
        return replace(
            self, edges_seconds=self.edges_seconds[beats.start : beats.stop + 1], kind=self.kind[beats]
        )

    def with_bar_shift(self, beats: int) -> BeatGrid:
        """Return the same beats with every bar line moved later by some beats."""
        if beats == 0:
            return self
        places = (np.arange(self.beats) - self.first_downbeat - beats) % self.measure_beats
        kinds = [_position_kind(int(place), self.measure_beats) for place in places]
        return replace(self, kind=np.array(kinds, dtype=np.int64))


@dataclass(frozen=True)
class Evidence:
    """What the notes say per beat.

    ``energy``, ``presence`` and ``bass`` are ``[beats, 12]`` (pitch class 0 = C), non-negative, presence and bass
    in 0..1; ``sounding [beats]`` tells whether anything sounds at all.
    """

    energy: FloatArray
    presence: FloatArray
    bass: FloatArray
    sounding: NDArray[np.bool_]

    def part(self, beats: slice) -> Evidence:
        """Return some consecutive beats."""
        return Evidence(self.energy[beats], self.presence[beats], self.bass[beats], self.sounding[beats])


def beat_grid(notes: Sequence[Note], tempo_map: TempoMap) -> BeatGrid:
    """Extend the beats of the tempo map at their own pace until they cover every note."""
    times = [beat.onset_seconds for beat in tempo_map.beats]
    kinds = [_kind(beat.measure, beat.beat, tempo_map) for beat in tempo_map.beats]
    first = min((note.onset_seconds for note in notes), default=times[0])
    last = max((note.end_seconds for note in notes), default=times[-1])
    period = float(np.median(np.diff(times)))
    before = max(0, int(np.ceil((times[0] - first) / period - 0.5)))
    after = max(1, int(np.ceil((last - times[-1]) / period - 0.25)))
    per_measure = tempo_map.time_signature.beats_per_measure
    positions = [_position_kind(i, per_measure) for i in range(per_measure)]
    head = tempo_map.beats[0].beat - 1
    tail = tempo_map.beats[-1].beat
    edges = [times[0] - period * (before - i) for i in range(before)] + times
    edges += [times[-1] + period * (i + 1) for i in range(after)]
    kinds = [positions[(head - before + i) % per_measure] for i in range(before)] + kinds
    kinds += [positions[(tail + i) % per_measure] for i in range(after - 1)]
    return BeatGrid(np.array(edges), np.array(kinds, dtype=np.int64), per_measure)


def _kind(measure: int, beat: int, tempo_map: TempoMap) -> int:
    index = min(max(measure - tempo_map.measures[0].number, 0), len(tempo_map.measures) - 1)
    return _position_kind(beat - 1, tempo_map.measures[index].time_signature.beats_per_measure)


def _position_kind(position: int, per_measure: int) -> int:
    if position == 0:
        return DOWNBEAT
    return HALF_MEASURE if 2 * position == per_measure else OTHER_BEAT


def gather_evidence(notes: Sequence[Note], grid: BeatGrid) -> Evidence:
    """Spread every note over the beats in which it sounds, fading as it rings."""
    energy = np.zeros((grid.beats, 12))
    bass = np.zeros((grid.beats, 12))
    for beat, pitch, amount in _beat_shares(notes, grid):
        np.add.at(energy, (beat, pitch % 12), amount)
        np.add.at(bass, (beat, pitch % 12), amount / (1.0 + np.exp((pitch - BASS_MIDI) / 2.5)))
    sounding = energy.sum(axis=1) > 1e-3
    carried = energy.copy()
    carried[1:] += 0.5 * energy[:-1]
    carried[:-1] += 0.5 * energy[1:]
    bass_sum = bass.sum(axis=1, keepdims=True)
    return Evidence(
        energy=np.sqrt(energy),
        presence=carried / (carried + 0.15),
        bass=bass / (bass_sum + 0.15),
        sounding=sounding,
    )


def _beat_shares(notes: Sequence[Note], grid: BeatGrid) -> list[tuple[IntArray, IntArray, FloatArray]]:
    """For the first, second, third … beat of each note: (beat, pitch, amount)."""
    onset = np.array([note.onset_seconds for note in notes])
    end = np.array([note.end_seconds for note in notes])
    pitch = np.array([note.pitch_midi for note in notes], dtype=np.int64)
    weight = np.array([note.confidence * note.velocity for note in notes])
    weight = np.sqrt(weight / max(float(np.median(weight)), 1e-6)) if len(notes) else weight
    edges = grid.edges_seconds
    beat = np.clip(np.searchsorted(edges, onset + 0.04, side="right") - 1, 0, grid.beats - 1)
    shares = []
    while len(beat):
        start = np.maximum(edges[beat], onset)
        stop = np.minimum(edges[beat + 1], end)
        ring = np.exp(-(start - onset) / RING_SECONDS) - np.exp(-(stop - onset) / RING_SECONDS)
        length = edges[beat + 1] - edges[beat]
        shares.append((beat, pitch, np.maximum(ring, 0.0) * RING_SECONDS / length * weight))
        alive = (end > edges[beat + 1] + 0.04) & (beat + 1 < grid.beats) & (stop - onset < 4 * RING_SECONDS)
        beat, pitch, onset, end, weight = (a[alive] for a in (beat + 1, pitch, onset, end, weight))
    return shares
