"""Beats counted anew: twice or half as many, downbeats elsewhere, another metre. What sounds stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from genesis_music.editing.edits import ScaleTempo, SetMetre, ShiftDownbeat, TempoChange
from genesis_music.editing.page import SHORTEST_QUARTERS, end_quarters, is_writable, start_quarters
from genesis_music.errors import EditError
from genesis_music.rhythm.beat_measures import BarredBeats, build_tempo_map
from genesis_music.score import TabNote, TempoMap, TimeSignature, Transcription, WrittenTime

TEMPO_LIMITS_BPM = (20.0, 400.0)
"""Quarter notes per minute that anybody writes."""

_TREND_BEATS = 4
"""Beats at the end that say how fast the piece goes on."""

Place = Callable[[Fraction], Fraction]
"""Where on the new page a place of the old one lies, in quarters from the start of the piece."""


def scale_tempo(transcription: Transcription, edit: ScaleTempo) -> Transcription:
    """Write the music at twice the tempo with longer notes, or at half of it with shorter ones.

    Raises:
        EditError: the tempo would be none that anybody writes, or the metre changes under measures to be joined.
    """
    factor = Fraction(2) if edit.change is TempoChange.DOUBLE else Fraction(1, 2)
    tempo = transcription.tempo_map.tempo_bpm * float(factor)
    low, high = TEMPO_LIMITS_BPM
    if not low <= tempo <= high:
        raise EditError(f"The tempo would become {tempo:.0f}: only {low:g} to {high:g} can be written.")
    old = _felt_beats(transcription.tempo_map)
    if edit.change is TempoChange.DOUBLE:
        beats, lead = _doubled(old, transcription.tempo_map), 0
    else:
        beats, lead = _halved(old)
    ahead = lead * old.signatures[0].beat_quarters
    scaled = _rewritten(transcription, beats, lambda quarters: (quarters + ahead) * factor, factor)
    return replace(scaled, swing_ratio=None)


def shift_downbeat(transcription: Transcription, edit: ShiftDownbeat) -> Transcription:
    """Let every measure start some beats later or earlier; the first ones may become a pickup.

    Raises:
        EditError: by no beat, or by a measure or more.
    """
    beats = _felt_beats(transcription.tempo_map)
    most = max(signature.beats_per_measure for signature in beats.signatures) - 1
    if not 1 <= abs(edit.by_beats) <= most:
        raise EditError(f"The downbeat can move by 1 to {most} beats, not by {edit.by_beats}.")
    for _ in range(abs(edit.by_beats)):
        beats = _later(beats) if edit.by_beats > 0 else _earlier(beats)
    return _rewritten(transcription, beats, lambda quarters: quarters)


def set_metre(transcription: Transcription, edit: SetMetre) -> Transcription:
    """Count measures of another length from the first downbeat on.

    Raises:
        EditError: its beat is another one than that of the piece.
    """
    beats, wanted = _felt_beats(transcription.tempo_map), edit.time_signature
    if any(signature.beat_quarters != wanted.beat_quarters for signature in beats.signatures):
        present = transcription.tempo_map.time_signature
        raise EditError(f"{present} and {wanted} do not count the same beat: choose one that does.")
    first = int(np.argmax(beats.numbers == 1))
    numbers = (np.arange(len(beats.numbers)) - first) % wanted.beats_per_measure + 1
    counted = BarredBeats(beats.seconds, numbers, (wanted,) * len(numbers))
    return _rewritten(transcription, counted, lambda quarters: quarters)


# ---------------------------------------------------------------- beats


def _felt_beats(tempo_map: TempoMap) -> BarredBeats:
    """Every felt beat of the measures, the pickup's numbered so that its last one is the bar's last."""
    seconds: list[float] = []
    numbers: list[int] = []
    signatures: list[TimeSignature] = []
    for index, measure in enumerate(tempo_map.measures):
        signature = measure.time_signature
        count = measure.length_quarters / signature.beat_quarters
        if count.denominator != 1:
            raise EditError(
                f"Bar {measure.number} is no whole number of beats: its beats cannot be counted anew."
            )
        skipped = signature.beats_per_measure - int(count) if index == 0 else 0
        for beat in range(int(count)):
            seconds.append(
                tempo_map.seconds_at(float(measure.start_quarters + beat * signature.beat_quarters))
            )
            numbers.append(max(skipped, 0) + beat + 1)
            signatures.append(signature)
    return BarredBeats(np.array(seconds), np.array(numbers), tuple(signatures))


def _doubled(beats: BarredBeats, tempo_map: TempoMap) -> BarredBeats:
    """A beat more in the middle of each."""
    edges = np.append(beats.seconds, tempo_map.seconds_at(float(end_quarters(tempo_map))))
    seconds = np.stack([edges[:-1], (edges[:-1] + edges[1:]) / 2], axis=1).ravel()
    lengths = np.array([signature.beats_per_measure for signature in beats.signatures])
    first = 2 * (beats.numbers - 1)
    numbers = np.stack([first % lengths, (first + 1) % lengths], axis=1).ravel() + 1
    signatures = tuple(signature for signature in beats.signatures for _ in range(2))
    return BarredBeats(seconds, numbers, signatures)


def _halved(beats: BarredBeats) -> tuple[BarredBeats, int]:
    """Every second beat, downbeats among them; also how many beats a pickup needed in front for that."""
    if len(set(beats.signatures)) > 1:
        raise EditError(
            "The time signature changes within the piece: its measures cannot be joined in pairs."
        )
    first = int(np.argmax(beats.numbers == 1))
    lead = first % 2
    seconds = beats.seconds
    if lead:
        seconds = np.insert(seconds, 0, 2 * seconds[0] - seconds[1])
    kept = seconds[::2]
    offsets = np.arange(len(kept)) - (first + lead) // 2
    signature = beats.signatures[0]
    numbers = offsets % signature.beats_per_measure + 1
    return BarredBeats(kept, numbers, (signature,) * len(kept)), lead


def _later(beats: BarredBeats) -> BarredBeats:
    """Every downbeat one beat later; the first beat joins the pickup, or becomes one."""
    first = beats.numbers[0] - 1 or beats.signatures[0].beats_per_measure
    numbers = np.concatenate([[first], beats.numbers[:-1]])
    return BarredBeats(beats.seconds, numbers, (beats.signatures[0], *beats.signatures[:-1]))


def _earlier(beats: BarredBeats) -> BarredBeats:
    """Every downbeat one beat earlier; the pickup loses a beat, or the first measure becomes one."""
    last = beats.numbers[-1] % beats.signatures[-1].beats_per_measure + 1
    numbers = np.concatenate([beats.numbers[1:], [last]])
    return BarredBeats(beats.seconds, numbers, (*beats.signatures[1:], beats.signatures[-1]))


# ---------------------------------------------------------------- the new page


def _rewritten(
    transcription: Transcription, beats: BarredBeats, place: Place, factor: Fraction = Fraction(1)
) -> Transcription:
    """Write every note at its place among the new beats; note values grow by ``factor``."""
    old = transcription.tempo_map
    starts = {
        tab.id: (place(start_quarters(tab.written, old)), tab.written.length_quarters * factor)
        for track in transcription.tracks
        for tab in track.notes
    }
    ends = [start + length for start, length in starts.values()]
    new = _tempo_map(beats, max(ends, default=place(end_quarters(old))), old.confidence)
    tracks = tuple(
        replace(track, notes=tuple(_moved(tab, *starts[tab.id], new) for tab in track.notes))
        for track in transcription.tracks
    )
    return replace(transcription, tempo_map=new, tracks=tracks)


def _tempo_map(beats: BarredBeats, end: Fraction, confidence: float) -> TempoMap:
    """Complete measures up to the one that holds the last written note's end; the pulse goes on where they need it."""
    seconds, numbers, signatures = list(beats.seconds), list(beats.numbers), list(beats.signatures)
    period = float(np.median(np.diff(beats.seconds)[-_TREND_BEATS:]))
    covered, count = Fraction(0), 0
    while count < 2 or covered < end or numbers[count - 1] < signatures[count - 1].beats_per_measure:
        if count == len(seconds):
            seconds.append(seconds[-1] + period)
            numbers.append(numbers[-1] % signatures[-1].beats_per_measure + 1)
            signatures.append(signatures[-1])
        covered += signatures[count].beat_quarters
        count += 1
    kept = BarredBeats(np.array(seconds[:count]), np.array(numbers[:count]), tuple(signatures[:count]))
    return build_tempo_map(kept, confidence)


def _moved(tab: TabNote, start: Fraction, length: Fraction, tempo_map: TempoMap) -> TabNote:
    measure = tempo_map.measure_at(start)
    position = start - measure.start_quarters
    if not is_writable(position):
        position = round(position / SHORTEST_QUARTERS) * SHORTEST_QUARTERS
    if not is_writable(length):
        length = max(round(length / SHORTEST_QUARTERS), 1) * SHORTEST_QUARTERS
    return replace(tab, written=WrittenTime(measure.number, position, length))
