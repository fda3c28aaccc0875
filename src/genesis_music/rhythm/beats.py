"""Notes → beats, downbeats, metre and tempo map, without drums and wherever the recording starts.

1. :mod:`.pulse` finds a clock that ticks with the music, at some metrical level.
2. :mod:`.note_frames` lays the notes out on it, so that rhythms look the same at every tempo.
3. :mod:`.beat_network`, a small learned network, says how likely each frame is a beat and a downbeat.
4. :mod:`.beat_decoder` searches for the most likely beats and bars.
5. :mod:`.beat_measures` turns them into a :class:`~genesis_music.score.TempoMap`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis_music.errors import SettingsError
from genesis_music.rhythm.beat_decoder import DecodedBeats, decode_beats, period_grid
from genesis_music.rhythm.beat_measures import (
    BarredBeats,
    Times,
    build_tempo_map,
    extend_beats,
    smooth_beat_times,
)
from genesis_music.rhythm.beat_network import BeatActivations, BeatNetwork, load_beat_network
from genesis_music.rhythm.note_frames import note_frames
from genesis_music.rhythm.pulse import (
    FASTEST_PULSE_BPM,
    FRAMES_PER_PULSE,
    SLOWEST_PULSE_BPM,
    PulseClock,
    find_pulse,
)
from genesis_music.score import Note, TempoMap, TimeSignature

DEFAULT_TEMPO_BPM = 120.0
COMMON_TIME = TimeSignature(4, 4)
_METRES = (2, 3, 4)
_SLOWEST_BEAT_BPM, _FASTEST_BEAT_BPM = 36.0, 230.0
_TYPICAL_BEAT_BPM = 110.0
_TEMPO_PRIOR = 1.0
"""What a beat loses per squared octave away from the typical tempo, natural-log units."""
_HINT_TOLERANCE = 1.12
_SLOWEST_HINT_BPM, _FASTEST_HINT_BPM = 20.0, 400.0
_SHORTEST_PERIOD_FRAMES = 3.0
_TAIL_SECONDS = 0.5


@dataclass(frozen=True)
class RhythmSettings:
    """What the user knows about the rhythm.

    Args:
        tempo_hint_bpm: quarter notes per minute, 20..400; beats are looked for within 12 % of it.
        time_signature_hint: the time signature of the whole piece, 2 to 16 written beats a measure.

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
    return 2 <= signature.numerator <= 16 and signature.denominator in (1, 2, 4, 8, 16)


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
    onsets = np.array([note.onset_seconds for note in notes])
    end = max(note.end_seconds for note in notes)
    slowest, fastest = _pulse_limits(settings)
    pitches = np.array([float(note.pitch_midi) for note in notes])
    clock = find_pulse(onsets, pitches, max(end, duration_seconds) + _TAIL_SECONDS, slowest, fastest)
    activations = network(note_frames(notes, clock))
    signature = settings.time_signature_hint
    compound = float(activations.compound.mean()) > 0 if signature is None else signature.is_compound
    decoded = _decoded(activations, clock, settings, compound=compound)
    if len(decoded.frames) < 2:
        return _plain_map(end, settings)
    signatures = tuple(signature or _signature(n, compound=compound) for n in decoded.bar_beats.tolist())
    seconds = smooth_beat_times(clock.seconds_at(_between_frames(decoded, activations)))
    beats = extend_beats(BarredBeats(seconds, decoded.numbers, signatures), float(onsets.min()), end)
    return build_tempo_map(beats, _confidence(decoded, activations))


def _signature(beats: int, *, compound: bool) -> TimeSignature:
    """How a bar of so many felt beats is written."""
    return TimeSignature(3 * beats, 8) if compound else TimeSignature(beats, 4)


def _beat_limits(settings: RhythmSettings, *, compound: bool) -> tuple[float, float]:
    """Slowest and fastest felt beat (a minute) to look at: all, or near the hint."""
    if settings.tempo_hint_bpm is None:
        return _SLOWEST_BEAT_BPM, _FASTEST_BEAT_BPM
    signature = settings.time_signature_hint or _signature(4, compound=compound)
    beat_bpm = settings.tempo_hint_bpm / float(signature.beat_quarters)
    return beat_bpm / _HINT_TOLERANCE, beat_bpm * _HINT_TOLERANCE


def _pulse_limits(settings: RhythmSettings) -> tuple[float, float]:
    """Slowest and fastest pulse: near a hint, by octaves, when the signature says what it counts."""
    if settings.tempo_hint_bpm is None or settings.time_signature_hint is None:
        return SLOWEST_PULSE_BPM, FASTEST_PULSE_BPM
    compound = settings.time_signature_hint.is_compound
    slowest, fastest = _beat_limits(settings, compound=compound)
    octaves = np.floor(np.log2(FASTEST_PULSE_BPM / fastest))
    return slowest * 2.0**octaves, fastest * 2.0**octaves


def _decoded(
    activations: BeatActivations, clock: PulseClock, settings: RhythmSettings, *, compound: bool
) -> DecodedBeats:
    """Search within the hints, with a mild preference for everyday tempi."""
    slowest, fastest = _beat_limits(settings, compound=compound)
    frames_a_minute = 60 * FRAMES_PER_PULSE / float(np.median(clock.pulse_seconds))
    shortest = max(_SHORTEST_PERIOD_FRAMES, frames_a_minute / fastest)
    periods = period_grid(shortest, max(shortest, frames_a_minute / slowest))
    octaves = np.log2(frames_a_minute / periods / _TYPICAL_BEAT_BPM)
    signature = settings.time_signature_hint
    return decode_beats(
        activations,
        periods_frames=periods,
        period_scores=np.asarray(-_TEMPO_PRIOR * octaves**2, np.float32),
        metres=_METRES if signature is None else (signature.beats_per_measure,),
    )


def _between_frames(decoded: DecodedBeats, activations: BeatActivations) -> Times:
    """Fractional frames of the beats: the peak of a parabola through the neighbouring frames."""
    logits = np.pad(activations.beat.astype(np.float64), 1, mode="edge")
    left, middle, right = (logits[decoded.frames + shift] for shift in range(3))
    curvature = left - 2 * middle + right
    peaked = curvature < -1e-6
    offset = np.where(peaked, (left - right) / np.where(peaked, 2 * curvature, 1), 0)
    return np.asarray(decoded.frames + np.clip(offset, -0.75, 0.75), np.float64)


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
