"""From activations to notes, in one pass over the blocks with bounded memory.

1. Peaks of the onset activation are candidates; a small network, trained on rendered guitar parts
   (``training/decoder.py``), judges from the activations around each whether it is a note of its own or the
   ghost of another (octave, twelfth, sympathetic string), and when exactly it was struck.
2. A second network follows each note until it is damped. The next onset of the same pitch ends it too.
3. The contour gives the bend of each note, and notes that are one bent string become one.
4. What the sound of a note says about its string, in its first moments, goes with the note.

The result depends only on the activations, never on how they were cut into blocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from genesis_music.errors import SettingsError
from genesis_music.score import BendPoint, Note
from genesis_music.transcription.bends import absorb_bent, bend_points, follow
from genesis_music.transcription.engine import ActivationFormat, Activations
from genesis_music.transcription.features import SegmentWindows, candidate_features
from genesis_music.transcription.offsets import FIRST_SECONDS, Sounding, find_ends
from genesis_music.transcription.onsets import Candidates, onset_candidates
from genesis_music.transcription.segments import CONTEXT_FRAMES, Segment, segments
from genesis_music.transcription.weights import DecoderWeights, load_weights

SHORTEST_BENT_SECONDS = 0.093
"""Shorter notes are not looked at for bends."""
LATEST_SECONDS = 0.05
"""No onset is moved by more from the peak of its activation."""
AWAY_SEMITONES = 0.5
"""A note whose string is bent this far when its pitch fades goes on at the bent pitch."""


@dataclass(frozen=True, slots=True)
class DecoderSettings:
    """What counts as a note.

    ``minimum_confidence`` (0..1): notes less likely than this to be right are left out. ``minimum_seconds``:
    shorter notes are left out. ``end_probability`` (0..1, both excluded): a note ends where it has ended with
    at least this probability; higher makes notes longer. ``lowest_pitch_midi`` and ``highest_pitch_midi``: the
    range of the instrument, both included.

    Raises:
        SettingsError: a value is out of its range.
    """

    minimum_confidence: float = 0.5
    minimum_seconds: float = 0.04
    end_probability: float = 0.65
    lowest_pitch_midi: int = 0
    highest_pitch_midi: int = 127

    def __post_init__(self) -> None:
        if not 0 <= self.minimum_confidence <= 1:
            raise SettingsError(f"minimum_confidence must be 0 to 1, not {self.minimum_confidence}.")
        if not 0 < self.end_probability < 1:
            raise SettingsError(f"end_probability must lie between 0 and 1, not {self.end_probability}.")
        if not 0 <= self.minimum_seconds <= 10:
            raise SettingsError(f"minimum_seconds must be 0 to 10, not {self.minimum_seconds}.")
        if not 0 <= self.lowest_pitch_midi <= self.highest_pitch_midi <= 127:
            raise SettingsError("The pitch range must lie within MIDI notes 0 to 127, lowest first.")


DEFAULT_SETTINGS = DecoderSettings()


def decode_notes(
    blocks: Iterable[Activations],
    format: ActivationFormat,
    settings: DecoderSettings = DEFAULT_SETTINGS,
    weights: DecoderWeights | None = None,
) -> list[Note]:
    """Decode all notes of a recording, in order of onset, then pitch.

    Args:
        blocks: consecutive activations as an engine yields them.
        format: how to read them.
        settings: what counts as a note.
        weights: the learned part; by default that which the format names.

    Raises:
        EngineError: the weights cannot be read.
    """
    decoder = _Decoder(format, settings, weights or load_weights(format.decoder_weights))
    for segment in segments(blocks):
        decoder.feed(segment)
    return decoder.finish()


@dataclass(frozen=True, slots=True)
class _Struck:
    """A note whose end is still to be found; ``onset_frames`` counts from the start of the recording."""

    onset_frames: float
    pitch: int
    confidence: float
    velocity: float
    bend: tuple[BendPoint, ...] = ()
    string_evidence: tuple[float, ...] = ()


class _Decoder:
    """Goes through the segments in order; only notes that still sound are carried from one to the next."""

    def __init__(self, format: ActivationFormat, settings: DecoderSettings, weights: DecoderWeights) -> None:
        self._format = format
        self._settings = settings
        self._weights = weights
        self._end_log_odds = math.log(settings.end_probability / (1 - settings.end_probability))
        self._sounding: list[_Struck] = []
        self._end_frame = 0
        self._notes: list[Note] = []

    def feed(self, segment: Segment) -> None:
        """Decode one segment."""
        self._end_frame = segment.first_frame + segment.frames
        windows = SegmentWindows(segment, self._format)
        struck = [*self._sounding, *self._judged(segment, windows)]
        if not struck:
            return
        next_onsets = _next_onsets(struck)
        soonest = self._format.frames(FIRST_SECONDS)
        sounding = [_placed(*pair, segment, soonest) for pair in zip(struck, next_onsets, strict=True)]
        ends = find_ends(windows, sounding, self._weights.end, self._end_log_odds).tolist()
        self._sounding = []
        for index, next_onset in enumerate(next_onsets):
            note, end = self._bent(struck[index], sounding[index], ends[index], windows)
            if end < CONTEXT_FRAMES + segment.frames:
                self._close(note, float(segment.first_frame - CONTEXT_FRAMES + end))
            elif next_onset is not None:
                self._close(note, next_onset)
            else:
                self._sounding.append(note)

    def finish(self) -> list[Note]:
        """Close what still sounds and return all notes."""
        for note in self._sounding:
            self._close(note, self._end_frame)
        return absorb_bent(sorted(self._notes, key=lambda note: (note.onset_seconds, note.pitch_midi)))

    def _bent(self, note: _Struck, sound: Sounding, end: int, windows: SegmentWindows) -> tuple[_Struck, int]:
        """Add the bend of a note struck in this segment, and let it last while its bent string sounds.

        A bend is followed through this segment and its context, 0.7 s further.
        """
        first = round(sound.onset)
        shortest = self._format.frames(SHORTEST_BENT_SECONDS)
        if first < CONTEXT_FRAMES or end - first < shortest:
            return note, end
        beyond = CONTEXT_FRAMES if end < sound.limit else 0
        if windows.contour is None or not windows.may_bend(first, end + shortest, note.pitch):
            return note, end
        path = follow(windows.contour_around(first, end + beyond, note.pitch), self._format)
        ends_away = len(path) > end - first and abs(path[end - first]) >= AWAY_SEMITONES
        length = min(len(path), sound.limit - first) if ends_away else min(len(path), end - first)
        frame_seconds = self._format.frame_seconds
        points = bend_points(path[:length], frame_seconds, (first - sound.onset) * frame_seconds)
        return replace(note, bend=points), first + length if ends_away else end

    def _judged(self, segment: Segment, windows: SegmentWindows) -> list[_Struck]:
        """The candidates that are notes, in time order."""
        candidates = self._in_range(onset_candidates(segment, self._format))
        log_odds, late_frames, velocity = self._weights.onset(candidate_features(windows, candidates)).T
        confidence = 1 / (1 + np.exp(-log_odds.clip(-30, 30)))
        first_row = segment.first_frame - CONTEXT_FRAMES
        farthest = self._format.frames(LATEST_SECONDS)
        late_frames = late_frames.clip(-farthest, farthest)
        onset = first_row + candidates.frame + candidates.offset_frames - late_frames
        columns = (onset, candidates.pitch, confidence, velocity.clip(0, 1))
        kept = np.flatnonzero(confidence >= self._settings.minimum_confidence)
        strings = windows.string_evidence(candidates.frame[kept], candidates.pitch[kept]).round(2)
        rows = zip(*(column[kept].tolist() for column in columns), strings.tolist(), strict=True)
        return [
            _Struck(at, pitch, sure, velocity, string_evidence=tuple(heard))
            for at, pitch, sure, velocity, heard in rows
        ]

    def _in_range(self, candidates: Candidates) -> Candidates:
        pitch_midi = candidates.pitch + self._format.lowest_pitch_midi
        keep = pitch_midi >= self._settings.lowest_pitch_midi
        keep &= pitch_midi <= self._settings.highest_pitch_midi
        return Candidates(candidates.frame[keep], candidates.pitch[keep], candidates.offset_frames[keep])

    def _close(self, note: _Struck, end_frames: float) -> None:
        onset_seconds = max(0.0, note.onset_frames * self._format.frame_seconds)
        duration_seconds = min(end_frames, self._end_frame) * self._format.frame_seconds - onset_seconds
        if duration_seconds >= max(self._settings.minimum_seconds, self._format.frame_seconds):
            pitch_midi = note.pitch + self._format.lowest_pitch_midi
            bend = tuple(point for point in note.bend if 0 <= point.offset_seconds <= duration_seconds)
            self._notes.append(
                Note(
                    onset_seconds,
                    duration_seconds,
                    pitch_midi,
                    note.velocity,
                    note.confidence,
                    bend,
                    note.string_evidence,
                )
            )


def _placed(note: _Struck, next_onset: float | None, segment: Segment, soonest: int) -> Sounding:
    """Where in a segment a note may end: ``soonest`` frames after its onset, before the next one of its pitch."""
    first_row = segment.first_frame - CONTEXT_FRAMES
    onset, end_row = note.onset_frames - first_row, CONTEXT_FRAMES + segment.frames
    return Sounding(
        pitch=note.pitch,
        onset=onset,
        start=max(CONTEXT_FRAMES, math.ceil(onset) + soonest),
        limit=end_row if next_onset is None else min(end_row, math.floor(next_onset - first_row)),
        string_evidence=note.string_evidence,
    )


def _next_onsets(struck: Sequence[_Struck]) -> list[float | None]:
    """The onset in frames of the next note of the same pitch, for each note."""
    following: dict[int, float] = {}
    onsets: list[float | None] = []
    for note in reversed(struck):
        onsets.append(following.get(note.pitch))
        following[note.pitch] = note.onset_frames
    return onsets[::-1]
