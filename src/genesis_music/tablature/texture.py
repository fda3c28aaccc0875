"""Techniques that show in how long notes sound against their neighbours: palm mute, let ring, dead notes,
harmonics.

All are read from the notes alone, so all are stated with care: a palm mute or let-ring needs a run of notes
that agree, a harmonic a figure that cannot well be fretted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genesis_music.score import Tuning
from genesis_music.tablature.note_columns import NO_PLACE, FloatColumn, IntColumn, NoteColumns

MUTED_SHARE = 0.75
"""A palm-muted note sounds for less than this share of the time to the next onset."""
MUTED_SECONDS = 0.25
MUTED_STEP_SECONDS = 0.75
"""Muted notes further apart than this are no longer one chugging run."""
SHORTEST_RUN_CHORDS = 3
BASS_STRINGS = 4
"""On instruments with this many strings or fewer all but the highest are low strings."""
PALM_MUTE_WEIGHTS = (1.724, -7.438, 0.270, 3.424, 3.207)
"""Bias and weights of :func:`palm_mute_features`, fitted by ``python -m training.techniques``."""
RINGING_CHORDS = 2
"""A let-ring note sounds into at least this many later onsets on other strings."""
RINGING_SHARE = 0.33
NEARBY_CHORDS = 4
"""One ringing note is a slow finger; an arpeggio rings in this share of its surroundings."""
ARPEGGIO_STEP_SECONDS = 0.9
LATE_END_SECONDS = 0.1
"""A string cannot ring on under its own next note: then the end was heard too late, and nothing rings."""
LARGEST_ARPEGGIO_CHORD = 2
DEAD_SECONDS = 0.07
DEAD_CONFIDENCE = 0.4
HARMONIC_FRETS = (12, 19, 24)
"""Nodes where a natural harmonic sounds the pitch that fretting there would."""
SHORTEST_HARMONIC_RUN = 3
HARMONIC_SECONDS = 0.6


def palm_mute_confidence(columns: NoteColumns, tuning: Tuning) -> FloatColumn:
    """Confidence per row: short against the time available, on the lower strings, in a run."""
    candidate, features = palm_mute_features(columns, tuning)
    score = PALM_MUTE_WEIGHTS[0] + features @ np.array(PALM_MUTE_WEIGHTS[1:])
    return np.where(candidate, 1.0 / (1.0 + np.exp(-score)), 0.0)


def palm_mute_features(columns: NoteColumns, tuning: Tuning) -> tuple[NDArray[np.bool_], FloatColumn]:
    """Which rows could be muted at all, and four cues per row, ``[notes, 4]``.

    Share of the time to the next onset that it sounds; log2 of the seconds it sounds; how many neighbours in
    a row could be muted too (1 from sixteen on); whether the chord before or after has the same lowest place.
    """
    step = columns.next_onset - columns.onset
    share = columns.duration / np.clip(step, 1e-3, MUTED_STEP_SECONDS)
    candidate = (
        (columns.string > tuning.strings // 2 - (tuning.strings <= BASS_STRINGS))
        & (share <= MUTED_SHARE)
        & (columns.duration <= MUTED_SECONDS)
        & (step <= MUTED_STEP_SECONDS)
    )
    run = _run_lengths(_all_of_chord(columns, candidate), columns.chord)
    cues = (share, np.log2(np.maximum(columns.duration, 1e-3)), np.minimum(run, 16) / 16, _repeats(columns))
    return candidate & (run >= SHORTEST_RUN_CHORDS), np.stack(cues, axis=1)


def _repeats(columns: NoteColumns) -> FloatColumn:
    """1 where the lowest note of a row's chord is that of the chord before or after: chugging."""
    lowest = columns.pitch[np.searchsorted(columns.chord, np.arange(columns.chord[-1] + 1))]
    same = np.concatenate([[False], lowest[1:] == lowest[:-1], [False]])
    repeats: FloatColumn = (same[1:] | same[:-1]).astype(np.float64)
    return repeats[columns.chord]


def _all_of_chord(columns: NoteColumns, candidate: NDArray[np.bool_]) -> IntColumn:
    """Per chord, 1 when every note in it is a candidate."""
    failing = np.bincount(columns.chord, weights=~candidate)
    passing: IntColumn = (failing == 0).astype(np.int64)
    return passing


