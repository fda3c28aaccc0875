"""From activations to notes, in one pass over the blocks with bounded memory.

The result depends only on the activations, never on how they were cut into blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from genesis_music.errors import SettingsError
from genesis_music.score import Note
from genesis_music.transcription.engine import ActivationFormat, Activations
from genesis_music.transcription.offsets import next_end
from genesis_music.transcription.onsets import Candidates, onset_candidates
from genesis_music.transcription.segments import CONTEXT_FRAMES, Segment, segments

CANDIDATE_ONSET = 0.1
"""Onset activation from which a peak is considered at all."""


@dataclass(frozen=True, slots=True)
class DecoderSettings:
    """What counts as a note.

    ``minimum_confidence`` (0..1): notes less likely than this are left out. ``minimum_seconds``: shorter
    notes are left out. ``sounding_threshold`` (0..1): below it a note has ended. ``lowest_pitch_midi`` and
    ``highest_pitch_midi``: the range of the instrument, both included.

    Raises:
        SettingsError: a value is out of its range.
    """

    minimum_confidence: float = 0.5
    minimum_seconds: float = 0.04
    sounding_threshold: float = 0.25
    lowest_pitch_midi: int = 0
    highest_pitch_midi: int = 127

    def __post_init__(self) -> None:
        for name in ("minimum_confidence", "sounding_threshold"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} must lie between 0 and 1, not {getattr(self, name)}.")
        if not 0 <= self.minimum_seconds <= 10:
            raise SettingsError(f"minimum_seconds must lie between 0 and 10, not {self.minimum_seconds}.")
        if not 0 <= self.lowest_pitch_midi <= self.highest_pitch_midi <= 127:
            raise SettingsError("The pitch range must lie within MIDI notes 0 to 127, lowest first.")


DEFAULT_SETTINGS = DecoderSettings()


def decode_notes(
    blocks: Iterable[Activations], format: ActivationFormat, settings: DecoderSettings = DEFAULT_SETTINGS
) -> list[Note]:
    """Decode all notes of a recording, in order of onset, then pitch.

    Args:
        blocks: consecutive activations as an engine yields them.
        format: how to read them.
        settings: what counts as a note.
    """
    decoder = _Decoder(format, settings)
    for segment in segments(blocks):
        decoder.feed(segment)
    return decoder.finish()


@dataclass(frozen=True, slots=True)
class _Onset:
    """A note whose end has not been found yet; ``frames`` counts from the start of the recording."""

    frames: float
    pitch: int
    confidence: float


@dataclass
class _Decoder:
    format: ActivationFormat
    settings: DecoderSettings
    notes: list[Note] = field(default_factory=list)
    open: dict[int, _Onset] = field(default_factory=dict)
    end_frame: int = 0

    def feed(self, segment: Segment) -> None:
        ends = next_end(segment.sounding, self.settings.sounding_threshold) + (
            segment.first_frame - CONTEXT_FRAMES
        )
        self.end_frame = segment.first_frame + segment.frames
        for pitch, note in list(self.open.items()):
            self._close_if_ended(note, int(ends[CONTEXT_FRAMES, pitch]))
        for onset, frame in self._kept(segment, onset_candidates(segment, CANDIDATE_ONSET)):
            if onset.pitch in self.open:
                self._close(self.open[onset.pitch], onset.frames)
            self.open[onset.pitch] = onset
            self._close_if_ended(onset, int(ends[frame + 2, onset.pitch]))

    def finish(self) -> list[Note]:
        for note in list(self.open.values()):
            self._close(note, self.end_frame)
        return sorted(self.notes, key=lambda note: (note.onset_seconds, note.pitch_midi))

    def _kept(self, segment: Segment, candidates: Candidates) -> list[tuple[_Onset, int]]:
        settings = self.settings
        pitch_midi = candidates.pitch + self.format.lowest_pitch_midi
        keep = candidates.height >= settings.minimum_confidence
        keep &= (pitch_midi >= settings.lowest_pitch_midi) & (pitch_midi <= settings.highest_pitch_midi)
        start = segment.first_frame - CONTEXT_FRAMES
        return [
            (_Onset(start + frame + float(offset), int(pitch), float(height)), int(frame))
            for frame, offset, pitch, height in zip(
                candidates.frame[keep],
                candidates.offset_frames[keep],
                candidates.pitch[keep],
                candidates.height[keep],
                strict=True,
            )
        ]

    def _close_if_ended(self, note: _Onset, end_frame: int) -> None:
        if end_frame < self.end_frame:
            self._close(note, end_frame)

    def _close(self, note: _Onset, end_frames: float) -> None:
        self.open.pop(note.pitch, None)
        duration_seconds = (end_frames - note.frames) * self.format.frame_seconds
        if duration_seconds < self.settings.minimum_seconds:
            return
        self.notes.append(
            Note(
                onset_seconds=max(0.0, note.frames * self.format.frame_seconds),
                duration_seconds=duration_seconds,
                pitch_midi=note.pitch + self.format.lowest_pitch_midi,
                velocity=0.4 + 0.6 * note.confidence,
                confidence=note.confidence,
            )
        )
