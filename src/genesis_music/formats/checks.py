"""Checks on what a file claims, so that no later stage meets an impossible score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from genesis_music.formats.reading import MAX_FRET, MAX_MEASURES, MAX_NOTES, MAX_NUMERATOR, ImportedScore
from genesis_music.score import TabNote, TempoMap, Track


def checked(score: ImportedScore) -> ImportedScore:
    """Return the score when it is one that later stages can use, else raise ``ValueError``."""
    check_tempo_map(score.tempo_map)
    for track in score.tracks:
        check_track(track, score.tempo_map)
    return score


def check_tempo_map(tempo_map: TempoMap) -> None:
    """Refuse a tempo map that later stages could not use (``ValueError``)."""
    beats, measures = tempo_map.beats, tempo_map.measures
    if len(beats) < 2 or not measures or len(measures) > MAX_MEASURES:
        raise ValueError(f"{len(beats)} beats in {len(measures)} measures")
    if not _increasing([beat.onset_seconds for beat in beats]):
        raise ValueError("beats are not in time order")
    if not _increasing([float(beat.quarters) for beat in beats]):
        raise ValueError("beats are not in written order")
    numbers = [measure.number for measure in measures]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] not in (0, 1):
        raise ValueError("measures are not numbered one after another")
    for measure in measures:
        _check_measure(measure.time_signature.numerator, measure.time_signature.denominator)
        if measure.tempo_bpm <= 0 or measure.length_quarters <= 0:
            raise ValueError(f"measure {measure.number} has no length or no tempo")
    starts = [measure.start_quarters for measure in measures]
    if any(a.start_quarters + a.length_quarters != b for a, b in zip(measures, starts[1:], strict=False)):
        raise ValueError("measures overlap or leave gaps")


def check_track(track: Track, tempo_map: TempoMap) -> None:
    """Refuse a track whose notes do not fit its tuning or its measures (``ValueError``)."""
    numbers = {measure.number for measure in tempo_map.measures}
    if len(track.notes) > MAX_NOTES:
        raise ValueError(f"{len(track.notes)} notes")
    if not 0 <= track.capo <= 24 or any(not 0 <= pitch <= 127 for pitch in track.tuning.pitches_midi):
        raise ValueError("impossible tuning or capo")
    for note in track.notes:
        _check_note(note, track.tuning.strings)
        if note.written.measure not in numbers:
            raise ValueError(f"note {note.id} stands in measure {note.written.measure}, which is not there")


def _check_note(note: TabNote, strings: int) -> None:
    if (note.string is None) != (note.fret is None):
        raise ValueError(f"note {note.id} has a string but no fret, or the reverse")
    placed = note.string is not None and note.fret is not None
    if placed and not (1 <= (note.string or 0) <= strings and 0 <= (note.fret or 0) <= MAX_FRET):
        raise ValueError(f"note {note.id} lies off the fretboard")
    if not 0 <= note.note.pitch_midi <= 127 or note.note.duration_seconds < 0:
        raise ValueError(f"note {note.id} has an impossible pitch or length")
    if note.written.position_quarters < 0 or note.written.length_quarters <= 0:
        raise ValueError(f"note {note.id} has an impossible place on the page")


def _check_measure(numerator: int, denominator: int) -> None:
    if not 1 <= numerator <= MAX_NUMERATOR or denominator not in (1, 2, 4, 8, 16, 32, 64):
        raise ValueError(f"time signature {numerator}/{denominator}")


def _increasing(values: Sequence[float]) -> bool:
    if not all(math.isfinite(value) for value in values):
        return False
    return all(earlier < later for earlier, later in pairwise(values))
