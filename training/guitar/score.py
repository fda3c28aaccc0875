"""How well a network hears rendered examples: a quick measure to follow training by.

Notes are read off with one threshold and no learned decoder, so figures are lower than the pipeline's, but they rise
and fall with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from genesis_music.evaluation.notes import OFFSET_RATIO, ONSET_TOLERANCE_SECONDS
from training.guitar.batches import collate
from training.guitar.example import SAMPLE_RATE_HZ, Example, RenderedNote
from training.guitar.network import FRAME_SECONDS, LOWEST_PITCH_MIDI, GuitarNetwork
from training.guitar.targets import FloatArray

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
SOUNDING_THRESHOLD = 0.5
EXAMPLES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Score:
    """F1 of notes by onset (50 ms) and pitch, and by end as well, at the best of a few thresholds.

    ``string`` is the share of true notes whose string is the likeliest one at their onset.
    """

    onset_f1: float
    offset_f1: float
    string: float
    threshold: float


@dataclass(frozen=True, eq=False)
class _Notes:
    """Arrays ``[notes]``, times in seconds."""

    onset: FloatArray
    end: FloatArray
    pitch: FloatArray


def score(network: GuitarNetwork, examples: Sequence[Example]) -> Score:
    """Measure on examples of equal length."""
    device = next(network.parameters()).device
    heard: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    network.eval()
    for start in range(0, len(examples), EXAMPLES_AT_ONCE):
        with torch.no_grad():
            out = network(collate(examples[start : start + EXAMPLES_AT_ONCE]).audio.to(device))
        columns = (torch.sigmoid(out.onset), torch.sigmoid(out.sounding), out.string)
        heard += zip(*(column.float().cpu().numpy() for column in columns), strict=True)
    network.train()
    counts = {t: np.zeros(4) for t in THRESHOLDS}
    for example, (onset, sounding, _) in zip(examples, heard, strict=True):
        for threshold in THRESHOLDS:
            counts[threshold] += _matches(_true_notes(example), read_notes(onset, sounding, threshold))
    best = max(THRESHOLDS, key=lambda t: _f1(counts[t], 0))
    string = np.concatenate([_strings(e, out[2]) for e, out in zip(examples, heard, strict=True)])
    return Score(
        _f1(counts[best], 0), _f1(counts[best], 1), float(string.mean()) if len(string) else 0.0, best
    )


def read_notes(onset: FloatArray, sounding: FloatArray, threshold: float) -> _Notes:
    """Peaks of the onset, each until its pitch sounds no more or begins anew."""
    padded = np.pad(onset, ((2, 2), (0, 0)))
    count = len(onset)
    is_peak = onset >= threshold
    for shift in (0, 1, 3, 4):
        other = padded[shift : shift + count]
        is_peak &= onset > other if shift < 2 else onset >= other
    pitch, frame = np.nonzero(is_peak.T)
    before, at, after = (padded[frame + 1 + shift, pitch] for shift in range(3))
    vertex = 0.5 * (before - after) / np.minimum(before - 2 * at + after, -1e-6)
    ends = np.array([_end(sounding[:, p], f) for f, p in zip(frame, pitch, strict=True)], np.float32)
    following = np.append(np.where(np.diff(pitch) == 0, frame[1:], count), count)[: len(frame)]
    end = np.minimum(ends, following) * FRAME_SECONDS
    return _Notes((frame + vertex) * FRAME_SECONDS, end, pitch + LOWEST_PITCH_MIDI)


def _end(sounding: FloatArray, onset: int) -> int:
    silent = np.flatnonzero(sounding[onset + 3 :] < SOUNDING_THRESHOLD)
    return int(onset + 3 + silent[0]) if len(silent) else len(sounding)


def _true_notes(example: Example) -> _Notes:
    rows = sorted((n.pitch_midi, n.onset_seconds, n.offset_seconds) for n in _asked(example))
    pitch, onset, end = np.array(rows, np.float32).reshape(-1, 3).T
    return _Notes(onset, np.minimum(end, len(example.audio) / SAMPLE_RATE_HZ), pitch)


def _asked(example: Example) -> list[RenderedNote]:
    return [note for note in example.notes if note.pitched and note.onset_seconds >= 0]


def _matches(true: _Notes, found: _Notes) -> FloatArray:
    """Onset matches, onset and end matches, true notes, found notes; both sorted by pitch, then onset."""
    onsets = ends = 0
    place = 0
    order = np.lexsort((found.onset, found.pitch))
    for pitch, onset, end in zip(true.pitch, true.onset, true.end, strict=True):
        earliest = (pitch, onset - ONSET_TOLERANCE_SECONDS)
        while place < len(order) and (found.pitch[order[place]], found.onset[order[place]]) < earliest:
            place += 1
        if place == len(order):
            break
        candidate = order[place]
        if found.pitch[candidate] == pitch and found.onset[candidate] <= onset + ONSET_TOLERANCE_SECONDS:
            allowed = max(ONSET_TOLERANCE_SECONDS, OFFSET_RATIO * (end - onset))
            onsets += 1
            ends += abs(found.end[candidate] - end) <= allowed
            place += 1
    return np.array([onsets, ends, len(true.pitch), len(found.pitch)], np.float32)


def _f1(counts: FloatArray, kind: int) -> float:
    return float(2 * counts[kind] / max(counts[2] + counts[3], 1))


def _strings(example: Example, string: FloatArray) -> FloatArray:
    """Whether the likeliest string at each true onset, and the two frames after it, is the right one."""
    right = []
    for note in _asked(example):
        first, pitch = round(note.onset_seconds / FRAME_SECONDS), note.pitch_midi - LOWEST_PITCH_MIDI
        if first < len(string) - 1 and 0 <= pitch < string.shape[2]:
            right.append(string[first : first + 3, :, pitch].sum(axis=0).argmax() == note.string - 1)
    return np.array(right, np.float32)
