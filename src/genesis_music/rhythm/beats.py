"""Notes → beats, downbeats, metre and tempo map, without drums and wherever the recording starts.

A small network (:mod:`.beat_network`) sees the notes as frames (:mod:`.note_frames`) and says how likely a
beat and a downbeat are; a Viterbi search (:mod:`.beat_decoder`) finds the most likely bars and tempi;
:mod:`.beat_measures` turns them into a :class:`~genesis_music.score.TempoMap`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis_music.errors import SettingsError
from genesis_music.rhythm.beat_decoder import (
    FASTEST_BPM,
    SLOWEST_BPM,
    DecodedBeats,
    decode_beats,
    tempo_grid,
)
from genesis_music.rhythm.beat_measures import (
    BarredBeats,
    Times,
    build_tempo_map,
    extend_beats,
    smooth_beat_times,
)
from genesis_music.rhythm.beat_network import BeatActivations, BeatNetwork, load_beat_network
from genesis_music.rhythm.note_frames import FRAMES_PER_SECOND, FloatArray, note_frames
from genesis_music.score import Note, TempoMap, TimeSignature

DEFAULT_TEMPO_BPM = 120.0
COMMON_TIME = TimeSignature(4, 4)
_METRES = (2, 3, 4)
_HINT_TOLERANCE = 1.12
_SLOWEST_HINT_BPM, _FASTEST_HINT_BPM = 20.0, 400.0
_TAIL_SECONDS = 0.5


@dataclass(frozen=True)
class RhythmSettings:
    """What the user knows about the rhythm.

    Args:
        tempo_hint_bpm: quarter notes per minute, 20..400; beats are looked for within 12 % of it.
        time_signature_hint: the time signature of the whole piece, 2 to 16 beats a measure.

    Raises:
        SettingsError: a hint makes no sense.
    """

    tempo_hint_bpm: float | None = None
    time_signature_hint: TimeSignature | None = None

    def __post_init__(self) -> None:
        tempo, signature = self.tempo_hint_bpm, self.time_signature_hint
        if tempo is not None and not _SLOWEST_HINT_BPM <= tempo <= _FASTEST_HINT_BPM:
            raise SettingsError(
                f"tempo hint {tempo:g} bpm: give quarter notes per minute from "
                f"{_SLOWEST_HINT_BPM:g} to {_FASTEST_HINT_BPM:g}"
            )
        if signature is not None and not _is_writable(signature):
            raise SettingsError(f"time signature hint {signature}: give something like 4/4, 3/4 or 6/8")


def _is_writable(signature: TimeSignature) -> bool:
    return 1 <= signature.numerator <= 16 and signature.denominator in (1, 2, 4, 8, 16)


def track_beats(
    notes: Sequence[Note], *, duration_seconds: float, settings: RhythmSettings = RhythmSettings()
) -> TempoMap:
    """Find the beats, bars and tempo of a performance.

    Args:
        notes: as performed, in any order.
        duration_seconds: length of the recording, at least 0; notes may end later.
        settings: what the user knows.

    Returns:
        A tempo map that covers the notes from the first onset (or before) to the last end (or after), with a
        measure 0 when the piece starts before a downbeat. With fewer than two notes: plain measures at the
        hinted tempo, or 120 bpm, over the recording.
    """
    if len(notes) < 2:
        return _plain_map(max([duration_seconds, *(note.end_seconds for note in notes)]), settings)
    return track_beats_with(load_beat_network(), notes, duration_seconds, settings)


def track_beats_with(
    network: BeatNetwork, notes: Sequence[Note], duration_seconds: float, settings: RhythmSettings
) -> TempoMap:
    """Track with the network given, for at least two notes; see :func:`track_beats`."""
    first = min(note.onset_seconds for note in notes)
    end = max(note.end_seconds for note in notes)
    activations = network(note_frames(notes, max(end, duration_seconds) + _TAIL_SECONDS))
    signature = settings.time_signature_hint
    compound = float(activations.compound.mean()) > 0 if signature is None else signature.is_compound
    decoded = decode_beats(
        activations,
        tempi_bpm=_tempi(settings, compound=compound),
        metres=_METRES if signature is None else (signature.beats_per_measure,),
    )
    signatures = tuple(
        signature or TimeSignature(3 * n, 8) if compound else signature or TimeSignature(n, 4)
        for n in decoded.bar_beats.tolist()
    )
    seconds = smooth_beat_times(_between_frames(decoded, activations))
    beats = extend_beats(BarredBeats(seconds, decoded.numbers, signatures), first, end)
    return build_tempo_map(beats, _confidence(decoded, activations))


def _tempi(settings: RhythmSettings, *, compound: bool) -> FloatArray:
    """Felt-beat tempi to look at: all, or those near the hint."""
    if settings.tempo_hint_bpm is None:
        return tempo_grid()
    signature = settings.time_signature_hint or TimeSignature(6, 8) if compound else COMMON_TIME
    signature = settings.time_signature_hint or signature
    beat_bpm = settings.tempo_hint_bpm / float(signature.beat_quarters)
    return tempo_grid(beat_bpm / _HINT_TOLERANCE, beat_bpm * _HINT_TOLERANCE)


def _between_frames(decoded: DecodedBeats, activations: BeatActivations) -> Times:
    """Beat times in seconds, moved to the peak of a parabola through the neighbouring frames."""
    logits = np.pad(activations.beat.astype(np.float64), 1, mode="edge")
    left, middle, right = (logits[decoded.frames + shift] for shift in range(3))
    curvature = left - 2 * middle + right
    peaked = curvature < -1e-6
    offset = np.where(peaked, (left - right) / np.where(peaked, 2 * curvature, 1), 0)
    return np.asarray((decoded.frames + np.clip(offset, -1, 1)) / FRAMES_PER_SECOND, np.float64)


def _confidence(decoded: DecodedBeats, activations: BeatActivations) -> float:
    """Mean probability of the beats found."""
    return float(np.mean(1 / (1 + np.exp(-activations.beat[decoded.frames]))))


def _plain_map(end_seconds: float, settings: RhythmSettings) -> TempoMap:
    """Even measures from 0 s over ``end_seconds``."""
    signature = settings.time_signature_hint or COMMON_TIME
    quarter_bpm = settings.tempo_hint_bpm or DEFAULT_TEMPO_BPM
    period = 60 / quarter_bpm * float(signature.beat_quarters)
    count = max(signature.beats_per_measure, 2)
    numbers = np.arange(count) % signature.beats_per_measure + 1
    seconds = np.arange(count, dtype=np.float64) * period
    start = BarredBeats(seconds, numbers, (signature,) * count)
    return build_tempo_map(extend_beats(start, 0.0, end_seconds), confidence=0.0)


__all__ = ["FASTEST_BPM", "SLOWEST_BPM", "RhythmSettings", "track_beats", "track_beats_with"]
