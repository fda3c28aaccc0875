"""Tab notes as NumPy columns, so that rules over thousands of notes cost milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import TabNote, TempoMap

FloatColumn = NDArray[np.float64]
IntColumn = NDArray[np.int64]

NO_PLACE = -1
"""Stands for ``None`` in the string and fret columns, and for "there is none" in index columns."""

SIMULTANEOUS_SECONDS = 0.045
"""Onsets closer than this are one strum or one plucked chord (a slow strum crosses six strings in 100 ms,
but neighbouring strings in about 20 ms)."""


@dataclass(frozen=True)
class NoteColumns:
    """One row per note, in time order; ``row_of[i]`` is the row of the i-th note given.

    ``previous`` is the row of the note before on the same string, ``next_onset`` the time of the next onset
    that is not simultaneous (``inf`` for the last), ``chord`` numbers the groups of simultaneous onsets.
    """

    row_of: IntColumn
    onset: FloatColumn
    duration: FloatColumn
    end: FloatColumn
    pitch: IntColumn
    velocity: FloatColumn
    confidence: FloatColumn
    string: IntColumn
    fret: IntColumn
    written_seconds: FloatColumn
    chord: IntColumn
    next_onset: FloatColumn
    previous: IntColumn

    @property
    def chord_size(self) -> IntColumn:
        """Number of notes that start together with each note, itself included."""
        return np.bincount(self.chord)[self.chord]


def note_columns(notes: Sequence[TabNote], tempo_map: TempoMap) -> NoteColumns:
    """Turn one note or more (any order) into columns sorted by onset, then pitch."""
    onsets = np.array([tab.note.onset_seconds for tab in notes], dtype=np.float64)
    pitches = np.array([tab.note.pitch_midi for tab in notes], dtype=np.int64)
    order = np.lexsort((pitches, onsets))
    row_of = np.empty(len(notes), dtype=np.int64)
    row_of[order] = np.arange(len(notes))
    ordered = [notes[i] for i in order]
    onset = onsets[order]
    duration = np.array([tab.note.duration_seconds for tab in ordered], dtype=np.float64)
    string = _places([tab.string for tab in ordered])
    chord = _chord_numbers(onset)
    return NoteColumns(
        row_of=row_of,
        onset=onset,
        duration=duration,
        end=onset + duration,
        pitch=pitches[order],
        velocity=np.array([tab.note.velocity for tab in ordered], dtype=np.float64),
        confidence=np.array([tab.note.confidence for tab in ordered], dtype=np.float64),
        string=string,
        fret=_places([tab.fret for tab in ordered]),
        written_seconds=_written_seconds(ordered, tempo_map),
        chord=chord,
        next_onset=_next_onsets(onset, chord),
        previous=_previous_on_string(string),
    )


def _places(values: list[int | None]) -> IntColumn:
    return np.array([NO_PLACE if value is None else value for value in values], dtype=np.int64)


def _chord_numbers(onset: FloatColumn) -> IntColumn:
    starts = np.diff(onset, prepend=onset[0]) > SIMULTANEOUS_SECONDS
    return np.cumsum(starts)


def _next_onsets(onset: FloatColumn, chord: IntColumn) -> FloatColumn:
    first_rows = np.searchsorted(chord, np.arange(chord[-1] + 1))
    chord_onsets = np.append(onset[first_rows], np.inf)
    return chord_onsets[chord + 1]


def _previous_on_string(string: IntColumn) -> IntColumn:
    previous = np.full(len(string), NO_PLACE, dtype=np.int64)
    for number in np.unique(string[string != NO_PLACE]):
        rows = np.flatnonzero(string == number)
        previous[rows[1:]] = rows[:-1]
    return previous


def _written_seconds(notes: Sequence[TabNote], tempo_map: TempoMap) -> FloatColumn:
    """Written length of each note in performed seconds, at the tempo where it stands."""
    measure_starts = {m.number: float(m.start_quarters) for m in tempo_map.measures}
    starts = [measure_starts.get(t.written.measure, 0.0) + float(t.written.position_quarters) for t in notes]
    lengths = [float(tab.written.length_quarters) for tab in notes]
    start = np.array(starts, dtype=np.float64)
    return seconds_at(tempo_map, start + np.array(lengths, dtype=np.float64)) - seconds_at(tempo_map, start)


def seconds_at(tempo_map: TempoMap, quarters: FloatColumn) -> FloatColumn:
    """Performed times of written positions; the columnar :meth:`TempoMap.seconds_at`."""
    xs = np.array([float(beat.quarters) for beat in tempo_map.beats])
    ys = np.array([beat.onset_seconds for beat in tempo_map.beats])
    index = np.clip(np.searchsorted(xs, quarters, side="right") - 1, 0, len(xs) - 2)
    slope = (ys[index + 1] - ys[index]) / (xs[index + 1] - xs[index])
    seconds: FloatColumn = ys[index] + (quarters - xs[index]) * slope
    return seconds