def _next_on_string(columns: NoteColumns) -> FloatColumn:
    """Onset of the next note on the same string; ``inf`` for the last."""
    following = np.full(len(columns.onset), np.inf)
    has_previous = columns.previous != NO_PLACE
    following[columns.previous[has_previous]] = columns.onset[has_previous]
    return following


def _share_nearby(columns: NoteColumns, candidate: NDArray[np.bool_]) -> FloatColumn:
    """Share of the chords around each note, its own included, that hold a candidate."""
    some = (np.bincount(columns.chord, weights=candidate) > 0).astype(np.float64)
    width = 2 * NEARBY_CHORDS + 1
    counted = np.convolve(np.pad(some, NEARBY_CHORDS, mode="edge"), np.ones(width), "valid")
    share: FloatColumn = counted[columns.chord] / width
    return share


def _run_lengths(chord_flags: IntColumn, chord: IntColumn) -> IntColumn:
    """Per row, how many flagged chords follow each other around it (0 when its own is not flagged)."""
    breaks = np.cumsum(chord_flags == 0)
    sizes = np.bincount(breaks, weights=chord_flags).astype(np.int64)
    per_chord = np.where(chord_flags == 1, sizes[breaks], 0)
    return per_chord[chord]


def let_ring_confidence(columns: NoteColumns) -> FloatColumn:
    """Confidence per row: a note of an arpeggio that sounds on into later onsets on other strings."""
    rings_into = np.searchsorted(columns.onset, columns.end - 0.06)
    later = columns.chord[np.maximum(rings_into - 1, 0)] - columns.chord
    written = np.maximum(columns.written_seconds, 0.05)
    beyond = columns.duration / written
    step = columns.next_onset - columns.onset
    candidate = (
        (later >= RINGING_CHORDS)
        & (columns.string != NO_PLACE)
        & (columns.chord_size <= LARGEST_ARPEGGIO_CHORD)
        & (columns.end <= _next_on_string(columns) + LATE_END_SECONDS)
        & (step <= ARPEGGIO_STEP_SECONDS)
    )
    score = 0.9 * (later - 2.5) + 3.0 * (np.minimum(beyond, 2.0) - 1.2)
    ringing = candidate & (_share_nearby(columns, candidate) >= RINGING_SHARE)
    return np.where(ringing, 1.0 / (1.0 + np.exp(-score)), 0.0)


def dead_note_confidence(columns: NoteColumns) -> FloatColumn:
    """Confidence per row, 0.75 at most: a very short and doubtful note, surer in a strum of such notes."""
    dead = (columns.duration <= DEAD_SECONDS) & (columns.confidence <= DEAD_CONFIDENCE)
    share_of_chord = np.bincount(columns.chord, weights=dead)[columns.chord] / columns.chord_size
    strummed = (columns.chord_size >= 3) & (share_of_chord == 1.0)
    return np.where(dead & (share_of_chord == 1.0), np.where(strummed, 0.75, 0.5), 0.0)


def harmonic_confidence(columns: NoteColumns) -> FloatColumn:
    """Confidence per row, 0.7 at most: ringing notes on one harmonic node across three strings or more.

    A barré held at the 12th fret sounds the same, so a run must ring together and be played one by one.
    """
    node = np.isin(columns.fret, HARMONIC_FRETS) & (columns.duration >= HARMONIC_SECONDS)
    confidence = np.zeros(len(node))
    for start, stop in _harmonic_runs(columns, node):
        if len(np.unique(columns.string[start:stop])) >= SHORTEST_HARMONIC_RUN:
            confidence[start:stop] = 0.7
    return confidence


def _harmonic_runs(columns: NoteColumns, node: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Row ranges of neighbouring notes on the same node, each one sounding into the next."""
    joined = (
        node[1:]
        & node[:-1]
        & (columns.fret[1:] == columns.fret[:-1])
        & (columns.onset[1:] < columns.end[:-1])
        & (columns.chord[1:] != columns.chord[:-1])
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[False], joined, [False]]).astype(np.int8)))
    return [(int(a), int(b) + 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
