"""What is known about a possible onset, and about a moment in a note: the activations around it.

A string that is struck also excites the detector an octave, a twelfth and two octaves above (and, fainter,
below), and sympathetic strings ring along. Whether a candidate is a note of its own shows only beside those
pitches, so its features are windowed activations at its pitch and at harmonically and melodically related
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from genesis_music.transcription.bends import (
    LARGEST_BEND_SEMITONES,
    SMOOTHING_FRAMES,
    away_from_pitch,
)
from genesis_music.transcription.engine import ActivationFormat, FloatArray
from genesis_music.transcription.onsets import Candidates
from genesis_music.transcription.segments import Segment
from genesis_music.transcription.windows import IntArray, Windows

RELATED_SEMITONES = (-28, -24, -19, -12, -7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7, 12, 16, 19, 24, 28)
"""Neighbours a melody or bend comes from, thirds to fifths of a chord, and harmonics 2 to 5 both ways."""
ONSET_FRAMES = range(-6, 7)
SOUNDING_FRAMES = range(-6, 13)
RELATED_EDGES = (0, 7, 17, 31)
CONTOUR_BINS = range(-3, 4)
HISTORY_EDGES = (-60, -40, -24, -12, -6)
FUTURE_EDGES = (6, 12, 24)
"""Up to 0.7 s back and 0.3 s on: whether the string was struck and rang before, and is struck again soon."""
CHANGE_EDGES = (-7, -2, 0, 5)
STRONGEST = 4
"""How many of the strongest onsets of any pitch at the same moment are looked at."""

END_SOUNDING_EDGES = (-8, -4, -1, 0, 1, 3, 6, 11, 18, 32)
END_CONTOUR_EDGES = (-6, 0, 6, 16)
END_OFFSET_EDGES = (-8, -3, -1, 2, 4, 9)
RESTRUCK_EDGES = (-4, -1, 2, 4)
"""Where around a moment its string may be struck anew."""
STRING_SECONDS = 0.1
"""How much of a note from its onset on is asked for its string: strings differ most while they are struck."""
STRINGS = 6


class SegmentWindows:
    """Windows into everything a segment holds, shared by the features of onsets and ends.

    Pitches are indices (0 = the engine's lowest pitch), frames are rows of the segment's arrays.
    """

    def __init__(self, segment: Segment, format: ActivationFormat) -> None:
        self.format = format
        self.onset = Windows(segment.onset, max(RELATED_SEMITONES))
        self.sounding = Windows(segment.sounding, max(RELATED_SEMITONES))
        self.total_attack = np.maximum(segment.onset - format.faintest_onset, 0).sum(axis=1)
        self.strongest = _strongest(segment.onset)
        reach = LARGEST_BEND_SEMITONES * format.bins_per_semitone
        self.contour = None if segment.contour is None else Windows(segment.contour, reach)
        away = [] if segment.contour is None else away_from_pitch(segment.contour, format)
        self._away = tuple(Windows(values) for values in away)
        self.offset = None if segment.offset is None else Windows(segment.offset)
        self.velocity = None if segment.velocity is None else Windows(segment.velocity)
        evidence = segment.string_evidence
        self._evidence = None if evidence is None else Windows(evidence.reshape(len(evidence), -1))
        self.struck = None if evidence is None else Windows(_struck_strings(segment.onset, evidence, format))

    def contour_means(
        self, frame: IntArray, pitch: IntArray, bin_: int, edges: tuple[int, ...]
    ) -> list[FloatArray]:
        """Contour ``bin_`` bins from the centre of the pitch; zeros from engines without contour."""
        if self.contour is None:
            return [np.zeros(len(frame), dtype=np.float32)] * (len(edges) - 1)
        return self.contour.means(frame, self._contour_column(pitch) + bin_, edges)

    def string_evidence(self, frame: IntArray, pitch: IntArray) -> FloatArray:
        """Mean log-probabilities of the strings in the first moments of notes ``[notes, STRINGS]``.

        ``[notes, 0]`` from engines that hear no strings.
        """
        if self._evidence is None:
            return np.zeros((len(frame), 0), dtype=np.float32)
        column = pitch[:, np.newaxis] + self.format.pitches * np.arange(STRINGS)
        return self._evidence.mean(frame[:, np.newaxis], column, 0, self.format.frames(STRING_SECONDS))

    def may_bend(self, start: int, end: int, pitch: int) -> bool:
        """Whether the contour moves within ``start .. end``: a quick look that spares most notes."""
        frames = end - start
        one, two = (windows.count(start, end, pitch) for windows in self._away)
        return SMOOTHING_FRAMES < one < frames - SMOOTHING_FRAMES or two > SMOOTHING_FRAMES

    def contour_around(self, start: int, end: int, pitch: int) -> FloatArray:
        """Contour within reach of a bend ``[frames, bins]``, the pitch in the middle; only with a contour."""
        if self.contour is None:
            raise ValueError("this engine gives no contour")
        reach = LARGEST_BEND_SEMITONES * self.format.bins_per_semitone
        return self.contour.patch(start, end, int(self._contour_column(np.array(pitch))), reach)

    def _contour_column(self, pitch: IntArray) -> IntArray:
        semitones = pitch + (self.format.lowest_pitch_midi - self.format.contour_lowest_midi)
        column: IntArray = np.rint(semitones * self.format.bins_per_semitone).astype(np.intp)
        return column


def candidate_features(windows: SegmentWindows, candidates: Candidates) -> FloatArray:
    """Describe every candidate by ``[candidates, features]`` numbers, most of them in 0..1."""
    frame, pitch = candidates.frame[:, np.newaxis], candidates.pitch[:, np.newaxis]
    related = pitch + np.array(RELATED_SEMITONES)
    blocks = [
        windows.onset.at(frame + np.array(ONSET_FRAMES), pitch),
        windows.sounding.at(frame + np.array(SOUNDING_FRAMES), pitch),
        windows.onset.maximum(frame, related, -2, 3),
        windows.onset.maximum(frame, related, -10, -2),
        windows.sounding.mean(frame, related, -8, -1),
        *windows.sounding.means(frame, related, RELATED_EDGES),
        _candidate_contour(windows, candidates),
        _own_past(windows, candidates),
        _setting(windows, candidates),
        *_velocity(windows, candidates),
    ]
    return np.concatenate(blocks, axis=1, dtype=np.float32)


def _candidate_contour(windows: SegmentWindows, candidates: Candidates) -> FloatArray:
    """Mean contour around the pitch before and after the onset."""
    frame, pitch = candidates.frame, candidates.pitch
    before = [windows.contour_means(frame, pitch, bin_, (-6, -1))[0] for bin_ in CONTOUR_BINS]
    after = [windows.contour_means(frame, pitch, bin_, (2, 10))[0] for bin_ in CONTOUR_BINS]
    return np.stack([*before, *after], axis=1)


def _own_past(windows: SegmentWindows, candidates: Candidates) -> FloatArray:
    """Whether the same string was struck and rang before, and how it faded before it rose."""
    frame, pitch = candidates.frame, candidates.pitch
    around = windows.sounding.at(frame[:, np.newaxis] + np.arange(-5, 9), pitch[:, np.newaxis])
    lowest, highest = around[:, :7].min(axis=1), around[:, 6:].max(axis=1)
    columns = [
        *windows.onset.means(frame, pitch, HISTORY_EDGES),
        *windows.onset.means(frame, pitch, FUTURE_EDGES),
        *windows.sounding.means(frame, pitch, HISTORY_EDGES),
        lowest,
        highest,
        around[:, :4].max(axis=1) - lowest,
    ]
    return np.stack(columns, axis=1)


def _setting(windows: SegmentWindows, candidates: Candidates) -> FloatArray:
    """Where between frames the peak lies, and how much is struck altogether.

    Never the pitch: what is learned on guitars must hold for basses and ukuleles.
    """
    frame = candidates.frame
    attack = np.mean([windows.total_attack[frame + t] for t in range(-2, 3)], axis=0)
    own = windows.onset.at(frame, candidates.pitch)
    strongest = windows.strongest[frame]
    columns = [candidates.offset_frames, attack, *strongest.T, *(strongest - own[:, np.newaxis]).T]
    return np.stack([*columns, *_change(windows, frame)], axis=1)


def _velocity(windows: SegmentWindows, candidates: Candidates) -> list[FloatArray]:
    """Velocity activation at the onsets, from engines that give it."""
    if windows.velocity is None:
        return []
    return [
        windows.velocity.at(
            candidates.frame[:, np.newaxis] + np.arange(-1, 2), candidates.pitch[:, np.newaxis]
        )
    ]


def _change(windows: SegmentWindows, frame: IntArray) -> tuple[FloatArray, FloatArray]:
    """How much sounding comes and how much goes at a frame, over all pitches."""
    pitches = np.arange(windows.format.pitches)
    before, _, after = windows.sounding.means(frame[:, np.newaxis], pitches, CHANGE_EDGES)
    rise = after - before
    return np.maximum(rise, 0).sum(axis=1), np.minimum(rise, 0).sum(axis=1)


def _strongest(onset: FloatArray) -> FloatArray:
    """The highest onset activations of any pitch within two frames ``[frames, STRONGEST]``, highest first."""
    padded = np.pad(onset, ((2, 2), (0, 0)))
    near = padded[: len(onset)]
    for distance in range(1, 5):
        near = np.maximum(near, padded[distance : distance + len(onset)])
    highest = np.sort(np.partition(near, -STRONGEST, axis=1)[:, -STRONGEST:], axis=1)
    return highest[:, ::-1]


def _struck_strings(onset: FloatArray, evidence: FloatArray, format: ActivationFormat) -> FloatArray:
    """How much each string is struck in each frame ``[frames, STRINGS]``, whatever its pitch."""
    attack = np.where(onset >= format.faintest_onset, onset, 0)
    struck: FloatArray = np.einsum("fp,fsp->fs", attack, np.exp(evidence), dtype=np.float32)
    return struck


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments in notes; all arrays ``[moments]``.

    ``frame`` is a row of the segment's arrays, ``pitch`` an index, ``onset`` the row at which the note was struck (it
    may lie before the segment), ``strings`` the probability of each string ``[moments, STRINGS]`` or ``[moments, 0]``.
    """

    frame: IntArray
    pitch: IntArray
    onset: FloatArray
    strings: FloatArray


def string_probabilities(evidence: Sequence[Sequence[float]]) -> FloatArray:
    """Probabilities ``[notes, strings]`` from log-probabilities; each sums to 1."""
    strings = len(evidence[0]) if evidence else 0
    likely: FloatArray = np.exp(np.array(evidence, dtype=np.float32).reshape(len(evidence), strings))
    probabilities: FloatArray = likely / np.maximum(likely.sum(axis=1, keepdims=True), 1e-6)
    return probabilities


def end_features(windows: SegmentWindows, moments: Moments) -> FloatArray:
    """Describe moments in notes by ``[moments, features]``.

    Only the pitch's own activations, and whether its string seems to be struck anew: what else is struck
    meanwhile says little on real recordings.
    """
    frame, pitch = moments.frame, moments.pitch
    columns: list[FloatArray] = [
        *windows.sounding.means(frame, pitch, END_SOUNDING_EDGES),
        windows.onset.maximum(frame, pitch, -3, 4),
        windows.onset.maximum(frame, pitch, 4, 12),
        *windows.contour_means(frame, pitch, 0, END_CONTOUR_EDGES),
        (np.log1p(frame - moments.onset) / 5).astype(np.float32),
        *_end_heard(windows, moments),
        *_restruck(windows, moments),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _end_heard(windows: SegmentWindows, moments: Moments) -> list[FloatArray]:
    """Offset activation around the moments, from engines that give it."""
    if windows.offset is None:
        return []
    frame, pitch, edges = moments.frame, moments.pitch, END_OFFSET_EDGES
    return [windows.offset.maximum(frame, pitch, *between) for between in pairwise(edges)]


def _restruck(windows: SegmentWindows, moments: Moments) -> list[FloatArray]:
    """How much the strings of the notes are struck around the moments and since their onset, whatever pitch."""
    if windows.struck is None:
        return []
    string = np.arange(STRINGS)
    frame, probability = moments.frame[:, np.newaxis], moments.strings
    around = windows.struck.means(frame, string, RESTRUCK_EDGES)
    after_attack = np.maximum(moments.onset.astype(np.intp) + 3, 0)[:, np.newaxis]
    since = windows.struck.between(np.minimum(after_attack, frame), frame, string)
    return [(probability * struck).sum(axis=1) for struck in (*around, np.minimum(since, 4.0))]
